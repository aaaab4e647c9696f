/** What the form of an event holds, and how it becomes what the service takes. */
import type { EventInput, FinanceInput } from "../../api/events";
import type { EventKind, EventView, Question } from "../../api/types";
import { parseMoney } from "../../lib/money";
import { instantToZoned, ownZone, zonedToInstant } from "../../lib/time";

export interface CrewPick {
  memberId: string;
  role: string;
  standby: boolean;
}

export interface Draft {
  kind: EventKind;
  title: string;
  starts: string;
  ends: string;
  timezone: string;
  venueType: "in_person" | "online";
  venueName: string;
  address: string;
  url: string;
  description: string;
  category: string;
  visibility: "public" | "unlisted" | "private";
  capacity: string;
  bookingRef: string;
  crewNotes: string;
  slug: string;
  moderated: boolean;
  guestPage: boolean;
  /** Wall clock time in the event's zone; empty when the gallery is open from the start. */
  reveal: string;
  questions: Question[];
  repeat: "never" | "daily" | "weekly" | "fortnightly" | "monthly";
  times: string;
  crew: CrewPick[];
  currency: string;
  revenue: string;
  captainFee: string;
  fees: { name: string; amount: string }[];
  memo: string;
}

/** The first Saturday noon or so ahead: something sensible to change. */
export function newDraft(now: Date = new Date()): Draft {
  const day = new Date(now.getTime() + 7 * 86_400_000).toISOString().slice(0, 10);
  return {
    kind: "charter",
    title: "",
    starts: `${day}T10:00`,
    ends: `${day}T13:00`,
    timezone: ownZone(),
    venueType: "in_person",
    venueName: "",
    address: "",
    url: "",
    description: "",
    category: "",
    visibility: "private",
    capacity: "",
    bookingRef: "",
    crewNotes: "",
    slug: "",
    moderated: false,
    guestPage: true,
    reveal: "",
    questions: [],
    repeat: "never",
    times: "6",
    crew: [],
    currency: "EUR",
    revenue: "",
    captainFee: "",
    fees: [],
    memo: "",
  };
}

export function draftOf(event: EventView): Draft {
  return {
    ...newDraft(),
    kind: event.kind,
    title: event.title,
    starts: instantToZoned(event.starts_at, event.timezone),
    ends: instantToZoned(event.ends_at, event.timezone),
    timezone: event.timezone,
    venueType: event.venue.type,
    venueName: event.venue.name,
    address: event.venue.address,
    url: event.venue.url ?? "",
    description: event.description,
    category: event.category ?? "",
    visibility: event.visibility,
    capacity: event.capacity === null ? "" : String(event.capacity),
    bookingRef: event.booking_ref ?? "",
    crewNotes: event.crew_notes,
    slug: event.guest_page.slug ?? "",
    moderated: event.photo_policy.moderated,
    guestPage: event.guest_page.enabled,
    reveal: event.photo_policy.reveal_at === null ? "" : instantToZoned(event.photo_policy.reveal_at, event.timezone),
    questions: event.questions as unknown as Question[],
  };
}

export type DraftErrors = Partial<Record<"title" | "starts" | "ends" | "capacity" | "revenue" | "captainFee" | "fees" | "reveal" | "questions" | "times", string>>;

