/** A public event, and the way in. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { getPublicEvent } from "../../api/public";
import { ApiError } from "../../api/problem";
import type { PublicEvent } from "../../api/types";
import { Link, type Params } from "../../app/router";
import { formatSpan, onOwnClock, zoneLabel } from "../../lib/time";
import { Chip } from "../../ui/chip";
import { Empty, Failed, Skeleton } from "../../ui/feedback";
import { Card, Facts, PageHead } from "../../ui/page";
import { placesLeft } from "./list";
import { RegisterCard } from "./register-card";

export default function PublicEventPage({ params }: { params: Params }): JSX.Element {
  const id = params.id ?? "";
  const event = useQuery({ queryKey: ["public-event", id], queryFn: () => getPublicEvent(id) });
  if (event.isPending) return <Skeleton lines={8} label="Loading the event" />;
  if (event.data !== undefined) return <Shown event={event.data} />;
  if (event.error instanceof ApiError && event.error.status === 404) {
    return (
      <Empty page icon="compass" title="There is no such event">
        <p>It may have been taken down, or is only for those invited.</p>
        <Link class="button" href="/discover">
          Find another
        </Link>
      </Empty>
    );
  }
  return <Failed error={event.error} retry={() => void event.refetch()} />;
}

function Shown({ event }: { event: PublicEvent }): JSX.Element {
  const { venue } = event;
  const left = placesLeft(event);
  return (
    <>
      <p class="crumb">
        <Link href="/discover">All events</Link>
      </p>
      <PageHead title={event.title} lead={event.organizer?.name} chips={left === null ? undefined : <Chip tone={left.tone}>{left.text}</Chip>} />
      {event.banner_url !== null && <img class="banner" src={event.banner_url} alt="" />}
      <div class="columns">
        <div class="stack-large">
          {event.description !== "" && (
            <Card title="About">
              <p class="prose">{event.description}</p>
            </Card>
          )}
          <RegisterCard event={event} />
        </div>
        <Card title="Facts">
          <Facts
            facts={[
              ["When", `${formatSpan(event.starts_at, event.ends_at, event.timezone)} (${zoneLabel(event.starts_at, event.timezone)})`],
              ["On your clock", onOwnClock(event.starts_at, event.timezone)],
              ["Where", [venue.name, venue.address].filter(Boolean).join(", ") || (venue.type === "online" ? "Online" : null)],
              ["Link", venue.url === null ? null : <a href={venue.url} target="_blank" rel="noopener noreferrer">{venue.url}</a>],
              ["Category", event.category],
              ["Places", event.capacity === null ? null : `${event.registered_count} of ${event.capacity} taken`],
            ]}
          />
        </Card>
      </div>
    </>
  );
}
