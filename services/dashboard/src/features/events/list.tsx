/** The organisation's events: what comes, and what has been. */
import { useInfiniteQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { listMine } from "../../api/events";
import type { EventView } from "../../api/types";
import { useOrganisationId } from "../../app/organisation";
import { Link, usePlace } from "../../app/router";
import { formatDate, formatTime, zoneLabel } from "../../lib/time";
import { Chip, StateChip } from "../../ui/chip";
import { Empty, Failed, Skeleton } from "../../ui/feedback";
import { Icon } from "../../ui/icon";
import { PageHead } from "../../ui/page";
import { crewSummary } from "./crew-summary";

function placeOf({ venue }: EventView): string {
  if (venue.name !== "") return venue.name;
  return venue.type === "online" ? "Online" : "No place yet";
}

/** Events that began longer ago than this are looked for among the past ones. */
const LONGEST_MS = 7 * 86_400_000;

const isOver = (event: Pick<EventView, "ends_at">): boolean => Date.parse(event.ends_at) <= Date.now();

type When = "upcoming" | "past";

export default function Events(): JSX.Element {
  const when: When = usePlace().query.get("when") === "past" ? "past" : "upcoming";
  const orgId = useOrganisationId();
  return (
    <>
      <PageHead
        title="Events"
        actions={
          <Link class="button button-primary" href="/events/new">
            <Icon name="plus" /> New event
          </Link>
        }
      />
      <nav class="tabs" aria-label="Which events">
        <Link href="/events" aria-current={when === "upcoming" ? "page" : undefined}>
          Upcoming
        </Link>
        <Link href="/events?when=past" aria-current={when === "past" ? "page" : undefined}>
          Past
        </Link>
      </nav>
      {orgId === undefined ? <Skeleton lines={5} /> : orgId === null ? <NoOrganisation /> : <List key={`${orgId}-${when}`} orgId={orgId} when={when} />}
    </>
  );
}

function NoOrganisation(): JSX.Element {
  return (
    <Empty icon="anchor" title="You are in no organisation yet">
      <p>Create one to plan events and call your crew, or open the invitation that you were sent.</p>
      <Link class="button button-primary" href="/organisations/new">
        Create an organisation
      </Link>
    </Empty>
  );
}

function List({ orgId, when }: { orgId: string; when: When }): JSX.Element {
  const events = useInfiniteQuery({
    queryKey: ["events", "mine", orgId, when],
    queryFn: ({ pageParam }) => {
      const now = Date.now();
      const at = (instant: number): string => new Date(instant).toISOString();
      return listMine({ org_id: orgId, ...(when === "past" ? { to: at(now), order: "latest" as const } : { from: at(now - LONGEST_MS) }), ...(pageParam === null ? {} : { cursor: pageParam }) });
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
  if (events.isPending) return <Skeleton lines={6} label="Loading events" />;
  if (events.isError) return <Failed error={events.error} retry={() => void events.refetch()} />;
  // The list goes by starts; what runs now is still to come for whoever runs it.
  const items = events.data.pages.flatMap((page) => page.items).filter((event) => isOver(event) === (when === "past"));
  if (items.length === 0) {
    return when === "past" ? (
      <Empty icon="clock" title="Nothing has taken place yet" />
    ) : (
      <Empty icon="calendar" title="No event is coming up">
        <p>Create the first one; its crew are mailed within seconds.</p>
        <Link class="button button-primary" href="/events/new">
          New event
        </Link>
      </Empty>
    );
  }
  return (
    <>
      <ul class="rows">
        {items.map((event) => (
          <Row key={event.id} event={event} />
        ))}
      </ul>
      {events.hasNextPage && (
        <button type="button" class="button" aria-disabled={events.isFetchingNextPage} onClick={() => void events.fetchNextPage()}>
          Show more
        </button>
      )}
    </>
  );
}

function Row({ event }: { event: EventView }): JSX.Element {
  const summary = crewSummary(event.crew);
  return (
    <li>
      <Link class="row" href={`/events/${event.id}`}>
        <span class="row-date">
          <strong>{formatDate(event.starts_at, event.timezone)}</strong>
          <span>
            {formatTime(event.starts_at, event.timezone)} <span class="muted">{zoneLabel(event.starts_at, event.timezone)}</span>
          </span>
        </span>
        <span class="row-main">
          <strong>{event.title}</strong>
          <span class="muted">{placeOf(event)}</span>
        </span>
        <span class="row-chips">
          {summary !== null && <Chip tone={summary.tone}>{summary.text}</Chip>}
          <StateChip of="event" state={event.status} />
        </span>
      </Link>
    </li>
  );
}
