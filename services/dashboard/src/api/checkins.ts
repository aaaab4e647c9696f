/** Letting people in, and the links by which helpers at the door do it. */
import { client, idempotencyKey, read } from "./client";
import type { Page } from "./types";

export interface StaffLink {
  id: string;
  label: string;
  expires_at: string;
  created_at: string;
  revoked_at: string | null;
}

export interface NewStaffLink extends StaffLink {
  url: string;
  /** An image's address holding the drawing itself. */
  qr_svg: string;
}

export interface CheckIn {
  registration_id: string;
  name: string;
  checked_in_at: string;
  checked_in_by: string;
}

const one = (event_id: string): { path: { event_id: string } } => ({ path: { event_id } });

export const checkIn = (event_id: string, code: string): Promise<CheckIn> => read(client.POST("/api/events/{event_id}/check-ins", { params: { ...one(event_id), header: idempotencyKey() }, body: { code } }));
export const undoCheckIn = (event_id: string, registration_id: string): Promise<unknown> => read(client.DELETE("/api/events/{event_id}/check-ins/{registration_id}", { params: { path: { event_id, registration_id } } }));

export const listStaffLinks = (event_id: string): Promise<Page<StaffLink>> => read(client.GET("/api/events/{event_id}/staff-links", { params: one(event_id) }));
export const createStaffLink = (event_id: string, label: string): Promise<NewStaffLink> => read(client.POST("/api/events/{event_id}/staff-links", { params: { ...one(event_id), header: idempotencyKey() }, body: { label } }));
export const revokeStaffLink = (event_id: string, link_id: string): Promise<unknown> => read(client.DELETE("/api/events/{event_id}/staff-links/{link_id}", { params: { path: { event_id, link_id } } }));
