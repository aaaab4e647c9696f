/** The photos that a job cannot be completed without. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { getShots, putShots } from "../../api/crew";
import { Chip } from "../../ui/chip";
import { Failed, Skeleton } from "../../ui/feedback";
import { SubmitButton, TextField, useSending } from "../../ui/form";
import { Card } from "../../ui/page";

const POLL_MS = 15_000;

export function ShotListCard({ eventId }: { eventId: string }): JSX.Element {
  const shots = useQuery({ queryKey: ["shots", eventId], queryFn: () => getShots(eventId), refetchInterval: POLL_MS });
  const [editing, setEditing] = useState(false);
  return (
    <Card
      title="Shot list"
      actions={
        !editing && (
          <button type="button" class="button button-small" onClick={() => setEditing(true)}>
            Change
          </button>
        )
      }
    >
      {shots.isPending ? (
        <Skeleton lines={2} />
      ) : shots.data === undefined ? (
        <Failed error={shots.error} retry={() => void shots.refetch()} />
      ) : editing ? (
        <Editor eventId={eventId} before={shots.data.before_wanted} after={shots.data.after_wanted} onDone={() => setEditing(false)} />
      ) : (
        <div class="chips">
          <Counted label="Before" have={shots.data.before} wanted={shots.data.before_wanted} />
          <Counted label="After" have={shots.data.after} wanted={shots.data.after_wanted} />
        </div>
      )}
    </Card>
  );
}

function Counted({ label, have, wanted }: { label: string; have: number; wanted: number }): JSX.Element {
  return <Chip tone={wanted === 0 ? "plain" : have >= wanted ? "good" : "warn"}>{wanted === 0 ? `${label}: ${have}` : `${label}: ${have} of ${wanted}`}</Chip>;
}

function Editor({ eventId, before, after, onDone }: { eventId: string; before: number; after: number; onDone: () => void }): JSX.Element {
  const [wantedBefore, setBefore] = useState(String(before));
  const [wantedAfter, setAfter] = useState(String(after));
  const sending = useSending(() => putShots(eventId, { before: Number(wantedBefore), after: Number(wantedAfter) }), { renew: [["shots", eventId]], after: onDone });
  return (
    <form class="stack" onSubmit={sending.submit}>
      <div class="fields">
        <TextField label="Photos before" type="number" min={0} max={50} required value={wantedBefore} onValue={setBefore} error={sending.field("before")} />
        <TextField label="Photos after" type="number" min={0} max={50} required value={wantedAfter} onValue={setAfter} error={sending.field("after")} />
      </div>
      {sending.problem}
      <div class="actions">
        <SubmitButton busy={sending.busy}>Save</SubmitButton>
        <button type="button" class="button" onClick={onDone}>
          Never mind
        </button>
      </div>
    </form>
  );
}
