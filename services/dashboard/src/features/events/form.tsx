/** The fields of an event, in the order in which people know them. */
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { useOrganisation } from "../../app/organisation";
import { zoneLabel, zonedToInstant } from "../../lib/time";
import { Field, SelectField, TextArea, TextField } from "../../ui/form";
import { Card } from "../../ui/page";
import type { Draft, DraftErrors } from "./draft";

export interface SectionProps {
  draft: Draft;
  errors: DraftErrors;
  /** The service's word on a field, by its name there. */
  refused: (name: string) => string | undefined;
  set: (change: Partial<Draft>) => void;
}

const KINDS = [
  ["charter", "Charter"],
  ["job", "Job"],
  ["meetup", "Meetup"],
] as const;

export function BasicsSection({ draft, errors, refused, set }: SectionProps): JSX.Element {
  return (
    <Card title="What and when">
      <div class="stack">
        <div class="fields">
          <TextField label="Title" required maxLength={200} value={draft.title} onValue={(title) => set({ title })} error={errors.title ?? refused("title")} />
          <SelectField label="Kind" value={draft.kind} options={KINDS} onValue={(kind) => set({ kind })} />
        </div>
        <div class="fields">
          <TextField label="Starts" type="datetime-local" required value={draft.starts} onValue={(starts) => set(moved(draft, starts))} error={errors.starts ?? refused("starts_at")} />
          <TextField label="Ends" type="datetime-local" required value={draft.ends} onValue={(ends) => set({ ends })} error={errors.ends ?? refused("ends_at")} />
          <ZoneField draft={draft} refused={refused} set={set} />
        </div>
      </div>
    </Card>
  );
}

/** A new start takes the end with it, so that the event stays as long. */
function moved(draft: Draft, starts: string): Partial<Draft> {
  const length = Date.parse(`${draft.ends}Z`) - Date.parse(`${draft.starts}Z`);
  const from = Date.parse(`${starts}Z`);
  if (Number.isNaN(length) || Number.isNaN(from) || length <= 0) return { starts };
  return { starts, ends: new Date(from + length).toISOString().slice(0, 16) };
}

function ZoneField({ draft, refused, set }: Pick<SectionProps, "draft" | "refused" | "set">): JSX.Element {
  const list = useId();
  const instant = zonedKnown(draft.timezone) ? zonedToInstant(draft.starts, draft.timezone) : null;
  return (
    <Field label="Time zone" hint={instant === null ? "Such as Europe/Athens" : zoneLabel(instant, draft.timezone)} error={refused("timezone") ?? (zonedKnown(draft.timezone) ? undefined : "No such time zone.")}>
      {(control) => (
        <>
          <input class="input" {...control} list={list} required autoComplete="off" value={draft.timezone} onInput={(event) => set({ timezone: event.currentTarget.value })} />
          <datalist id={list}>
            {Intl.supportedValuesOf("timeZone").map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}

export function zonedKnown(zone: string): boolean {
  try {
    Intl.DateTimeFormat("en", { timeZone: zone });
    return zone !== "";
  } catch {
    return false;
  }
}

export function PlaceSection({ draft, refused, set }: SectionProps): JSX.Element {
  const online = draft.venueType === "online";
  return (
    <Card title="Where">
      <div class="fields">
        <SelectField label="Place" value={draft.venueType} options={[["in_person", "In person"], ["online", "Online"]] as const} onValue={(venueType) => set({ venueType })} />
        <TextField label={online ? "Name" : "Name of the place"} maxLength={200} value={draft.venueName} onValue={(venueName) => set({ venueName })} error={refused("venue/name")} />
        {!online && <TextField label="Address" maxLength={500} value={draft.address} onValue={(address) => set({ address })} error={refused("venue/address")} />}
        <TextField label={online ? "Link to join" : "Link (map or website)"} type="url" placeholder="https://" value={draft.url} onValue={(url) => set({ url })} error={refused("venue/url")} />
      </div>
    </Card>
  );
}

export function PeopleSection({ draft, errors, refused, set }: SectionProps): JSX.Element {
  const looksAtAll = useOrganisation()?.settings.moderate_photos === true;
  return (
    <Card title="For guests and attendees">
      <div class="stack">
        <TextArea label="Description" maxLength={10_000} value={draft.description} onValue={(description) => set({ description })} error={refused("description")} />
        <div class="fields">
          <SelectField
            label="Who finds it"
            value={draft.visibility}
            options={[["private", "Nobody but us"], ["unlisted", "Whoever has the link"], ["public", "Everybody: it is listed"]] as const}
            onValue={(visibility) => set({ visibility })}
          />
          <TextField label="Category" maxLength={60} value={draft.category} onValue={(category) => set({ category })} error={refused("category")} />
          <TextField label="Places" hint="Empty for no limit" inputMode="numeric" value={draft.capacity} onValue={(capacity) => set({ capacity })} error={errors.capacity ?? refused("capacity")} />
          <TextField label="Friendly page address" hint={`…/g/${draft.slug === "" ? "summer-party" : draft.slug}`} maxLength={60} value={draft.slug} onValue={(slug) => set({ slug: slug.toLowerCase() })} error={refused("guest_page/slug")} />
        </div>
        <label class="check">
          <input type="checkbox" checked={draft.guestPage} onChange={(event) => set({ guestPage: event.currentTarget.checked })} />
          <span>Publish a page for guests, with photos</span>
        </label>
        {draft.guestPage && <TextField label="The gallery opens" hint="Empty: as soon as there are photos" type="datetime-local" value={draft.reveal} onValue={(reveal) => set({ reveal })} error={errors.reveal ?? refused("photo_policy/reveal_at")} />}
        <label class="check">
          <input type="checkbox" checked={draft.moderated} onChange={(event) => set({ moderated: event.currentTarget.checked })} />
          <span>Look at guests’ photos before they are shown</span>
        </label>
        {looksAtAll && <p class="small muted">Your organisation looks at them at every event, whatever is set here.</p>}
      </div>
    </Card>
  );
}

export function TeamSection({ draft, refused, set }: SectionProps): JSX.Element {
  return (
    <Card title="For your team">
      <div class="stack">
        <TextArea label="Notes for the crew" hint="They stand on the call sheet. Never write prices here." maxLength={5000} value={draft.crewNotes} onValue={(crewNotes) => set({ crewNotes })} error={refused("crew_notes")} />
        <TextField label="Booking reference" maxLength={100} value={draft.bookingRef} onValue={(bookingRef) => set({ bookingRef })} error={refused("booking_ref")} />
      </div>
    </Card>
  );
}
