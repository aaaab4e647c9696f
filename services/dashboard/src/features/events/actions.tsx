/** What can be done with an event as a whole. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { cancelEvent, completeEvent, deleteEvent, duplicateEvent, publishEvent } from "../../api/events";
import type { EventView } from "../../api/types";
import { go, Link } from "../../app/router";
import { instantToZoned, zonedToInstant } from "../../lib/time";
import { Confirm } from "../../ui/dialog";
import { toast } from "../../ui/feedback";
import { TextArea, TextField } from "../../ui/form";

type Doing = "publish" | "complete" | "cancel" | "duplicate" | "delete" | null;

export function EventActions({ event }: { event: EventView }): JSX.Element {
  const [doing, setDoing] = useState<Doing>(null);
  const open = event.status === "draft" || event.status === "published";
  const button = (what: Doing, label: string, look = ""): JSX.Element => (
    <button type="button" class={`button ${look}`} onClick={() => setDoing(what)}>
      {label}
    </button>
  );
  return (
    <>
      {event.status === "draft" && button("publish", "Publish", "button-primary")}
      {open && (
        <Link class="button" href={`/events/${event.id}/edit`}>
          Edit
        </Link>
      )}
      {button("duplicate", "Duplicate")}
      {event.status === "published" && button("complete", "Complete")}
      {event.status === "published" && button("cancel", "Cancel it", "button-danger")}
      {event.status === "draft" && button("delete", "Delete", "button-danger")}
      {doing !== null && <Doer doing={doing} event={event} onClose={() => setDoing(null)} />}
    </>
  );
}

function Doer({ doing, event, onClose }: { doing: Exclude<Doing, null>; event: EventView; onClose: () => void }): JSX.Element {
  const [reason, setReason] = useState("");
  const [starts, setStarts] = useState(() => instantToZoned(new Date(Date.parse(event.starts_at) + 7 * 86_400_000).toISOString(), event.timezone));
  const shared = { onClose, renew: [["events"]] };
  switch (doing) {
    case "publish":
      return (
        <Confirm {...shared} title="Publish the event?" action="Publish" danger={false} run={() => publishEvent(event.id)} onDone={() => toast("Published.")}>
          <p>The crew are mailed at once, and the guests’ page goes up.</p>
        </Confirm>
      );
    case "complete":
      return (
        <Confirm {...shared} title="Complete the event?" action="It is done" danger={false} run={() => completeEvent(event.id)} onDone={() => toast("Completed.")}>
          <p>It moves to the past. Photos can still be added for a while.</p>
        </Confirm>
      );
    case "cancel":
      return (
        <Confirm {...shared} title="Cancel the event?" action="Cancel the event" run={() => cancelEvent(event.id, reason.trim())} onDone={() => toast("Cancelled. Everybody is told.")}>
          <p>Crew and attendees are told by mail, and the crew’s links stop working. This cannot be undone.</p>
          <TextArea label="Reason" hint="It goes into the mails; you may leave it empty." rows={2} maxLength={500} value={reason} onValue={setReason} />
        </Confirm>
      );
    case "duplicate":
      return (
        <Confirm
          {...shared}
          title="Duplicate the event"
          action="Make the copy"
          danger={false}
          run={async () => {
            const copy = await duplicateEvent(event.id, zonedToInstant(starts, event.timezone) ?? "");
            go(`/events/${copy.id}`);
          }}
          onDone={() => toast("This is the copy, a draft.")}
        >
          <TextField label="The copy starts" hint={event.timezone} type="datetime-local" required value={starts} onValue={setStarts} />
        </Confirm>
      );
    case "delete":
      return (
        <Confirm {...shared} title="Delete the draft?" action="Delete it" run={() => deleteEvent(event.id)} onDone={() => go("/events")}>
          <p>It is gone then. Nobody has been told of it.</p>
        </Confirm>
      );
  }
}
