/** What was done with an event, and by whom; fetched when somebody unfolds it. */
import { useInfiniteQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { listLog } from "../../api/events";
import { Failed, Skeleton } from "../../ui/feedback";
import { Card } from "../../ui/page";
import { clock, readable } from "../deliveries/trace";

export function LogCard({ eventId }: { eventId: string }): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <Card
      title="What happened"
      actions={
        <button type="button" class="button button-small" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Hide" : "Show"}
        </button>
      }
    >
      {open && <Entries eventId={eventId} />}
    </Card>
  );
}

function Entries({ eventId }: { eventId: string }): JSX.Element {
  const log = useInfiniteQuery({
    queryKey: ["log", eventId],
    queryFn: ({ pageParam }) => listLog(eventId, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
  if (log.isPending) return <Skeleton lines={3} label="Loading what happened" />;
  if (log.isError) return <Failed error={log.error} retry={() => void log.refetch()} />;
  const entries = log.data.pages.flatMap((page) => page.items);
  return (
    <>
      <ol class="timeline">
        {entries.map((entry) => (
          <li key={entry.id}>
            <span>
              <strong>{entry.actor_name === "" ? readable(entry.actor) : entry.actor_name}</strong> {readable(entry.action).toLowerCase()}
              {entry.changed.length > 0 && <span class="muted"> · {entry.changed.map(readable).join(", ")}</span>}
            </span>
            <time class="muted small" dateTime={entry.at}>
              {clock(entry.at)}
            </time>
          </li>
        ))}
      </ol>
      {log.hasNextPage && (
        <button type="button" class="button button-small" onClick={() => void log.fetchNextPage()}>
          Show more
        </button>
      )}
    </>
  );
}
