import { expect, test } from "vitest";
import type { EventView } from "../../api/types";
import { changesOf, crewOf, draftErrors, draftOf, financeOf, newDraft } from "./draft";

const event = {
  kind: "charter",
  title: "Sunset",
  starts_at: "2026-07-18T15:00:00Z",
  ends_at: "2026-07-18T18:00:00Z",
  timezone: "Europe/Athens",
  venue: { type: "in_person", name: "Pier 4", address: "", url: null },
  description: "",
  category: null,
  visibility: "public",
  capacity: 12,
  booking_ref: null,
  questions: [],
  crew_notes: "",
  guest_page: { code: "K7", slug: null, url: "", qr_svg_url: "", enabled: false },
  photo_policy: { open_before_hours: null, close_after_hours: 336, reveal_at: null, moderated: false, guest_quota: 500 },
} as unknown as EventView;

test("an event opened and saved untouched changes nothing", () => {
  expect(changesOf(draftOf(event), event)).toEqual({});
});

test("only what was changed is sent, in the event's own zone", () => {
  expect(changesOf({ ...draftOf(event), starts: "2026-07-18T17:30" }, event)).toEqual({ starts_at: "2026-07-18T17:30:00+03:00" });
  expect(changesOf({ ...draftOf(event), slug: "sunset" }, event)).toEqual({ guest_page: { slug: "sunset", enabled: false } });
});

test("a draft is told what is wrong with it before it is sent", () => {
  const good = { ...newDraft(), title: "Sunset", timezone: "Europe/Berlin", starts: "2026-03-28T10:00", ends: "2026-03-28T12:00" };
  expect(draftErrors(good)).toEqual({});
  expect(draftErrors({ ...good, title: "  " })).toHaveProperty("title");
  expect(draftErrors({ ...good, ends: "2026-03-28T10:00" })).toHaveProperty("ends");
  expect(draftErrors({ ...good, starts: "2026-03-29T02:30", ends: "2026-03-29T05:00" }).starts).toContain("skip");
  expect(draftErrors({ ...good, capacity: "a few" })).toHaveProperty("capacity");
  expect(draftErrors({ ...good, revenue: "12.345" })).toHaveProperty("revenue");
  expect(draftErrors({ ...good, revenue: "-5" })).toHaveProperty("revenue");
  expect(draftErrors({ ...good, fees: [{ name: "", amount: "5" }] })).toHaveProperty("fees");
});

test("money goes out in minor units, and not at all when none was filled in", () => {
  expect(financeOf(newDraft())).toBeNull();
  expect(financeOf({ currency: "EUR", revenue: "1,250.50", captainFee: "", fees: [{ name: " Fuel ", amount: "80" }], memo: "" })).toEqual({
    currency: "EUR",
    revenue: 125_050,
    captain_fee: 0,
    fees: [{ name: "Fuel", amount: 8000 }],
    internal_memo: "",
  });
});

test("standbys are ranked in the order they were picked", () => {
  const pick = (memberId: string, standby: boolean): { memberId: string; role: string; standby: boolean } => ({ memberId, role: "", standby });
  expect(crewOf([pick("a", false), pick("b", true), pick("c", true)])).toEqual([
    { crew_member_id: "a", role: "Crew" },
    { crew_member_id: "b", role: "Crew", standby_rank: 1 },
    { crew_member_id: "c", role: "Crew", standby_rank: 2 },
  ]);
});
