/** Events as their organisation sees them. */
import { client, read } from "./client";
import { authorisedFetch } from "./client";
import { problemOf } from "./problem";
import type { EventView, Page } from "./types";

export interface MineQuery {
  org_id?: string;
  from?: string;
  to?: string;
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
