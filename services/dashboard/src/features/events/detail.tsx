/** One event: the facts, the crew and what they answered, the guest page, the photos. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { getEvent } from "../../api/events";
import type { EventView } from "../../api/types";
import { Link, type Params } from "../../app/router";
import { formatSpan, onOwnClock, zoneLabel } from "../../lib/time";
import PublicEventPage from "../discover/event";
import { StateChip } from "../../ui/chip";
import { Failed, Notice, Skeleton } from "../../ui/feedback";
import { Card, Facts, PageHead } from "../../ui/page";
import { EventActions } from "./actions";
import { CrewCard } from "./crew-card";
import { FinanceCard } from "./finance-card";
import { eventKey } from "./keys";
import { GuestPageCard } from "./guest-page-card";
import { LogCard } from "./log-card";
import { PhotosCard } from "./photos-card";
import { ShotListCard } from "./shot-list-card";

const POLL_MS = 5_000;

export default function EventDetail({ params }: { params: Params }): JSX.Element {
  const id = params.id ?? "";
  const event = useQuery({ queryKey: eventKey(id), queryFn: () => getEvent(id), refetchInterval: POLL_MS });
  if (event.isPending) return <Skeleton lines={8} label="Loading the event" />;
  if (event.data === undefined) return <Failed error={event.error} retry={() => void event.refetch()} />;
  // Somebody who does not run it gets what anybody may see.
  if (!("crew" in event.data)) return <PublicEventPage params={params} />;
  return <Shown event={event.data} />;
}

function Shown({ event }: { event: EventView }): JSX.Element {
  return (
    <>
      <p class="crumb">
        <Link href="/events">Events</Link>
      </p>
      <PageHead title={event.title} chips={<StateChip of="event" state={event.status} />} actions={<EventActions event={event} />} lead={`${formatSpan(event.starts_at, event.ends_at, event.timezone)} · ${zoneLabel(event.starts_at, event.timezone)}`} />
      {event.cancel_reason !== null && event.cancel_reason !== "" && <Notice tone="warn">Cancelled: {event.cancel_reason}</Notice>}
      <div class="columns">
        <div class="stack-large">
          <CrewCard event={event} />
          {event.kind === "job" && <ShotListCard eventId={event.id} />}
          <PhotosCard eventId={event.id} kind={event.kind} />
        </div>
        <div class="stack-large">
          <FactsCard event={event} />
          <GuestPageCard page={event.guest_page} title={event.title} />
          <FinanceCard eventId={event.id} />
          <LogCard eventId={event.id} />
        </div>
      </div>
    </>
  );
}

function FactsCard({ event }: { event: EventView }): JSX.Element {
  const { venue } = event;
  return (
    <Card title="Facts">
      <Facts
        facts={[
          ["When", formatSpan(event.starts_at, event.ends_at, event.timezone)],
          ["Zone", event.timezone],
          ["On your clock", onOwnClock(event.starts_at, event.timezone)],
          ["Where", [venue.name, venue.address].filter(Boolean).join(", ") || (venue.type === "online" ? "Online" : null)],
          ["Link", venue.url === null ? null : <a href={venue.url} target="_blank" rel="noopener noreferrer">{venue.url}</a>],
          ["Booking", event.booking_ref],
          ["Notes for the crew", event.crew_notes],
          ["About", event.description],
          ["Registered", event.visibility === "private" && event.registered_count === 0 ? null : <Places key="places" event={event} />],
        ]}
      />
    </Card>
  );
}

function Places({ event }: { event: EventView }): JSX.Element {
  return (
    <>
      {event.registered_count}
      {event.capacity === null ? "" : ` of ${event.capacity}`}
      {event.waitlisted_count > 0 && `, ${event.waitlisted_count} waiting`} · <Link href={`/events/${event.id}/attendees`}>Attendees</Link> · <Link href={`/events/${event.id}/check-in`}>Check in</Link>
    </>
  );
}
