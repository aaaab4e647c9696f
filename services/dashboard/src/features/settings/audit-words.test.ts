import { expect, test } from "vitest";
import type { AuditEntry } from "../../api/types";
import { detailOf, eventOf, wordsOf } from "./audit-words";

const entry = (given: Partial<AuditEntry>): AuditEntry => ({
  id: "1",
  occurred_at: "2026-06-01T00:00:00Z",
  service: "events",
  actor_kind: "user",
  actor_name: "Ada",
  action: "event.edited",
  target_kind: "event",
  target_id: "e1",
  changes: {},
  request_id: null,
  ...given,
});

test("an action is said in words, one not known yet by its name", () => {
  expect(wordsOf("crew_member.removed")).toBe("took somebody off the roster");
  expect(wordsOf("gadget.turned_on")).toBe("gadget turned on");
});

test("the detail names fields, roles and numbers, and no id", () => {
  expect(detailOf(entry({ changes: { fields: ["starts_at", "venue"] } }))).toBe("Starts at, Venue");
  expect(detailOf(entry({ changes: { role: { from: "manager", to: "owner" } } }))).toBe("Manager to owner");
  expect(detailOf(entry({ changes: { created: 3, updated: 0 } }))).toBe("3 added · 0 updated");
  expect(detailOf(entry({ changes: { name: "Booking site", scopes: ["events:read"] } }))).toBe("Booking site · Events:read");
  expect(detailOf(entry({ changes: { event_id: "e1", crew_member_id: "c1" } }))).toBe("");
});

test("an entry leads to its event while there is one", () => {
  expect(eventOf(entry({}))).toBe("e1");
  expect(eventOf(entry({ target_kind: "photo", target_id: "p1", changes: { event_id: "e2" } }))).toBe("e2");
  expect(eventOf(entry({ action: "event.deleted" }))).toBeNull();
  expect(eventOf(entry({ target_kind: "webhook", target_id: "w1" }))).toBeNull();
});
