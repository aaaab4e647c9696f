/** Who did what, newest first. */
import { useInfiniteQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { listAudit } from "../../api/organisations";
import type { AuditEntry } from "../../api/types";
import { Link } from "../../app/router";
import { Empty, Failed, Skeleton } from "../../ui/feedback";
import { Card } from "../../ui/page";
import { clock, readable } from "../deliveries/trace";
import { detailOf, eventOf, wordsOf } from "./audit-words";
import { OrganisationSettings } from "./layout";

export default function Audit(): JSX.Element {
  return <OrganisationSettings ownersOnly>{(organisation) => <Log key={organisation.id} orgId={organisation.id} />}</OrganisationSettings>;
}

function Log({ orgId }: { orgId: string }): JSX.Element {
  const log = useInfiniteQuery({
    queryKey: ["audit", orgId],
    queryFn: ({ pageParam }) => listAudit(orgId, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
  const entries = log.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Card title="Audit log">
      {log.isPending ? (
        <Skeleton lines={6} label="Loading the log" />
      ) : log.isError ? (
        <Failed error={log.error} retry={() => void log.refetch()} />
      ) : entries.length === 0 ? (
        <Empty icon="clock" title="Nothing was done yet" />
      ) : (
        <ol class="timeline">
          {entries.map((entry) => (
            <li key={entry.id}>
              <span>
                <strong>{entry.actor_name === "" ? readable(entry.actor_kind) : entry.actor_name}</strong> {wordsOf(entry.action)}
                <Detail entry={entry} />
              </span>
              <time class="muted small" dateTime={entry.occurred_at}>
                {clock(entry.occurred_at)}
              </time>
            </li>
          ))}
        </ol>
      )}
      {log.hasNextPage && (
        <button type="button" class="button" onClick={() => void log.fetchNextPage()}>
          Show more
        </button>
      )}
    </Card>
  );
}

function Detail({ entry }: { entry: AuditEntry }): JSX.Element {
  const [event, detail] = [eventOf(entry), detailOf(entry)];
  return (
    <>
      {detail !== "" && <span class="muted"> · {detail}</span>}
      {event !== null && (
        <>
          {" "}
          · <Link href={`/events/${event}`}>Event</Link>
        </>
      )}
    </>
  );
}
