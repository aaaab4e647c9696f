/** Checking people in: by code at the desk, and links that turn any phone into the door, camera and all. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { checkIn, createStaffLink, listStaffLinks, type NewStaffLink, revokeStaffLink, type StaffLink } from "../../api/checkins";
import { getEvent } from "../../api/events";
import { ApiError } from "../../api/problem";
import { Link, type Params } from "../../app/router";
import { ago } from "../../lib/time";
import { Chip } from "../../ui/chip";
import { CopyLine } from "../../ui/copy";
import { Confirm, Dialog } from "../../ui/dialog";
import { Empty, Failed, Notice, Skeleton, toast } from "../../ui/feedback";
import { SubmitButton, TextField, useSending } from "../../ui/form";
import { Icon } from "../../ui/icon";
import { Card, PageHead } from "../../ui/page";
import { eventKey } from "../events/keys";

export default function CheckIn({ params }: { params: Params }): JSX.Element {
  const id = params.id ?? "";
  const event = useQuery({ queryKey: eventKey(id), queryFn: () => getEvent(id) });
  return (
    <div class="stack-large narrow">
      <p class="crumb">
        <Link href={`/events/${id}`}>{event.data?.title ?? "The event"}</Link>
      </p>
      <PageHead title="Check in" actions={<Link class="button" href={`/events/${id}/attendees`}>Attendees</Link>} />
      <CodeCard eventId={id} />
      <LinksCard eventId={id} />
    </div>
  );
}

function CodeCard({ eventId }: { eventId: string }): JSX.Element {
  const [code, setCode] = useState("");
  const sending = useSending(() => checkIn(eventId, code.trim()), { renew: [["attendees", eventId]], after: () => setCode("") });
  const used = sending.error instanceof ApiError && sending.error.type.endsWith("already-checked-in") ? sending.error.body : null;
  return (
    <Card title="By code">
      <form class="stack" onSubmit={sending.submit}>
        <TextField label="Code of the ticket" hint="Under the QR code. A hand scanner types it, too." required autoComplete="off" maxLength={300} value={code} onValue={setCode} error={sending.field("code")} />
        <div aria-live="assertive">
          {used !== null ? (
            <Notice tone="warn">
              <p>
                <strong>{String(used.name)} is in already</strong>, since {ago(String(used.checked_in_at))}, let in by {String(used.checked_in_by)}.
              </p>
            </Notice>
          ) : (
            sending.problem
          )}
          {sending.done !== undefined && sending.error === null && (
            <Notice tone="good">
              <strong>Welcome, {sending.done.name}</strong>
            </Notice>
          )}
        </div>
        <SubmitButton busy={sending.busy}>Check in</SubmitButton>
      </form>
    </Card>
  );
}

function LinksCard({ eventId }: { eventId: string }): JSX.Element {
  const [label, setLabel] = useState("");
  const [made, setMade] = useState<NewStaffLink | null>(null);
  const [ending, setEnding] = useState<StaffLink | null>(null);
  const key = ["staff-links", eventId];
  const links = useQuery({ queryKey: key, queryFn: () => listStaffLinks(eventId) });
  const sending = useSending(() => createStaffLink(eventId, label.trim()), {
    renew: [key],
    after: (link) => {
      setMade(link);
      setLabel("");
    },
  });
  const live = (links.data?.items ?? []).filter((link) => link.revoked_at === null);
  return (
    <Card title="By phone, at the door">
      <div class="stack">
        <p class="muted">A link opens the door’s page on any phone: it scans with the camera, needs no account, and goes on without a network.</p>
        <form class="fields" onSubmit={sending.submit}>
          <TextField label="Name of the door" placeholder="Front entrance" required maxLength={60} autoComplete="off" value={label} onValue={setLabel} error={sending.field("label")} />
          <SubmitButton busy={sending.busy}>Make a link</SubmitButton>
        </form>
        {sending.problem}
        {links.isPending ? (
          <Skeleton lines={2} />
        ) : links.isError ? (
          <Failed error={links.error} retry={() => void links.refetch()} />
        ) : live.length === 0 ? (
          <Empty icon="qr" title="No link is open" />
        ) : (
          <ul class="people">
            {live.map((link) => (
              <li key={link.id} class="person-row two">
                <div class="person-main">
                  <strong>{link.label}</strong>
                  <p class="muted small">
                    made {ago(link.created_at)}, ends {ago(link.expires_at)}
                  </p>
                </div>
                <div class="actions">
                  {Date.parse(link.expires_at) < Date.now() && <Chip tone="plain">Over</Chip>}
                  <button type="button" class="button button-small button-danger" aria-label={`End the link ${link.label}`} onClick={() => setEnding(link)}>
                    End
                  </button>
                </div>
              </li>
            ))}
          </ul>
        )}
      </div>
      {made !== null && (
        <Dialog title={made.label} onClose={() => setMade(null)}>
          <Notice tone="warn">The address is shown this once. Whoever has it can let people in until it ends.</Notice>
          <img class="qr qr-large" src={made.qr_svg} alt="QR code that opens the door’s page" width={192} height={192} />
          <CopyLine text={made.url} what="The link" />
          <div class="actions">
            <a class="button button-primary" href={made.url} target="_blank" rel="noopener">
              <Icon name="qr" /> Open it on this device
            </a>
          </div>
        </Dialog>
      )}
      {ending !== null && (
        <Confirm title={`End the link of ${ending.label}?`} action="End it" run={() => revokeStaffLink(eventId, ending.id)} renew={[key]} onDone={() => toast("The link is dead.")} onClose={() => setEnding(null)}>
          <p>Phones that have it open can let nobody in any more.</p>
        </Confirm>
      )}
    </Card>
  );
}
