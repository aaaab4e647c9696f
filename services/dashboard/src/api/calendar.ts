/** The organisation's calendar, and feeds of it for calendar programs. */
import { client, idempotencyKey, read } from "./client";
import type { Page } from "./types";

export interface Entry {
  id: string;
  type: "event" | "entry";
  event_id: string | null;
  title: string;
  starts_at: string;
  ends_at: string;
  timezone: string;
  notes: string;
  location: string;
  status: string;
}

export interface Feed {
  id: string;
  kind: "organization" | "personal";
  org_id: string | null;
  label: string;
  created_at: string;
}

export interface NewFeed extends Feed {
  url: string;
  webcal_url: string;
}

export interface EntryInput {
  org_id: string;
  title: string;
  starts_at: string;
  ends_at: string;
  timezone: string;
  notes: string;
}

export const listEntries = (org_id: string, cursor: string | null): Promise<Page<Entry>> => read(client.GET("/api/calendar/entries", { params: { query: { org_id, limit: 50, ...(cursor === null ? {} : { cursor }) } } }));
export const createEntry = (body: EntryInput): Promise<Entry> => read(client.POST("/api/calendar/entries", { params: { header: idempotencyKey() }, body }));
export const deleteEntry = (entry_id: string): Promise<unknown> => read(client.DELETE("/api/calendar/entries/{entry_id}", { params: { path: { entry_id } } }));

export const listFeeds = (): Promise<Page<Feed>> => read(client.GET("/api/calendar/feeds", { params: { query: { limit: 100 } } }));
export const createFeed = (body: { kind: Feed["kind"]; org_id?: string; label: string }): Promise<NewFeed> => read(client.POST("/api/calendar/feeds", { params: { header: idempotencyKey() }, body }));
export const revokeFeed = (feed_id: string): Promise<unknown> => read(client.DELETE("/api/calendar/feeds/{feed_id}", { params: { path: { feed_id } } }));
