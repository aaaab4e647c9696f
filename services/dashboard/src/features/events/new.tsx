/** A new event. */
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { createEvent, createSeries } from "../../api/events";
import { useOrganisation } from "../../app/organisation";
import { go, Link } from "../../app/router";
import { Notice, Skeleton, toast } from "../../ui/feedback";
import { useSending } from "../../ui/form";
import { Card, PageHead } from "../../ui/page";
import { CrewPicker } from "./crew-picker";
import { crewOf, type Draft, draftErrors, financeOf, inputOf, newDraft } from "./draft";
import { BasicsSection, PeopleSection, PlaceSection, TeamSection, zonedKnown } from "./form";
import { MoneyFields } from "./money-fields";
import { QuestionsSection } from "./questions-section";
import { RepeatFields, ruleOf } from "./repeat";

export default function NewEvent(): JSX.Element {
  const organisation = useOrganisation();
  if (organisation === undefined) return <Skeleton lines={8} />;
  if (organisation === null) return <Notice>Create an organisation first.</Notice>;
  return <Form key={organisation.id} orgId={organisation.id} />;
}

function Form({ orgId }: { orgId: string }): JSX.Element {
  const [draft, setDraft] = useState<Draft>(() => newDraft());
  const [checked, setChecked] = useState(false);
  const publish = useRef(true);
  // One key for this form: pressing again after a lost answer gives the same event.
  const key = useRef(crypto.randomUUID());
  const set = (change: Partial<Draft>): void => {
    key.current = crypto.randomUUID();
    setDraft((before) => ({ ...before, ...change }));
  };
  const errors = checked && zonedKnown(draft.timezone) ? draftErrors(draft) : {};
  const sending = useSending(
    () => {
      const finance = financeOf(draft);
      const body = { ...inputOf(draft), org_id: orgId, crew: crewOf(draft.crew), ...(finance === null ? {} : { finance }), publish: publish.current };
      const rrule = ruleOf(draft);
      if (rrule !== null) return createSeries({ ...body, rrule }, key.current);
      return createEvent(body, key.current).then((first) => ({ first, count: 1 }));
    },
    {
      renew: [["events"]],
      after: ({ first, count }) => {
        const made = count > 1 ? `${count} events are saved.` : "The event is saved.";
        toast(publish.current && draft.crew.length > 0 ? "Published. The mails to the crew are on their way." : made);
        go(count > 1 ? "/events" : `/events/${first.id}`);
      },
    },
  );
  const submit = (event: Event): void => {
    event.preventDefault();
    setChecked(true);
    publish.current = (event as SubmitEvent).submitter?.getAttribute("value") !== "draft";
    if (!zonedKnown(draft.timezone) || Object.keys(draftErrors(draft)).length > 0) {
      requestAnimationFrame(() => document.querySelector<HTMLElement>("[aria-invalid]")?.focus());
      return;
    }
    sending.send();
  };
  const section = { draft, errors, refused: sending.field, set };
  return (
    <form class="stack-large narrow" onSubmit={submit} noValidate>
      <PageHead title="New event" />
      <BasicsSection {...section} />
      <Card title="Again and again">
        <RepeatFields draft={draft} error={errors.times ?? sending.field("rrule")} set={set} />
      </Card>
      <PlaceSection {...section} />
      <Card title="Crew">
        <CrewPicker orgId={orgId} picks={draft.crew} onPicks={(crew) => set({ crew })} />
      </Card>
      <TeamSection {...section} />
      <PeopleSection {...section} />
      <QuestionsSection questions={draft.questions} problem={errors.questions ?? sending.field("questions")} onQuestions={(questions) => set({ questions })} />
      <Card title="Money">
        <MoneyFields money={draft} errors={errors} set={set} />
      </Card>
      {sending.problem}
      <div class="actions form-end">
        <button type="submit" value="publish" class="button button-primary" aria-disabled={sending.busy}>
          {sending.busy ? "One moment…" : draft.crew.length > 0 ? "Publish and mail the crew" : "Publish"}
        </button>
        <button type="submit" value="draft" class="button" aria-disabled={sending.busy}>
          Save as a draft
        </button>
        <Link class="button button-quiet" href="/events">
          Never mind
        </Link>
      </div>
    </form>
  );
}
