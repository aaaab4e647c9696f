/** Calls that Muster makes to other systems when something happens. */
import { client, idempotencyKey, read } from "./client";
import type { components } from "./generated/events";
import type { Page } from "./types";

export type WebhookType = components["schemas"]["WebhookType"];
// A type the service gets and this page does not know of stops the type check.
const OFFERED: Record<WebhookType, true> = {
  "event.created": true,
  "event.updated": true,
  "event.published": true,
  "event.cancelled": true,
  "event.completed": true,
  "registration.created": true,
  "registration.promoted": true,
  "registration.cancelled": true,
  "check_in.created": true,
  "check_in.undone": true,
  "crew.confirmed": true,
  "crew.declined": true,
};
export const WEBHOOK_TYPES = Object.keys(OFFERED) as WebhookType[];

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
