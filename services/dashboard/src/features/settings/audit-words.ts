/** What the audit log's entries say to a person. */
import type { AuditEntry } from "../../api/types";
import { readable } from "../deliveries/trace";

/** What somebody did, after their name. One for each action of `muster_shared.auth.audit`; a test compares them. */
export const WORDS: Readonly<Record<string, string>> = {
  "organization.created": "made the organisation",
  "organization.changed": "changed the organisation's settings",
  "organization.deleted": "deleted the organisation",
  "organization.ownership_transferred": "handed the organisation over",
  "member.joined": "joined",
  "member.left": "left",
  "member.removed": "removed a member",
  "member.role_changed": "changed a member's role",
  "invitation.created": "invited somebody",
  "invitation.revoked": "withdrew an invitation",
  "service_key.created": "made a service key",
  "service_key.revoked": "revoked a service key",
  "event.created": "made an event",
  "event.edited": "edited an event",
  "event.published": "published an event",
  "event.cancelled": "cancelled an event",
  "event.completed": "completed an event",
  "event.deleted": "deleted a draft",
  "event.duplicated": "made a copy of an event",
  "event.finance_set": "set an event's figures",
  "event.shot_list_set": "set which photos a job needs",
  "event.attendees_exported": "exported an event's attendees",
  "crew_member.added": "put somebody on the roster",
  "crew_member.edited": "changed somebody on the roster",
  "crew_member.removed": "took somebody off the roster",
  "roster.imported": "imported a table into the roster",
  "roster.exported": "exported the roster",
  "assignment.created": "assigned somebody to an event",
  "assignment.reassigned": "gave a place in a crew to somebody else",
  "assignment.role_changed": "changed a role in a crew",
  "assignment.rank_changed": "changed a standby's rank",
  "assignment.confirmed": "confirmed on a crew member's behalf",
  "assignment.declined": "declined on a crew member's behalf",
  "assignment.no_show": "recorded a no-show",
  "assignment.hours_recorded": "recorded hours worked",
  "assignment.reminded": "sent a crew member a reminder",
  "assignment.removed": "took somebody off an event",
  "registration.added": "put somebody on an event's list",
  "registration.cancelled": "cancelled an attendee's registration",
  "registration.resent": "sent an attendee's mail again",
  "check_in.undone": "took a check-in back",
  "staff_link.created": "made a link for the door",
  "staff_link.revoked": "ended a link for the door",
  "calendar_entry.created": "put an entry into the calendar",
  "calendar_entry.deleted": "took an entry out of the calendar",
  "calendar_feed.created": "made a calendar feed",
  "calendar_feed.revoked": "ended a calendar feed",
  "webhook.created": "made a webhook",
  "webhook.deleted": "deleted a webhook",
  "webhook.replayed": "had a webhook told again",
  "photo.approved": "approved a photo",
  "photo.captioned": "changed a photo's caption",
  "photo.hidden": "hid a photo",
  "photo.shown": "let a photo be seen again",
  "photo.deleted": "deleted a photo",
  "album.requested": "had an album built",
  "delivery.resent": "sent a mail again",
  "suppression.lifted": "let an address have mail again",
};

export const wordsOf = (action: string): string => WORDS[action] ?? readable(action).toLowerCase();

/** What changed, as far as that says something: fields, roles, scopes, kinds, numbers; no ids. */
export function detailOf({ changes }: Pick<AuditEntry, "changes">): string {
  const { fields, role, name, scopes, types, created, updated, evidence } = changes;
  return [
    typeof name === "string" ? name : "",
    listed(fields),
    roleText(role),
    listed(scopes),
    listed(types),
    typeof created === "number" ? `${created} added` : "",
    typeof updated === "number" ? `${updated} updated` : "",
    evidence === true ? "Evidence" : "",
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

/** The event it was about, for a link to it. */
export function eventOf(entry: AuditEntry): string | null {
  const named = entry.changes.event_id;
  if (typeof named === "string") return named;
  const isOfEvent = (entry.target_kind === "event" && entry.action !== "event.deleted") || entry.target_kind === "album";
  return isOfEvent ? entry.target_id : null;
}

const listed = (given: unknown): string => (Array.isArray(given) ? given.map((each) => readable(String(each))).join(", ") : "");

function roleText(role: unknown): string {
  if (typeof role === "string") return readable(role);
  if (typeof role !== "object" || role === null || !("from" in role) || !("to" in role)) return "";
  return `${readable(String(role.from))} to ${String(role.to)}`;
}
