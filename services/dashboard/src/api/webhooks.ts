/** Calls that Muster makes to other systems when something happens. */
import { client, idempotencyKey, read } from "./client";
import type { Page } from "./types";

export const WEBHOOK_TYPES = [
  "event.created",
  "event.updated",
  "event.published",
  "event.cancelled",
  "event.completed",
  "registration.created",
  "registration.promoted",
  "registration.cancelled",
  "check_in.created",
  "check_in.undone",
  "crew.confirmed",
  "crew.declined",
] as const;
export type WebhookType = (typeof WEBHOOK_TYPES)[number];

export interface Webhook {
  id: string;
  url: string;
  types: string[];
  description: string;
  disabled_at: string | null;
  disabled_reason: string | null;
  created_at: string;
}

export interface WebhookDelivery {
  id: string;
  type: string;
  status: "pending" | "delivered" | "failed";
  created_at: string;
  next_attempt_at: string | null;
  attempts: { at: string; milliseconds: number; status: number | null; error: string | null }[];
}

export const listWebhooks = (org_id: string): Promise<Page<Webhook>> => read(client.GET("/api/events/webhooks", { params: { query: { org_id, limit: 100 } } }));
export const createWebhook = (body: { org_id: string; url: string; types: WebhookType[]; description: string }): Promise<Webhook & { secret: string }> => read(client.POST("/api/events/webhooks", { params: { header: idempotencyKey() }, body }));
export const deleteWebhook = (webhook_id: string): Promise<unknown> => read(client.DELETE("/api/events/webhooks/{webhook_id}", { params: { path: { webhook_id } } }));

export const listWebhookDeliveries = (webhook_id: string): Promise<Page<WebhookDelivery>> => read(client.GET("/api/events/webhooks/{webhook_id}/deliveries", { params: { path: { webhook_id }, query: { limit: 30 } } }));
export const replay = (webhook_id: string, delivery_id: string): Promise<unknown> =>
  read(client.POST("/api/events/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", { params: { path: { webhook_id, delivery_id }, header: idempotencyKey() } }));
