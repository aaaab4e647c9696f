/** Picks crew from the roster, each with a role; they are mailed as soon as the event is saved. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { listRoster } from "../../api/crew";
import { Link } from "../../app/router";
import { Empty, Failed, Skeleton } from "../../ui/feedback";
import { Field } from "../../ui/form";
import { initials } from "./crew-card";
import type { CrewPick } from "./draft";

/** The role that somebody's first skill suggests. */
export function roleOf({ skills: [first = ""] }: { skills: readonly string[] }): string {
  return first.charAt(0).toLocaleUpperCase() + first.slice(1);
}

export const rosterKey = (orgId: string): unknown[] => ["roster", orgId];

export function CrewPicker({ orgId, picks, onPicks }: { orgId: string; picks: readonly CrewPick[]; onPicks: (picks: CrewPick[]) => void }): JSX.Element {
  const roster = useQuery({ queryKey: rosterKey(orgId), queryFn: () => listRoster(orgId) });
  if (roster.isPending) return <Skeleton lines={3} label="Loading the roster" />;
  if (roster.data === undefined) return <Failed error={roster.error} retry={() => void roster.refetch()} />;
  if (roster.data.length === 0) {
    return (
      <Empty icon="crew" title="The roster is empty">
        <p>
          Add people on the <Link href="/crew">crew page</Link> first; you can assign them later as well.
        </p>
      </Empty>
    );
  }
  const free = roster.data.filter((member) => !picks.some((pick) => pick.memberId === member.id));
  const change = (index: number, part: Partial<CrewPick>): void => onPicks(picks.map((pick, each) => (each === index ? { ...pick, ...part } : pick)));
  return (
    <div class="stack">
      <ul class="people">
        {picks.map((pick, index) => {
          const name = roster.data.find((member) => member.id === pick.memberId)?.name ?? "Somebody";
          return (
            <li key={pick.memberId} class="person-row pick">
              <span class="avatar" aria-hidden="true">
                {initials(name)}
              </span>
              <div class="pick-fields">
                <strong>{name}</strong>
                <input class="input" aria-label={`Role of ${name}`} placeholder="Role" maxLength={60} value={pick.role} onInput={(event) => change(index, { role: event.currentTarget.value })} />
                <label class="check">
                  <input type="checkbox" checked={pick.standby} onChange={(event) => change(index, { standby: event.currentTarget.checked })} />
                  <span>Standby</span>
                </label>
                <button type="button" class="link-button" aria-label={`Remove ${name}`} onClick={() => onPicks(picks.filter((_, each) => each !== index))}>
                  Remove
                </button>
              </div>
            </li>
          );
        })}
      </ul>
      {free.length > 0 && (
        <Field label={picks.length === 0 ? "Who is to come?" : "Who else?"}>
          {(control) => (
            <select
              class="input"
              {...control}
              value=""
              onChange={(event) => {
                const member = roster.data.find((each) => each.id === event.currentTarget.value);
                if (member !== undefined) onPicks([...picks, { memberId: member.id, role: roleOf(member), standby: false }]);
                event.currentTarget.value = "";
              }}
            >
              <option value="">Choose somebody</option>
              {free.map((member) => (
                <option key={member.id} value={member.id}>
                  {member.skills.length === 0 ? member.name : `${member.name} (${member.skills.join(", ")})`}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
    </div>
  );
}
