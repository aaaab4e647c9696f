/** Events as their organisation sees them. */
import { client, idempotencyKey, read } from "./client";
import { authorisedFetch } from "./client";
import { problemOf } from "./problem";
import type { EventKind, EventView, Finance, Page, Question } from "./types";

export interface MineQuery {
  org_id?: string;
  from?: string;
  to?: string;
  order?: "soonest" | "latest";
  cursor?: string;
}

export function listMine(query: MineQuery): Promise<Page<EventView>> {
  return read(client.GET("/api/events/mine", { params: { query: { limit: 50, ...query } } }));
}

/** Copies of polled answers with the ETag they came with. */
const kept = new Map<string, { etag: string; body: unknown }>();

/** A read that is asked again and again: unchanged costs the service a 304 and gives back the same object. */
export async function poll<T>(path: string): Promise<T> {
  const before = kept.get(path);
  const headers: Record<string, string> = before === undefined ? {} : { "If-None-Match": before.etag };
  const response = await authorisedFetch(new Request(new URL(path, location.origin), { headers, cache: "no-store" }));
  if (response.status === 304 && before !== undefined) return before.body as T;
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemOf(response, body);
  const etag = response.headers.get("ETag");
  if (etag !== null) kept.set(path, { etag, body });
  return body as T;
}

export function getEvent(id: string): Promise<EventView> {
  return poll(`/api/events/${encodeURIComponent(id)}`);
}

export interface FinanceInput {
  currency: string;
  revenue: number;
  fees: { name: string; amount: number }[];
  captain_fee: number;
  internal_memo: string;
}

export interface EventInput {
  org_id?: string;
  kind: EventKind;
  title: string;
  starts_at: string;
  ends_at: string;
  timezone: string;
  description: string;
  category: string | null;
  visibility: EventView["visibility"];
  venue: { type: "in_person" | "online"; name: string; address: string; url: string | null };
  capacity: number | null;
  booking_ref: string | null;
  crew_notes: string;
  guest_page: { slug: string | null; enabled: boolean };
  photo_policy: { moderated: boolean; reveal_at: string | null };
  questions: Question[];
  crew?: { crew_member_id: string; role: string; standby_rank?: number }[];
  finance?: FinanceInput;
  publish?: boolean;
}

export const createEvent = (body: EventInput, key: string): Promise<EventView> => read(client.POST("/api/events", { body, params: { header: { "Idempotency-Key": key } } }));

/** A series of events, made at once; the first one is given back. */
export async function createSeries(body: EventInput & { rrule: string }, key: string): Promise<{ first: EventView; count: number }> {
  const { items } = await read<{ items: EventView[] }>(client.POST("/api/events/series", { body, params: { header: { "Idempotency-Key": key } } }));
  const [first] = items;
  if (first === undefined) throw new TypeError("a series without events");
  return { first, count: items.length };
}

export const changeEvent = (event_id: string, version: number, body: Partial<EventInput>): Promise<EventView> =>
  read(client.PATCH("/api/events/{event_id}", { params: { path: { event_id } }, headers: { "If-Match": `"v${version}"` }, body }));

export const deleteEvent = (event_id: string): Promise<unknown> => read(client.DELETE("/api/events/{event_id}", { params: { path: { event_id } } }));
export const publishEvent = (event_id: string): Promise<EventView> => read(client.POST("/api/events/{event_id}/publish", { params: { path: { event_id } } }));
export const completeEvent = (event_id: string): Promise<EventView> => read(client.POST("/api/events/{event_id}/complete", { params: { path: { event_id } } }));
export const cancelEvent = (event_id: string, reason: string): Promise<EventView> => read(client.POST("/api/events/{event_id}/cancel", { params: { path: { event_id } }, body: { reason } }));
export const duplicateEvent = (event_id: string, starts_at: string): Promise<EventView> =>
  read(client.POST("/api/events/{event_id}/duplicate", { params: { path: { event_id }, header: idempotencyKey() }, body: { starts_at } }));

export const getFinance = (event_id: string): Promise<Finance> => read(client.GET("/api/events/{event_id}/finance", { params: { path: { event_id } } }));
export const putFinance = (event_id: string, body: FinanceInput): Promise<Finance> => read(client.PUT("/api/events/{event_id}/finance", { params: { path: { event_id } }, body }));

export interface LogEntry {
  id: string;
  actor: string;
  actor_name: string;
  action: string;
  changed: string[];
  at: string;
}

export const listLog = (event_id: string, cursor: string | null): Promise<Page<LogEntry>> =>
  read(client.GET("/api/events/{event_id}/log", { params: { path: { event_id }, query: { limit: 20, ...(cursor === null ? {} : { cursor }) } } }));
