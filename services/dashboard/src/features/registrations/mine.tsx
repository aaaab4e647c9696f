/** The events that somebody signed in goes to. */
import { useInfiniteQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { listRegistered } from "../../api/public";
import { Link } from "../../app/router";
import { formatDate, formatTime, zoneLabel } from "../../lib/time";
import { Chip } from "../../ui/chip";
import { Empty, Failed, Skeleton } from "../../ui/feedback";
import { PageHead } from "../../ui/page";

export default function Registered(): JSX.Element {
  const held = useInfiniteQuery({
    queryKey: ["registered"],
    queryFn: ({ pageParam }) => listRegistered(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
  const items = held.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageHead title="Where you go" actions={<Link class="button" href="/discover">Find an event</Link>} />
      {held.isPending ? (
        <Skeleton lines={4} label="Loading registrations" />
      ) : held.isError ? (
        <Failed error={held.error} retry={() => void held.refetch()} />
      ) : items.length === 0 ? (
        <Empty icon="ticket" title="You are registered for nothing yet" />
      ) : (
        <ul class="rows">
          {items.map(({ id, event, status }) => (
            <li key={id}>
              <Link class="row" href={`/discover/${event.id}`}>
                <span class="row-date">
                  <strong>{formatDate(event.starts_at, event.timezone)}</strong>
                  <span>
                    {formatTime(event.starts_at, event.timezone)} <span class="muted">{zoneLabel(event.starts_at, event.timezone)}</span>
                  </span>
                </span>
                <span class="row-main">
                  <strong>{event.title}</strong>
                  <span class="muted">{event.venue.name}</span>
                </span>
                <span class="row-chips">
                  <Chip tone={status === "confirmed" ? "good" : status === "waitlisted" ? "warn" : "plain"}>{status === "confirmed" ? "You have a place" : status === "waitlisted" ? "Waiting list" : "Cancelled"}</Chip>
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
      {held.hasNextPage && (
        <button type="button" class="button" onClick={() => void held.fetchNextPage()}>
          Show more
        </button>
      )}
    </>
  );
}
