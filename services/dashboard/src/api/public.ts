/** Public events and registrations. */
import { client, idempotencyKey, read } from "./client";
import type { Page, PublicEvent } from "./types";

export interface Ticket {
  code: string;
  qr_svg_url: string;
  url?: string;
}

export interface RegistrationView {
  id: string;
  status: "confirmed" | "waitlisted" | "cancelled";
  position: number | null;
  ticket: Ticket | null;
}

/** A registration together with what it is for. */
export interface HeldRegistration extends RegistrationView {
  name: string;
  email: string;
  event: PublicEvent;
}

export interface Attendee {
  id: string;
  name: string;
  email: string;
  status: "confirmed" | "waitlisted" | "cancelled";
  checked_in_at: string | null;
  created_at: string;
}

export interface Search {
  q?: string;
  category?: string;
  venue_type?: string;
  from?: string;
  to?: string;
  timezone?: string;
  cursor?: string;
}

export type Answers = Record<string, string | boolean>;

const one = (event_id: string): { path: { event_id: string } } => ({ path: { event_id } });

export const searchEvents = (query: Search): Promise<Page<PublicEvent>> => read(client.GET("/api/events", { params: { query: { limit: 24, ...query } } }));
export const getPublicEvent = (event_id: string): Promise<PublicEvent> => read(client.GET("/api/events/{event_id}", { params: one(event_id) }));

export const registerFor = (event_id: string, body: { name?: string; email?: string; answers?: Answers }): Promise<RegistrationView> =>
  read(client.POST("/api/events/{event_id}/registrations", { params: { ...one(event_id), header: idempotencyKey() }, body }));
/** One's own registration for an event, if there is one. Read from the list, where having none is no error. */
export async function myRegistration(event_id: string): Promise<HeldRegistration | null> {
  let cursor: string | null = null;
  do {
    const page: Page<HeldRegistration> = await listRegistered(cursor);
    const found = page.items.find((held) => held.event.id === event_id && held.status !== "cancelled");
    if (found !== undefined) return found;
    cursor = page.next_cursor;
  } while (cursor !== null);
  return null;
}
export const cancelMine = (event_id: string): Promise<unknown> => read(client.DELETE("/api/events/{event_id}/registrations/me", { params: one(event_id) }));
export const listRegistered = (cursor: string | null): Promise<Page<HeldRegistration>> => read(client.GET("/api/events/registered", { params: { query: { limit: 50, ...(cursor === null ? {} : { cursor }) } } }));

export const heldByLink = (token: string): Promise<HeldRegistration> => read(client.GET("/api/events/registrations/{token}", { params: { path: { token } } }));
export const cancelByLink = (token: string): Promise<unknown> => read(client.DELETE("/api/events/registrations/{token}", { params: { path: { token } } }));

export const listAttendees = (event_id: string, cursor: string | null): Promise<Page<Attendee>> =>
  read(client.GET("/api/events/{event_id}/registrations", { params: { ...one(event_id), query: { limit: 100, ...(cursor === null ? {} : { cursor }) } } }));
