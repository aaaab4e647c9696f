/** Public events and registrations. */
import { authorisedFetch, client, idempotencyKey, read } from "./client";
import { problemOf } from "./problem";
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
  queue_number: number;
  answers: Answers;
  ticket_code: string;
  checked_in_at: string | null;
  checked_in_by: string | null;
}

export interface Search {
  q?: string;
  category?: string;
  venue_type?: "in_person" | "online";
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

const registration = (event_id: string, registration_id: string): { path: { event_id: string; registration_id: string } } => ({ path: { event_id, registration_id } });
export const cancelAttendee = (event_id: string, registration_id: string): Promise<unknown> => read(client.DELETE("/api/events/{event_id}/registrations/{registration_id}", { params: registration(event_id, registration_id) }));
export const resendTicket = (event_id: string, registration_id: string): Promise<unknown> =>
  read(client.POST("/api/events/{event_id}/registrations/{registration_id}/resend", { params: registration(event_id, registration_id) }));

/** All attendees as a table for a spreadsheet. */
export async function attendeesTable(event_id: string): Promise<Blob> {
  const address = new URL(`/api/events/${encodeURIComponent(event_id)}/registrations`, location.origin);
  const response = await authorisedFetch(new Request(address, { headers: { Accept: "text/csv" } }));
  if (!response.ok) throw problemOf(response, await response.json().catch(() => null));
  return response.blob();
}
