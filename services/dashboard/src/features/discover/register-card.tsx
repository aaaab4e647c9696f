/** Registers for an event: with the account in hand, or with a name and an address. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type Answers, cancelMine, myRegistration, registerFor, type RegistrationView } from "../../api/public";
import { session } from "../../api/session";
import type { PublicEvent, Question } from "../../api/types";
import { useStore } from "../../lib/store";
import { Confirm } from "../../ui/dialog";
import { Notice, Skeleton, toast } from "../../ui/feedback";
import { SelectField, SubmitButton, TextField, useSending } from "../../ui/form";
import { Card } from "../../ui/page";
import { TicketView } from "./ticket";

export function RegisterCard({ event }: { event: PublicEvent }): JSX.Element {
  const { status } = useStore(session);
  const mine = useQuery({
    queryKey: ["registration", event.id],
    queryFn: () => myRegistration(event.id),
    enabled: status === "signed-in",
  });
  const [leaving, setLeaving] = useState(false);
  const held = mine.data ?? null;
  const over = event.status !== "published" || Date.parse(event.ends_at) < Date.now();
  return (
    <Card title={held !== null ? "Your place" : "Come along"}>
      {status === "signed-in" && mine.isPending ? (
        <Skeleton lines={3} />
      ) : held !== null ? (
        <div class="stack">
          <TicketView registration={held} />
          <div class="actions">
            <button type="button" class="button button-danger" onClick={() => setLeaving(true)}>
              I can’t come
            </button>
          </div>
        </div>
      ) : over ? (
        <p class="muted">{event.status === "cancelled" ? "This event was cancelled." : "This event is over."}</p>
      ) : (
        <Form event={event} signedIn={status === "signed-in"} />
      )}
      {leaving && (
        <Confirm title="Give your place back?" action="Give it back" run={() => cancelMine(event.id)} renew={[["registration", event.id], ["public-event", event.id], ["registered"]]} onDone={() => toast("Your place goes to the next.")} onClose={() => setLeaving(false)}>
          <p>If others are waiting, the first of them gets it at once.</p>
        </Confirm>
      )}
    </Card>
  );
}

function Form({ event, signedIn }: { event: PublicEvent; signedIn: boolean }): JSX.Element {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [answers, setAnswers] = useState<Answers>({});
  const sending = useSending(
    () => registerFor(event.id, { ...(signedIn ? {} : { name: name.trim(), email: email.trim() }), ...(Object.keys(answers).length === 0 ? {} : { answers }) }),
    { renew: [["registration", event.id], ["public-event", event.id], ["registered"]] },
  );
  if (sending.done !== undefined && !signedIn) return <Registered registration={sending.done} email={email.trim()} />;
  const full = event.capacity !== null && event.registered_count >= event.capacity;
  return (
    <form class="stack" onSubmit={sending.submit}>
      {full && <Notice tone="warn">All places are taken. You can join the waiting list; you move up by itself.</Notice>}
      {!signedIn && (
        <div class="fields">
          <TextField label="Your name" autoComplete="name" required maxLength={120} value={name} onValue={setName} error={sending.field("name")} />
          <TextField label="Email" hint="Your ticket goes there" type="email" autoComplete="email" required value={email} onValue={setEmail} error={sending.field("email")} />
        </div>
      )}
      {(event.questions as unknown as Question[]).map((question) => (
        <QuestionField key={question.id} question={question} value={answers[question.id]} error={sending.field(`answers/${question.id}`)} onValue={(value) => setAnswers((before) => ({ ...before, [question.id]: value }))} />
      ))}
      {sending.problem}
      <SubmitButton busy={sending.busy}>{full ? "Join the waiting list" : "Register"}</SubmitButton>
    </form>
  );
}

function QuestionField({ question, value, error, onValue }: { question: Question; value: string | boolean | undefined; error: string | undefined; onValue: (value: string | boolean) => void }): JSX.Element {
  const label = question.required ? question.label : `${question.label} (may stay empty)`;
  if (question.type === "boolean") {
    return (
      <div>
        <label class="check">
          <input type="checkbox" required={question.required} checked={value === true} onChange={(event) => onValue(event.currentTarget.checked)} />
          <span>{label}</span>
        </label>
        {error !== undefined && <p class="field-error">{error}</p>}
      </div>
    );
  }
  const text = typeof value === "string" ? value : "";
  if (question.type === "choice") {
    return <SelectField label={label} value={text} error={error} options={[["", "Please choose"], ...question.options.map((option) => [option, option] as const)]} onValue={onValue} />;
  }
  return <TextField label={label} required={question.required} maxLength={2000} value={text} error={error} onValue={onValue} />;
}

function Registered({ registration, email }: { registration: RegistrationView; email: string }): JSX.Element {
  return (
    <div class="stack" role="status">
      <TicketView registration={registration} />
      <p>
        We have mailed the ticket to <strong>{email}</strong>, with a link to change your mind.
      </p>
    </div>
  );
}
