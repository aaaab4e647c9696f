/** Changes an event. Only what differs is sent; somebody else's change in between is noticed. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { changeEvent, getEvent } from "../../api/events";
import { ApiError } from "../../api/problem";
import type { EventView } from "../../api/types";
import { go, Link, type Params } from "../../app/router";
import { Failed, Notice, Skeleton, toast } from "../../ui/feedback";
import { SubmitButton, useSending } from "../../ui/form";
import { PageHead } from "../../ui/page";
import { changesOf, type Draft, draftErrors, draftOf } from "./draft";
import { eventKey } from "./keys";
import { QuestionsSection } from "./questions-section";
import { BasicsSection, PeopleSection, PlaceSection, TeamSection, zonedKnown } from "./form";

export default function EditEvent({ params }: { params: Params }): JSX.Element {
  const id = params.id ?? "";
  const event = useQuery({ queryKey: eventKey(id), queryFn: () => getEvent(id), refetchOnWindowFocus: false });
  if (event.isPending) return <Skeleton lines={8} label="Loading the event" />;
  if (event.data === undefined) return <Failed error={event.error} retry={() => void event.refetch()} />;
  return <Form event={event.data} />;
}

function Form({ event: current }: { event: EventView }): JSX.Element {
  // What was read when the form opened; the version goes with it.
  const [event, setEvent] = useState(current);
  const [draft, setDraft] = useState<Draft>(() => draftOf(event));
  const set = (change: Partial<Draft>): void => setDraft((before) => ({ ...before, ...change }));
  const errors = zonedKnown(draft.timezone) ? draftErrors(draft) : {};
  const changes = Object.keys(errors).length > 0 || !zonedKnown(draft.timezone) ? {} : changesOf(draft, event);
  const moves = "starts_at" in changes || "ends_at" in changes || "venue" in changes || "timezone" in changes;
  const sending = useSending(() => changeEvent(event.id, event.version, changes), {
    renew: [["events"]],
    after: () => {
      toast("The changes are saved.");
      go(`/events/${event.id}`);
    },
  });
  const outdated = sending.error instanceof ApiError && sending.error.status === 412;
  const section = { draft, errors, refused: sending.field, set };
  return (
    <form class="stack-large narrow" onSubmit={sending.submit} noValidate>
      <p class="crumb">
        <Link href={`/events/${event.id}`}>{event.title}</Link>
      </p>
      <PageHead title="Edit the event" />
      <BasicsSection {...section} />
      <PlaceSection {...section} />
      <TeamSection {...section} />
      <PeopleSection {...section} />
      <QuestionsSection questions={draft.questions} problem={errors.questions ?? sending.field("questions")} onQuestions={(questions) => set({ questions })} />
      {moves && event.crew.length > 0 && <Notice tone="warn">Time or place changes: the crew get a mail with the difference, and those affected are asked again.</Notice>}
      {outdated ? (
        <Notice tone="bad">
          <p>Somebody else has changed this event in the meantime. Nothing was overwritten.</p>
          <button
            type="button"
            class="button button-small"
            onClick={() => {
              setEvent(current);
              setDraft(draftOf(current));
            }}
          >
            Show me theirs
          </button>
        </Notice>
      ) : (
        sending.problem
      )}
      <div class="actions form-end">
        {Object.keys(changes).length > 0 ? <SubmitButton busy={sending.busy}>Save the changes</SubmitButton> : <p class="muted">{Object.keys(errors).length > 0 ? "Please check the marked fields." : "Nothing is changed yet."}</p>}
        <Link class="button button-quiet" href={`/events/${event.id}`}>
          Back
        </Link>
      </div>
    </form>
  );
}
