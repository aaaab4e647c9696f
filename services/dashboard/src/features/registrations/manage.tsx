/** A registration by the link of its mail: see the ticket, or give the place back. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ApiError } from "../../api/problem";
import { cancelByLink, heldByLink } from "../../api/public";
import { Link, type Params } from "../../app/router";
import { formatSpan, zoneLabel } from "../../lib/time";
import { Confirm } from "../../ui/dialog";
import { Empty, Failed, Skeleton, toast } from "../../ui/feedback";
import { Card, Facts, PageHead } from "../../ui/page";
import { TicketView } from "../discover/ticket";

export default function ManageRegistration({ params }: { params: Params }): JSX.Element {
  const token = params.token ?? "";
  const [leaving, setLeaving] = useState(false);
  const held = useQuery({ queryKey: ["held", token], queryFn: () => heldByLink(token) });
  if (held.isPending) return <Skeleton lines={6} label="Loading your registration" />;
  if (held.data === undefined) {
    return held.error instanceof ApiError && held.error.status < 500 ? (
      <Empty page icon="ticket" title="This link does not hold any more">
        <p>Open it from the newest mail about the event, or register again.</p>
        <Link class="button" href="/discover">
          Find an event
        </Link>
      </Empty>
    ) : (
      <Failed error={held.error} retry={() => void held.refetch()} />
    );
  }
  const { event, name, email, status } = held.data;
  return (
    <div class="stack-large narrow">
      <PageHead title={event.title} lead={`${formatSpan(event.starts_at, event.ends_at, event.timezone)} · ${zoneLabel(event.starts_at, event.timezone)}`} />
      <Card title="Your registration">
        <div class="stack">
          <TicketView registration={held.data} />
          <Facts
            facts={[
              ["Name", name],
              ["Email", email],
              ["Where", [event.venue.name, event.venue.address].filter(Boolean).join(", ")],
            ]}
          />
          {status !== "cancelled" && (
            <div class="actions">
              <button type="button" class="button button-danger" onClick={() => setLeaving(true)}>
                I can’t come
              </button>
            </div>
          )}
        </div>
      </Card>
      {leaving && (
        <Confirm title="Give your place back?" action="Give it back" run={() => cancelByLink(token)} renew={[["held", token]]} onDone={() => toast("Your place goes to the next.")} onClose={() => setLeaving(false)}>
          <p>If others are waiting, the first of them gets it at once.</p>
        </Confirm>
      )}
    </div>
  );
}
