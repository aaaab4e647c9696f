/** "Why did or didn't they get it?": the mails of one assignment, or one mail, step by step. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { getTrace, listDeliveries, resend } from "../../api/deliveries";
import type { Delivery } from "../../api/types";
import { StateChip } from "../../ui/chip";
import { Dialog } from "../../ui/dialog";
import { Empty, Failed, Skeleton, toast } from "../../ui/feedback";
import { useSending } from "../../ui/form";

const POLL_MS = 4_000;

/** A template's or a step's name, readable. */
export function readable(name: string): string {
  const words = name.replaceAll(/[._-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const STEPS: Readonly<Record<string, string>> = {
  queued: "Written and queued",
  claimed: "Taken up for sending",
  handed_to_ses: "Handed to the mail service",
  ses_accepted: "Accepted by the mail service",
  ses_refused: "Refused by the mail service",
  event_send: "Sent by the mail service",
  event_delivery: "Delivered to their mailbox",
  event_bounce: "Their mailbox refused it",
  event_complaint: "They marked it as unwanted",
  event_reject: "Rejected by the mail service",
  event_delivery_delay: "Delayed on the way",
  event_open: "The mail was opened",
  event_click: "A link in it was followed",
  suppressed: "Not sent",
  failed: "Given up",
  retrying: "Trying again",
  postponed: "Put off",
  opened: "They opened the link",
  opened_by_machine: "A program opened the link, which changes nothing",
  answered: "They answered",
  unsubscribed: "They unsubscribed",
  resent: "Sent once more",
};

/** What of a step's detail says something to a person. */
const TELLING = ["reason", "because", "answer", "error", "errorMessage", "bounceType", "bounceSubType", "status", "delayType", "complaintFeedbackType", "scope"];

export function detailText(detail: { readonly [name: string]: unknown }): string {
  return TELLING.map((name) => detail[name])
    .filter((value): value is string => typeof value === "string" && value !== "")
    .map((value) => value.replaceAll("_", " "))
    .join(", ");
}

export function clock(instant: string): string {
  return new Date(instant).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** The drawer over the mails of one assignment. */
export function AssignmentTrace({ eventId, assignmentId, name, onClose }: { eventId: string; assignmentId: string; name: string; onClose: () => void }): JSX.Element {
  const mails = useQuery({
    queryKey: ["deliveries", "assignment", assignmentId],
    queryFn: async () => (await listDeliveries({ event_id: eventId, assignment_id: assignmentId })).items,
    refetchInterval: POLL_MS,
  });
  return (
    <Dialog title={`Mails to ${name}`} drawer onClose={onClose}>
      {mails.isPending ? (
        <Skeleton lines={5} label="Loading the mails" />
      ) : mails.data === undefined ? (
        <Failed error={mails.error} retry={() => void mails.refetch()} />
      ) : mails.data.length === 0 ? (
        <Empty icon="mail" title="No mail was written yet" />
      ) : (
        mails.data.map((mail) => <Trace key={mail.id} delivery={mail} />)
      )}
    </Dialog>
  );
}

export function Trace({ delivery }: { delivery: Delivery }): JSX.Element {
  const traced = useQuery({ queryKey: ["deliveries", "one", delivery.id], queryFn: () => getTrace(delivery.id), refetchInterval: POLL_MS });
  const again = useSending(() => resend(delivery.id), { renew: [["deliveries"]], after: () => toast("It is sent again.") });
  const state = traced.data?.status ?? delivery.status;
  return (
    <article class="stack trace">
      <div class="trace-head">
        <div>
          <h3>{readable(delivery.template)}</h3>
          <p class="muted small">{delivery.recipient}</p>
        </div>
        <StateChip of="delivery" state={state} />
      </div>
      {delivery.reason !== null && delivery.reason !== "" && <p class="small bad-text">{readable(delivery.reason)}</p>}
      {traced.isPending ? (
        <Skeleton lines={3} label="Loading the trace" />
      ) : traced.data === undefined ? (
        <Failed error={traced.error} />
      ) : (
        <ol class="timeline">
          {traced.data.trace.map((step, index) => (
            <li key={index}>
              <span>
                <strong>{STEPS[step.kind] ?? readable(step.kind)}</strong>
                {detailText(step.detail ?? {}) !== "" && <span class="muted"> · {detailText(step.detail ?? {})}</span>}
              </span>
              <time class="muted small" dateTime={step.at}>
                {clock(step.at)}
              </time>
            </li>
          ))}
        </ol>
      )}
      {again.problem}
      {traced.data?.can_resend === true && (
        <div class="actions">
          <button type="button" class="button button-small" aria-disabled={again.busy} onClick={again.send}>
            Send it again
          </button>
        </div>
      )}
    </article>
  );
}