/** What can be told to be wrong before it is sent. */
export function draftErrors(draft: Draft): DraftErrors {
  const errors: DraftErrors = {};
  const skipped = "The clocks skip this time on that day.";
  if (draft.title.trim() === "") errors.title = "Please give it a title.";
  const starts = zonedToInstant(draft.starts, draft.timezone);
  const ends = zonedToInstant(draft.ends, draft.timezone);
  if (starts === null) errors.starts = draft.starts === "" ? "Please say when it starts." : skipped;
  if (ends === null) errors.ends = draft.ends === "" ? "Please say when it ends." : skipped;
  if (starts !== null && ends !== null && Date.parse(ends) <= Date.parse(starts)) errors.ends = "It must end after it starts.";
  if (draft.capacity !== "" && !/^[1-9]\d{0,5}$/.test(draft.capacity)) errors.capacity = "A whole number, or nothing for no limit.";
  const amount = (typed: string): boolean => typed.trim() === "" || (parseMoney(typed, draft.currency) ?? -1) >= 0;
  if (!amount(draft.revenue)) errors.revenue = "Not an amount of this currency.";
  if (!amount(draft.captainFee)) errors.captainFee = "Not an amount of this currency.";
  if (draft.fees.some((fee) => fee.name.trim() === "" || !amount(fee.amount))) errors.fees = "Each fee needs a name and an amount.";
  if (draft.reveal !== "" && zonedToInstant(draft.reveal, draft.timezone) === null) errors.reveal = skipped;
  if (draft.questions.some((each) => each.label.trim() === "" || (each.type === "choice" && each.options.length === 0))) errors.questions = "Each question needs its words, and a choice its options.";
  if (draft.repeat !== "never" && !(Number(draft.times) >= 2 && Number(draft.times) <= 366)) errors.times = "From 2 to 366.";
  return errors;
}

const orNull = (text: string): string | null => (text.trim() === "" ? null : text.trim());

/** The fields that a new event and a changed one have in common. Only for a draft without errors. */
export function inputOf(draft: Draft): EventInput {
  return {
    kind: draft.kind,
    title: draft.title.trim(),
    starts_at: zonedToInstant(draft.starts, draft.timezone) ?? "",
    ends_at: zonedToInstant(draft.ends, draft.timezone) ?? "",
    timezone: draft.timezone,
    description: draft.description.trim(),
    category: orNull(draft.category),
    visibility: draft.visibility,
    venue: { type: draft.venueType, name: draft.venueName.trim(), address: draft.venueType === "online" ? "" : draft.address.trim(), url: orNull(draft.url) },
    capacity: draft.capacity === "" ? null : Number(draft.capacity),
    booking_ref: orNull(draft.bookingRef),
    crew_notes: draft.crewNotes.trim(),
    guest_page: { slug: orNull(draft.slug), enabled: draft.guestPage },
    photo_policy: { moderated: draft.moderated, reveal_at: draft.reveal === "" ? null : zonedToInstant(draft.reveal, draft.timezone) },
    questions: draft.questions.map((each) => ({ ...each, label: each.label.trim() })),
  };
}

/** Only what differs from the event as it was, so that nobody is told of a change that is none. */
export function changesOf(draft: Draft, event: EventView): Partial<EventInput> {
  const before = inputOf(draftOf(event));
  const after = inputOf(draft);
  const names = Object.keys(after) as (keyof EventInput)[];
  return Object.fromEntries(names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).map((name) => [name, after[name]]));
}

/** The money of a draft, or null when none was filled in. */
export function financeOf(draft: Pick<Draft, "currency" | "revenue" | "captainFee" | "fees" | "memo">): FinanceInput | null {
  const touched = [draft.revenue, draft.captainFee, draft.memo].some((each) => each.trim() !== "") || draft.fees.length > 0;
  if (!touched) return null;
  const amount = (typed: string): number => (typed.trim() === "" ? 0 : (parseMoney(typed, draft.currency) ?? 0));
  return {
    currency: draft.currency,
    revenue: amount(draft.revenue),
    captain_fee: amount(draft.captainFee),
    fees: draft.fees.map((fee) => ({ name: fee.name.trim(), amount: amount(fee.amount) })),
    internal_memo: draft.memo.trim(),
  };
}

/** The crew as the service takes it; standbys are ranked in the order they were picked. */
export function crewOf(picks: readonly CrewPick[]): NonNullable<EventInput["crew"]> {
  let rank = 0;
  return picks.map(({ memberId, role, standby }) => ({
    crew_member_id: memberId,
    role: role.trim() === "" ? "Crew" : role.trim(),
    ...(standby ? { standby_rank: (rank += 1) } : {}),
  }));
}
