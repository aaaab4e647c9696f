/** The crew of an event: their answer, whether the mail reached them, and what can be done about it. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assign, listRoster, remind, unassign } from "../../api/crew";
import type { Assignment, EventView } from "../../api/types";
import { Link } from "../../app/router";
import { ago } from "../../lib/time";
import { Chip, StateChip } from "../../ui/chip";
import { Confirm, Dialog } from "../../ui/dialog";
import { Empty, Failed, Skeleton, toast } from "../../ui/feedback";
import { SelectField, SubmitButton, TextField, useSending } from "../../ui/form";
import { Icon } from "../../ui/icon";
import { Card } from "../../ui/page";
import { AssignmentTrace } from "../deliveries/trace";
import { AssignmentDialog } from "./assignment-dialog";
import { roleOf } from "./crew-picker";

const FIELD: Readonly<Record<string, string>> = { on_my_way: "On the way", on_the_way: "On the way", arrived: "Arrived", done: "Done" };

export function CrewCard({ event }: { event: EventView }): JSX.Element {
  const [adding, setAdding] = useState(false);
  const crew = event.crew.filter((each) => each.status !== "removed");
  const open = event.status === "draft" || event.status === "published";
  return (
    <Card
      title="Crew"
      actions={
        open && (
          <button type="button" class="button button-small" onClick={() => setAdding(true)}>
            <Icon name="plus" /> Assign
          </button>
        )
      }
    >
      {crew.length === 0 ? (
        <Empty icon="crew" title="Nobody is assigned yet">
          <p>Whom you assign is mailed a link to confirm with one press.</p>
        </Empty>
      ) : (
        <ul class="people">
          {crew.map((each) => (
            <Person key={each.id} event={event} assignment={each} open={open} />
          ))}
        </ul>
      )}
      {adding && <Assign event={event} onClose={() => setAdding(false)} />}
    </Card>
  );
}

function Person({ event, assignment, open }: { event: EventView; assignment: Assignment; open: boolean }): JSX.Element {
  const [tracing, setTracing] = useState(false);
  const [removing, setRemoving] = useState(false);
  const [editing, setEditing] = useState(false);
  const { crew_member: member, role, status, delivery, responded_at: answered, decline_reason: reason, clashes, field_status: field } = assignment;
  const reminding = useSending(() => remind(event.id, assignment.id), { renew: [["events"]], after: () => toast(`${member.name} is reminded.`) });
  return (
    <li class="person-row">
      <span class="avatar" aria-hidden="true">
        {initials(member.name)}
      </span>
      <div class="person-main">
        <strong>{member.name}</strong> <span class="muted">{role}</span>
        {answered !== null && <p class="muted small">Answered {ago(answered)}</p>}
        {reason !== null && reason !== "" && <p class="quote">“{reason}”</p>}
        {assignment.worked_minutes !== null && <p class="small">Worked {Math.round((assignment.worked_minutes / 60) * 10) / 10} hours</p>}
        {clashes.map((clash) => (
          <p key={clash.event_id} class="small warn-text">
            Also asked for <Link href={`/events/${clash.event_id}`}>“{clash.title}”</Link> at that time
          </p>
        ))}
        {reminding.problem}
        <div class="person-actions">
          <button type="button" class="link-button small" aria-label={`Mails to ${member.name}`} onClick={() => setTracing(true)}>
            Mails
          </button>
          {open && status === "invited" && (
            <button type="button" class="link-button small" aria-label={`Remind ${member.name}`} aria-disabled={reminding.busy} onClick={reminding.send}>
              Remind
            </button>
          )}
          <button type="button" class="link-button small" aria-label={`Edit ${member.name}`} onClick={() => setEditing(true)}>
            Edit
          </button>
          {open && (
            <button type="button" class="link-button small" aria-label={`Remove ${member.name}`} onClick={() => setRemoving(true)}>
              Remove
            </button>
          )}
        </div>
      </div>
      <div class="chips">
        {field != null && <Chip tone="info">{FIELD[field] ?? field}</Chip>}
        <StateChip of="assignment" state={status} />
        {delivery !== null && status === "invited" && <StateChip of="delivery" state={delivery} />}
      </div>
      {tracing && <AssignmentTrace eventId={event.id} assignmentId={assignment.id} name={member.name} onClose={() => setTracing(false)} />}
      {editing && <AssignmentDialog event={event} assignment={assignment} onClose={() => setEditing(false)} />}
      {removing && (
        <Confirm title={`Remove ${member.name}?`} action="Remove" run={() => unassign(event.id, assignment.id)} renew={[["events"]]} onClose={() => setRemoving(false)}>
          <p>The link in their mail stops working at once, and they are told.</p>
        </Confirm>
      )}
    </li>
  );
}

function Assign({ event, onClose }: { event: EventView; onClose: () => void }): JSX.Element {
  const roster = useQuery({ queryKey: ["roster", event.org_id], queryFn: () => listRoster(event.org_id) });
  const [memberId, setMemberId] = useState("");
  const [role, setRole] = useState("");
  const [standby, setStandby] = useState(false);
  const rank = event.crew.filter((each) => each.status === "standby").length + 1;
  const sending = useSending(() => assign(event.id, { crew_member_id: memberId, role: role.trim() === "" ? "Crew" : role.trim(), ...(standby ? { standby_rank: rank } : {}) }), {
    renew: [["events"]],
    after: () => {
      toast(event.status === "published" && !standby ? "Assigned. The mail is on its way." : "Assigned.");
      onClose();
    },
  });
  const taken = new Set(event.crew.filter((each) => each.status !== "removed").map((each) => each.crew_member.id));
  const free = (roster.data ?? []).filter((member) => !taken.has(member.id));
  return (
    <Dialog title="Assign crew" onClose={onClose}>
      {roster.isPending ? (
        <Skeleton lines={3} />
      ) : roster.isError ? (
        <Failed error={roster.error} />
      ) : free.length === 0 ? (
        <Empty icon="crew" title="Nobody else is on the roster">
          <Link class="button" href="/crew">
            To the roster
          </Link>
        </Empty>
      ) : (
        <form
          class="stack"
          onSubmit={(submitted) => {
            submitted.preventDefault();
            if (memberId !== "") sending.send();
          }}
        >
          <SelectField
            label="Who"
            value={memberId}
            options={[["", "Choose somebody"], ...free.map((member) => [member.id, member.name] as const)]}
            onValue={(id) => {
              setMemberId(id);
              setRole((before) => (before === "" ? roleOf(free.find((member) => member.id === id) ?? { skills: [] }) : before));
            }}
          />
          <TextField label="Role" required maxLength={60} value={role} onValue={setRole} error={sending.field("role")} />
          <label class="check">
            <input type="checkbox" checked={standby} onChange={(changed) => setStandby(changed.currentTarget.checked)} />
            <span>Standby: asked only when somebody declines</span>
          </label>
          {sending.problem}
          <SubmitButton busy={sending.busy}>Assign</SubmitButton>
        </form>
      )}
    </Dialog>
  );
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = (word: string | undefined): string => String.fromCodePoint(word?.codePointAt(0) ?? 32);
  return `${first(words[0])}${words.length > 1 ? first(words.at(-1)) : ""}`.trim().toUpperCase();
}
