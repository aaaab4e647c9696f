/** The crew of an event: their answer, and whether the mail reached them. */
import type { JSX } from "preact";
import type { Assignment, EventView } from "../../api/types";
import { ago } from "../../lib/time";
import { StateChip } from "../../ui/chip";
import { Empty } from "../../ui/feedback";
import { Card } from "../../ui/page";

export function CrewCard({ event }: { event: EventView }): JSX.Element {
  const crew = event.crew.filter((each) => each.status !== "removed");
  return (
    <Card title="Crew">
      {crew.length === 0 ? (
        <Empty icon="crew" title="Nobody is assigned yet" />
      ) : (
        <ul class="people">
          {crew.map((each) => (
            <Person key={each.id} assignment={each} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Person({ assignment }: { assignment: Assignment }): JSX.Element {
  const { crew_member: member, role, status, delivery, responded_at: answered, decline_reason: reason, clashes } = assignment;
  return (
    <li class="person-row">
      <span class="avatar" aria-hidden="true">
        {initials(member.name)}
      </span>
      <div class="person-main">
        <strong>{member.name}</strong> <span class="muted">{role}</span>
        {answered !== null && <p class="muted small">Answered {ago(answered)}</p>}
        {reason !== null && reason !== "" && <p class="quote">“{reason}”</p>}
        {clashes.map((clash) => (
          <p key={clash.event_id} class="small warn-text">
            Also asked for “{clash.title}” at that time
          </p>
        ))}
      </div>
      <div class="chips">
        <StateChip of="assignment" state={status} />
        {delivery !== null && status === "invited" && <StateChip of="delivery" state={delivery} />}
      </div>
    </li>
  );
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => String.fromCodePoint(word?.codePointAt(0) ?? 32)).join("").trim().toUpperCase();
}
