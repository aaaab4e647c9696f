/** Who comes to an event, who waits, who is there already. */
import { useInfiniteQuery, useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { checkIn, undoCheckIn } from "../../api/checkins";
import { getEvent } from "../../api/events";
import { type Attendee, attendeesTable, cancelAttendee, listAttendees, resendTicket } from "../../api/public";
import { messageOf } from "../../api/problem";
import { Link, type Params } from "../../app/router";
import { ago } from "../../lib/time";
import { Chip } from "../../ui/chip";
import { Confirm } from "../../ui/dialog";
import { Empty, Failed, Skeleton, toast } from "../../ui/feedback";
import { useSending } from "../../ui/form";
import { PageHead } from "../../ui/page";
import { eventKey } from "../events/keys";

const POLL_MS = 10_000;

export default function Attendees({ params }: { params: Params }): JSX.Element {
  const id = params.id ?? "";
  const event = useQuery({ queryKey: eventKey(id), queryFn: () => getEvent(id) });
  const [leaving, setLeaving] = useState<Attendee | null>(null);
  const attendees = useInfiniteQuery({
    queryKey: ["attendees", id],
    queryFn: ({ pageParam }) => listAttendees(id, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: POLL_MS,
  });
  const items = attendees.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <p class="crumb">
        <Link href={`/events/${id}`}>{event.data?.title ?? "The event"}</Link>
      </p>
      <PageHead
        title="Attendees"
        lead={event.data === undefined ? undefined : counted(event.data)}
        actions={
          <>
            <Link class="button button-primary" href={`/events/${id}/check-in`}>
              Check in
            </Link>
            <button type="button" class="button" onClick={() => download(id)}>
              As a table (CSV)
            </button>
          </>
        }
      />
      {attendees.isPending ? (
        <Skeleton lines={6} label="Loading attendees" />
      ) : attendees.isError && items.length === 0 ? (
        <Failed error={attendees.error} retry={() => void attendees.refetch()} />
      ) : items.length === 0 ? (
        <Empty icon="ticket" title="Nobody has registered yet" />
      ) : (
        <ul class="rows">
          {items.map((attendee) => (
            <Row key={attendee.id} eventId={id} attendee={attendee} onCancel={() => setLeaving(attendee)} />
          ))}
        </ul>
      )}
      {attendees.hasNextPage && (
        <button type="button" class="button" onClick={() => void attendees.fetchNextPage()}>
          Show more
        </button>
      )}
      {leaving !== null && (
        <Confirm title={`Cancel the registration of ${leaving.name}?`} action="Cancel it" run={() => cancelAttendee(id, leaving.id)} renew={[["attendees", id], eventKey(id)]} onDone={() => toast("Cancelled; they are told.")} onClose={() => setLeaving(null)}>
          <p>The place goes to whoever has waited longest.</p>
        </Confirm>
      )}
    </>
  );
}

function counted({ capacity, registered_count: registered, waitlisted_count: waiting }: { capacity: number | null; registered_count: number; waitlisted_count: number }): string {
  return `${registered}${capacity === null ? "" : ` of ${capacity}`} registered${waiting === 0 ? "" : `, ${waiting} waiting`}`;
}

function Row({ eventId, attendee, onCancel }: { eventId: string; attendee: Attendee; onCancel: () => void }): JSX.Element {
  const again = useSending(() => resendTicket(eventId, attendee.id), { after: () => toast(`The ticket is on its way to ${attendee.name}.`) });
  const inside = attendee.checked_in_at !== null;
  const admitting = useSending<unknown>(() => (inside ? undoCheckIn(eventId, attendee.id) : checkIn(eventId, attendee.ticket_code)), { renew: [["attendees", eventId]] });
  const answers = Object.values(attendee.answers).map((answer) => (typeof answer === "boolean" ? (answer ? "yes" : "no") : answer));
  return (
    <li class="row attendee">
      <span class="row-main">
        <strong>{attendee.name}</strong>
        <span class="muted small">{attendee.email}</span>
        {answers.length > 0 && <span class="small">{answers.join(" · ")}</span>}
        {inside && attendee.checked_in_at !== null && (
          <span class="small muted">
            Came {ago(attendee.checked_in_at)}
            {attendee.checked_in_by === null ? "" : `, let in by ${attendee.checked_in_by}`}
          </span>
        )}
        {again.problem}
        {admitting.problem}
      </span>
      <span class="row-chips">
        {attendee.checked_in_at !== null ? <Chip tone="info">Is there</Chip> : attendee.status === "confirmed" ? <Chip tone="good">Has a place</Chip> : attendee.status === "waitlisted" ? <Chip tone="warn">Waiting</Chip> : <Chip tone="plain">Cancelled</Chip>}
      </span>
      <span class="actions">
        {attendee.status === "confirmed" && (
          <button type="button" class="link-button small" aria-label={`${inside ? "Take back" : "Check in"} ${attendee.name}`} aria-disabled={admitting.busy} onClick={admitting.send}>
            {inside ? "Take back" : "Check in"}
          </button>
        )}
        {attendee.status !== "cancelled" && (
          <>
            <button type="button" class="link-button small" aria-label={`Send again to ${attendee.name}`} aria-disabled={again.busy} onClick={again.send}>
              Send again
            </button>
            <button type="button" class="link-button small" aria-label={`Cancel the registration of ${attendee.name}`} onClick={onCancel}>
              Cancel
            </button>
          </>
        )}
      </span>
    </li>
  );
}

function download(eventId: string): void {
  attendeesTable(eventId)
    .then((table) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(table);
      link.download = "attendees.csv";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    })
    .catch((error: unknown) => toast(messageOf(error), "bad"));
}
