/** What the screens expect of the services' answers; the generated types must be assignable to these. */

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface Me {
  id: string;
  name: string;
  email: string;
  totp_enabled: boolean;
}

export type Role = "owner" | "manager";

export interface Organisation {
  id: string;
  name: string;
  slug: string;
  role: Role;
  settings: { [Name in keyof OrganisationSettings]?: string | number | boolean };
}

/** Null is what Muster does by itself. */
export interface OrganisationSettings {
  remind_after_hours: number | null;
  alert_after_hours: number | null;
  standby_after_hours: number | null;
  reminder_before_hours: number | null;
  quiet_from: string | null;
  quiet_to: string | null;
  quiet_timezone: string | null;
  reply_to: string | null;
  moderate_photos: boolean | null;
}

export interface Member {
  user_id: string;
  name: string;
  email: string;
  role: Role;
  totp_enabled: boolean;
  joined_at: string;
}

export interface Invitation {
  id: string;
  email: string;
  role: Role;
  expires_at: string;
}

export interface AuditEntry {
  id: string;
  occurred_at: string;
  service: string;
  actor_kind: string;
  actor_name: string;
  action: string;
  target_kind: string;
  target_id: string | null;
  changes: { [name: string]: unknown };
  request_id: string | null;
}

export type EventKind = "charter" | "job" | "meetup";
export type EventStatus = "draft" | "published" | "cancelled" | "completed";

export interface Venue {
  type: "in_person" | "online";
  name: string;
  address: string;
  url: string | null;
}

export interface Question {
  id: string;
  label: string;
  type: "text" | "choice" | "boolean";
  required: boolean;
  options: string[];
}

export type AssignmentStatus = "invited" | "confirmed" | "declined" | "standby" | "removed" | "no_show";
export type DeliveryStatus = "queued" | "sending" | "sent" | "delivered" | "bounced" | "complained" | "suppressed" | "failed";

export interface Clash {
  event_id: string;
  title: string;
  starts_at: string;
  ends_at: string;
}

export interface Assignment {
  id: string;
  crew_member: { id: string; name: string };
  role: string;
  status: AssignmentStatus;
  standby_rank: number | null;
  delivery: string | null;
  responded_at: string | null;
  decline_reason: string | null;
  field_status: string | null;
  worked_minutes: number | null;
  clashes: Clash[];
}

export interface GuestPage {
  code: string;
  slug: string | null;
  url: string;
  qr_svg_url: string;
  enabled: boolean;
}

export interface PhotoPolicy {
  open_before_hours: number | null;
  close_after_hours: number;
  reveal_at: string | null;
  moderated: boolean;
  guest_quota: number;
}

/** What anybody may see of a public event. */
export interface PublicEvent {
  id: string;
  org_id: string;
  organizer?: { name: string; slug: string } | null;
  kind: EventKind;
  status: EventStatus;
  title: string;
  description: string;
  category: string | null;
  visibility: "public" | "unlisted" | "private";
  /** Each a Question; the services describe them no further. */
  questions: { [name: string]: unknown }[];
  starts_at: string;
  ends_at: string;
  timezone: string;
  venue: Venue;
  capacity: number | null;
  registered_count: number;
  waitlisted_count: number;
  banner_url: string | null;
}

/** An event as its owner or manager sees it. */
export interface EventView extends PublicEvent {
  booking_ref: string | null;
  crew_notes: string;
  guest_page: GuestPage;
  photo_policy: PhotoPolicy;
  crew: Assignment[];
  cancel_reason: string | null;
  version: number;
  created_at: string;
  updated_at: string;
}

export interface Finance {
  currency: string;
  revenue: number;
  fees: { name: string; amount: number }[];
  captain_fee: number;
  net: number;
  internal_memo: string;
}

export type PhotoStatus = "pending" | "processing" | "ready" | "rejected" | "hidden";

export interface Photo {
  id: string;
  status: string;
  reason: string | null;
  hidden_reason: string | null;
  name: string;
  purpose: string;
  width: number | null;
  height: number | null;
  size: number | null;
  uploaded_by: { type: string; name: string | null };
  created_at: string;
  thumbnail_url: string | null;
  url: string | null;
  urls_expire_at: string | null;
}

export interface CrewMember {
  id: string;
  name: string;
  /** Null once they were removed for good. */
  email: string | null;
  phone: string;
  skills: string[];
  notes: string;
}

export type Scope =
  | "events:read"
  | "events:write"
  | "finance:read"
  | "finance:write"
  | "crew:read"
  | "crew:write"
  | "calendar:write"
  | "media:read"
  | "media:write"
  | "notifications:read";

export interface ServiceKey {
  id: string;
  name: string;
  scopes: string[];
  status: "live" | "expired" | "revoked";
  expires_at: string;
  last_used_at: string | null;
  created_at: string;
}

export interface Delivery {
  id: string;
  template: string;
  recipient: string;
  recipient_name: string;
  status: DeliveryStatus;
  reason: string | null;
  event_id: string | null;
  assignment_id: string | null;
  created_at: string;
  sent_at: string | null;
  delivered_at: string | null;
  opened_by_machine_at: string | null;
  acted_at: string | null;
}
