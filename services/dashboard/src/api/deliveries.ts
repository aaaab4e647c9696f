/** Mails on their way, and the trace of each. */
import { client, read } from "./client";
import type { Delivery, Page } from "./types";

export interface TraceStep {
  at: string;
  step: string;
  detail: string | null;
}

export interface DeliveryTrace extends Delivery {
  trace: TraceStep[];
}

export interface DeliveryQuery {
  org_id?: string;
  event_id?: string;
  assignment_id?: string;
  recipient?: string;
  status?: string;
  cursor?: string;
}

export const listDeliveries = (query: DeliveryQuery): Promise<Page<Delivery>> => read(client.GET("/api/notifications", { params: { query: { limit: 50, ...query } } }));
export const getTrace = (delivery_id: string): Promise<DeliveryTrace> => read(client.GET("/api/notifications/{delivery_id}", { params: { path: { delivery_id } } }));
export const resend = (delivery_id: string): Promise<unknown> => read(client.POST("/api/notifications/{delivery_id}/resend", { params: { path: { delivery_id } } }));
