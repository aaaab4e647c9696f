/** Public events for anybody: search, filters, what is on. */
import { useInfiniteQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { searchEvents } from "../../api/public";
import type { PublicEvent } from "../../api/types";
import { go, Link, usePlace } from "../../app/router";
import { formatDate, formatTime, ownZone, zoneLabel } from "../../lib/time";
import { Chip } from "../../ui/chip";
import { Empty, Failed, Skeleton } from "../../ui/feedback";
import { SelectField, TextField } from "../../ui/form";
import { PageHead } from "../../ui/page";

const TYPING_MS = 250;

export default function Discover(): JSX.Element {
  const { query } = usePlace();
  const [typed, setTyped] = useState(query.get("q") ?? "");
  const q = query.get("q") ?? "";
  const venue = query.get("venue") ?? "";
  const from = query.get("from") ?? "";
  const events = useInfiniteQuery({
    queryKey: ["discover", q, venue, from],
    queryFn: ({ pageParam }) =>
      searchEvents({
        ...(q === "" ? {} : { q }),
        ...(venue === "in_person" || venue === "online" ? { venue_type: venue } : {}),
        ...(from === "" ? {} : { from, timezone: ownZone() }),
        ...(pageParam === null ? {} : { cursor: pageParam }),
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
  const change = (name: string, value: string): void => {
    const next = new URLSearchParams(location.search);
    if (value === "") next.delete(name);
    else next.set(name, value);
    go(`/discover${next.size > 0 ? `?${next}` : ""}`, { replace: true });
  };
  useEffect(() => {
    if (typed.trim() === q) return;
    const timer = setTimeout(() => change("q", typed.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, q]);
  const items = events.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageHead title="Find an event" lead="Public events of everybody who musters here." />
      <search class="fields">
        <TextField label="What" type="search" placeholder="Sailing, photography…" maxLength={200} value={typed} onValue={setTyped} />
        <SelectField label="Where" value={venue} options={[["", "Anywhere"], ["in_person", "In person"], ["online", "Online"]] as const} onValue={(value) => change("venue", value)} />
        <TextField label="From" type="date" value={from} onValue={(value) => change("from", value)} />
      </search>
      <div aria-live="polite" class="sr">
        {events.isSuccess ? `${items.length} events shown` : ""}
      </div>
      {events.isPending ? (
        <Skeleton lines={6} label="Looking for events" />
      ) : events.isError ? (
        <Failed error={events.error} retry={() => void events.refetch()} />
      ) : items.length === 0 ? (
        <Empty icon="compass" title="Nothing fits">
          <p>Try other words, or another date.</p>
        </Empty>
      ) : (
        <ul class="tiles">
          {items.map((event) => (
            <Tile key={event.id} event={event} />
          ))}
        </ul>
      )}
      {events.hasNextPage && (
        <button type="button" class="button" onClick={() => void events.fetchNextPage()}>
          Show more events
        </button>
      )}
    </>
  );
}

/** How many places are left, when that is worth saying. */
export function placesLeft(event: Pick<PublicEvent, "capacity" | "registered_count" | "status">): { text: string; tone: "good" | "warn" | "bad" } | null {
  if (event.status !== "published") return { text: event.status === "cancelled" ? "Cancelled" : "Over", tone: "bad" };
  if (event.capacity === null) return null;
  const left = event.capacity - event.registered_count;
  if (left <= 0) return { text: "Full: waiting list", tone: "warn" };
  return left <= Math.max(3, event.capacity / 10) ? { text: `${left} ${left === 1 ? "place" : "places"} left`, tone: "warn" } : null;
}

function Tile({ event }: { event: PublicEvent }): JSX.Element {
  const left = placesLeft(event);
  return (
    <li class="tile card">
      {event.banner_url !== null && <img class="tile-banner" src={event.banner_url} alt="" loading="lazy" width={480} height={200} />}
      <p class="small muted">
        {formatDate(event.starts_at, event.timezone)}, {formatTime(event.starts_at, event.timezone)} · {zoneLabel(event.starts_at, event.timezone)}
      </p>
      <h2>
        <Link href={`/discover/${event.id}`} class="tile-link">
          {event.title}
        </Link>
      </h2>
      <p class="muted">{[event.venue.name || (event.venue.type === "online" ? "Online" : ""), event.organizer?.name].filter(Boolean).join(" · ")}</p>
      <div class="chips">
        {event.category !== null && <Chip tone="plain">{event.category}</Chip>}
        {left !== null && <Chip tone={left.tone}>{left.text}</Chip>}
      </div>
    </li>
  );
}
