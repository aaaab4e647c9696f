/** States as chips: a word, and a colour that only repeats it. */
import type { JSX } from "preact";
import type { AssignmentStatus, DeliveryStatus, EventStatus, PhotoStatus } from "../api/types";
import type { Tone } from "./feedback";

type Look = readonly [label: string, tone: Tone];

const EVENT: Record<EventStatus, Look> = {
  draft: ["Draft", "plain"],
  published: ["Published", "good"],
  cancelled: ["Cancelled", "bad"],
  completed: ["Completed", "info"],
};

const ASSIGNMENT: Record<AssignmentStatus, Look> = {
  invited: ["Waiting", "warn"],
  confirmed: ["Confirmed", "good"],
  declined: ["Declined", "bad"],
  standby: ["Standby", "info"],
  removed: ["Removed", "plain"],
  no_show: ["No-show", "bad"],
};

const DELIVERY: Record<DeliveryStatus, Look> = {
  queued: ["Mail queued", "plain"],
  sending: ["Mail being sent", "plain"],
  sent: ["Mail sent", "info"],
  delivered: ["Mail delivered", "good"],
  bounced: ["Mail bounced", "bad"],
  complained: ["Marked as spam", "bad"],
  suppressed: ["Not sent: suppressed", "warn"],
  failed: ["Mail failed", "bad"],
};

const PHOTO: Record<PhotoStatus, Look> = {
  pending: ["Waiting for upload", "plain"],
  processing: ["Being checked", "info"],
  ready: ["In the gallery", "good"],
  rejected: ["Not taken", "bad"],
  hidden: ["Hidden", "warn"],
};

const LOOKS = { event: EVENT, assignment: ASSIGNMENT, delivery: DELIVERY, photo: PHOTO } as const;

export function Chip({ tone, children }: { tone: Tone; children: string }): JSX.Element {
  return <span class={`chip chip-${tone}`}>{children}</span>;
}

/** A state of one of the kinds above; one this build does not know is shown by its own name. */
export function StateChip({ of, state }: { of: keyof typeof LOOKS; state: string }): JSX.Element {
  const [label, tone] = (LOOKS[of] as Record<string, Look>)[state] ?? [state.replaceAll("_", " "), "plain"];
  return <Chip tone={tone}>{label}</Chip>;
}
