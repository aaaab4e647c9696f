/** Makes a series at once: how often, and how many. */
import type { JSX } from "preact";
import { SelectField, TextField } from "../../ui/form";
import type { Draft } from "./draft";

export type Frequency = Draft["repeat"];

const RULES: Readonly<Record<Exclude<Frequency, "never">, string>> = {
  daily: "FREQ=DAILY",
  weekly: "FREQ=WEEKLY",
  fortnightly: "FREQ=WEEKLY;INTERVAL=2",
  monthly: "FREQ=MONTHLY",
};

const CHOICES = [
  ["never", "Only once"],
  ["daily", "Every day"],
  ["weekly", "Every week"],
  ["fortnightly", "Every two weeks"],
  ["monthly", "Every month"],
] as const;

/** The rule of RFC 5545 for a series, or null for an event that happens once. */
export function ruleOf(draft: Pick<Draft, "repeat" | "times">): string | null {
  return draft.repeat === "never" ? null : `${RULES[draft.repeat]};COUNT=${Number(draft.times)}`;
}

export function RepeatFields({ draft, error, set }: { draft: Draft; error: string | undefined; set: (change: Partial<Draft>) => void }): JSX.Element {
  return (
    <div class="fields">
      <SelectField label="How often" value={draft.repeat} options={CHOICES} onValue={(repeat) => set({ repeat })} />
      {draft.repeat !== "never" && <TextField label="How many events" type="number" min={2} max={366} required value={draft.times} onValue={(times) => set({ times })} error={error} />}
    </div>
  );
}
