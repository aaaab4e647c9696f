/** Mails on their way, and the trace of each. */
import { client, idempotencyKey, read } from "./client";
import type { Delivery, DeliveryStatus, Page } from "./types";

export interface TraceStep {
  at: string;
  kind: string;
  detail?: { [name: string]: unknown };
}

export interface DeliveryTrace extends Delivery {
  attempts: number;
  can_resend: boolean;
  trace: TraceStep[];
}

export interface DeliveryQuery {
  org_id?: string;
  event_id?: string;
  assignment_id?: string;
  recipient?: string;
  status?: DeliveryStatus;
  cursor?: string;
}

export const listDeliveries = (query: DeliveryQuery): Promise<Page<Delivery>> => read(client.GET("/api/notifications", { params: { query: { limit: 50, ...query } } }));
export const getTrace = (delivery_id: string): Promise<DeliveryTrace> => read(client.GET("/api/notifications/{delivery_id}", { params: { path: { delivery_id } } }));
export const resend = (delivery_id: string): Promise<unknown> => read(client.POST("/api/notifications/{delivery_id}/resend", { params: { path: { delivery_id }, header: idempotencyKey() } }));
