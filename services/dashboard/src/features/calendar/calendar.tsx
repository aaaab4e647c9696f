/** The organisation's calendar day by day, entries of its own, and feeds for calendar programs. */
import { useInfiniteQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { createEntry, deleteEntry, type Entry, listEntries } from "../../api/calendar";
import { useOrganisation } from "../../app/organisation";
import { Link } from "../../app/router";
import { formatDate, formatTime, ownZone, zonedToInstant, zoneLabel } from "../../lib/time";
import { StateChip } from "../../ui/chip";
import { Confirm, Dialog } from "../../ui/dialog";
import { Empty, Failed, Notice, Skeleton, toast } from "../../ui/feedback";
import { SubmitButton, TextArea, TextField, useSending } from "../../ui/form";
import { Icon } from "../../ui/icon";
import { PageHead } from "../../ui/page";
import { FeedsCard } from "./feeds-card";

export default function Calendar(): JSX.Element {
  const organisation = useOrganisation();
  const [adding, setAdding] = useState(false);
  if (organisation === null) return <Notice>Create an organisation first.</Notice>;
  return (
    <>
      <PageHead
        title="Calendar"
        lead="Every event, and what else keeps you busy."
        actions={
          <button type="button" class="button button-primary" onClick={() => setAdding(true)}>
            <Icon name="plus" /> New entry
          </button>
        }
      />
      {organisation === undefined ? (
        <Skeleton lines={6} />
      ) : (
        <div class="columns">
          <Days key={organisation.id} orgId={organisation.id} />
          <FeedsCard orgId={organisation.id} />
        </div>
      )}
      {adding && organisation !== undefined && <NewEntry orgId={organisation.id} onClose={() => setAdding(false)} />}
    </>
  );
}

/** Entries under the day on which they start, in each one's own zone. */
export function byDay(entries: readonly Entry[]): [day: string, entries: Entry[]][] {
  const days = new Map<string, Entry[]>();
  for (const entry of entries) {
    const day = formatDate(entry.starts_at, entry.timezone);
    days.set(day, [...(days.get(day) ?? []), entry]);
  }
  return [...days];
}

function Days({ orgId }: { orgId: string }): JSX.Element {
  const [removing, setRemoving] = useState<Entry | null>(null);
  const entries = useInfiniteQuery({
    queryKey: ["calendar", orgId],
    queryFn: ({ pageParam }) => listEntries(orgId, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
  if (entries.isPending) return <Skeleton lines={6} label="Loading the calendar" />;
  if (entries.isError) return <Failed error={entries.error} retry={() => void entries.refetch()} />;
  const days = byDay(entries.data.pages.flatMap((page) => page.items));
  if (days.length === 0) return <Empty icon="calendar" title="Nothing is coming up" />;
  return (
    <div class="stack">
      {days.map(([day, each]) => (
        <section key={day} class="day" aria-label={day}>
          <h2>{day}</h2>
          <ul class="rows">
            {each.map((entry) => (
              <Line key={entry.id} entry={entry} onRemove={() => setRemoving(entry)} />
            ))}
          </ul>
        </section>
      ))}
      {entries.hasNextPage && (
        <button type="button" class="button" onClick={() => void entries.fetchNextPage()}>
          Show later ones
        </button>
      )}
      {removing !== null && (
        <Confirm title={`Remove “${removing.title}”?`} action="Remove" run={() => deleteEntry(removing.id)} renew={[["calendar"]]} onDone={() => toast("Removed.")} onClose={() => setRemoving(null)}>
          <p>It leaves the calendar and every feed of it.</p>
        </Confirm>
      )}
    </div>
  );
}

function Line({ entry, onRemove }: { entry: Entry; onRemove: () => void }): JSX.Element {
  return (
    <li class="row">
      <span class="row-date">
        <strong>
          {formatTime(entry.starts_at, entry.timezone)} – {formatTime(entry.ends_at, entry.timezone)}
        </strong>
        <span class="muted">{zoneLabel(entry.starts_at, entry.timezone)}</span>
      </span>
      <span class="row-main">
        {entry.event_id === null ? <strong>{entry.title}</strong> : <Link href={`/events/${entry.event_id}`}>{entry.title}</Link>}
        <span class="muted small">{entry.location || entry.notes}</span>
      </span>
      <span class="row-chips">
        {entry.type === "event" ? (
          <StateChip of="event" state={entry.status} />
        ) : (
          <button type="button" class="link-button small" aria-label={`Remove ${entry.title}`} onClick={onRemove}>
            Remove
          </button>
        )}
      </span>
    </li>
  );
}

function NewEntry({ orgId, onClose }: { orgId: string; onClose: () => void }): JSX.Element {
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const [title, setTitle] = useState("");
  const [starts, setStarts] = useState(`${tomorrow}T09:00`);
  const [ends, setEnds] = useState(`${tomorrow}T17:00`);
  const [notes, setNotes] = useState("");
  const zone = ownZone();
  const sending = useSending(
    () => createEntry({ org_id: orgId, title: title.trim(), starts_at: zonedToInstant(starts, zone) ?? "", ends_at: zonedToInstant(ends, zone) ?? "", timezone: zone, notes: notes.trim() }),
    {
      renew: [["calendar"]],
      after: () => {
        toast("It is in the calendar.");
        onClose();
      },
    },
  );
  return (
    <Dialog title="New entry" onClose={onClose}>
      <form class="stack" onSubmit={sending.submit}>
        <TextField label="Title" required maxLength={200} autoComplete="off" value={title} onValue={setTitle} error={sending.field("title")} />
        <TextField label="Starts" hint={zone} type="datetime-local" required value={starts} onValue={setStarts} error={sending.field("starts_at")} />
        <TextField label="Ends" type="datetime-local" required value={ends} onValue={setEnds} error={sending.field("ends_at")} />
        <TextArea label="Notes" rows={3} maxLength={5000} value={notes} onValue={setNotes} error={sending.field("notes")} />
        {sending.problem}
        <SubmitButton busy={sending.busy}>Add it</SubmitButton>
      </form>
    </Dialog>
  );
}
