/** One's own account: name, address, password, second factor, sessions. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { changeEmail, changeMe, changePassword, deleteMe, endOtherSessions, endSession, getMe, listSessions } from "../../api/account";
import { dropSession } from "../../api/session";
import type { Me } from "../../api/types";
import { go } from "../../app/router";
import { ago } from "../../lib/time";
import { Chip } from "../../ui/chip";
import { Confirm } from "../../ui/dialog";
import { Failed, Skeleton, toast } from "../../ui/feedback";
import { PasswordField, SubmitButton, TextField, useSending } from "../../ui/form";
import { Card } from "../../ui/page";
import { Settings } from "./layout";
import { SecondFactorCard } from "./second-factor";

export default function Account(): JSX.Element {
  const me = useQuery({ queryKey: ["me"], queryFn: getMe });
  return (
    <Settings>
      {me.isPending ? (
        <Skeleton lines={6} label="Loading your account" />
      ) : me.data === undefined ? (
        <Failed error={me.error} retry={() => void me.refetch()} />
      ) : (
        <>
          <ProfileCard me={me.data} />
          <PasswordCard />
          <SecondFactorCard />
          <SessionsCard />
          <LeaveCard me={me.data} />
        </>
      )}
    </Settings>
  );
}

function ProfileCard({ me }: { me: Me }): JSX.Element {
  const [name, setName] = useState(me.name);
  const [email, setEmail] = useState(me.email);
  const [password, setPassword] = useState("");
  const moves = email.trim() !== me.email;
  const naming = useSending(() => changeMe({ name: name.trim() }), { renew: [["me"]], after: () => toast("Saved.") });
  const moving = useSending(() => changeEmail({ email: email.trim(), password }), {
    after: () => {
      toast("We have mailed a link to the new address. It counts once you have opened it.");
      setPassword("");
    },
  });
  return (
    <Card title="You">
      <div class="stack-large">
        <form class="stack" onSubmit={naming.submit}>
          <TextField label="Name" required maxLength={120} autoComplete="name" value={name} onValue={setName} error={naming.field("name")} />
          {naming.problem}
          {name.trim() !== me.name && (
            <div class="actions">
              <SubmitButton busy={naming.busy}>Save the name</SubmitButton>
            </div>
          )}
        </form>
        <form class="stack" onSubmit={moving.submit}>
          <TextField label="Email" type="email" required autoComplete="email" value={email} onValue={setEmail} error={moving.field("email")} />
          {moves && <PasswordField label="Your password" autoComplete="current-password" value={password} onValue={setPassword} error={moving.field("password")} />}
          {moving.problem}
          {moves && (
            <div class="actions">
              <SubmitButton busy={moving.busy}>Change the address</SubmitButton>
            </div>
          )}
        </form>
      </div>
    </Card>
  );
}

function PasswordCard(): JSX.Element {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const sending = useSending(() => changePassword({ current_password: current, new_password: next }), {
    renew: [["sessions"]],
    after: () => {
      toast("The new password holds. Other sessions were ended.");
      setCurrent("");
      setNext("");
    },
  });
  return (
    <Card title="Password">
      <form class="stack" onSubmit={sending.submit}>
        <div class="fields">
          <PasswordField label="Present password" autoComplete="current-password" value={current} onValue={setCurrent} error={sending.field("current_password")} />
          <PasswordField label="New password (12 characters or more)" autoComplete="new-password" value={next} onValue={setNext} error={sending.field("new_password")} />
        </div>
        {sending.problem}
        <div class="actions">
          <SubmitButton busy={sending.busy}>Change the password</SubmitButton>
        </div>
      </form>
    </Card>
  );
}

function SessionsCard(): JSX.Element {
  const sessions = useQuery({ queryKey: ["sessions"], queryFn: listSessions });
  const ending = useSending(endOtherSessions, { renew: [["sessions"]], after: () => toast("Signed out everywhere but here.") });
  return (
    <Card
      title="Where you are signed in"
      actions={
        <button type="button" class="button button-small" aria-disabled={ending.busy} onClick={ending.send}>
          Sign out everywhere else
        </button>
      }
    >
      {ending.problem}
      {sessions.isPending ? (
        <Skeleton lines={3} label="Loading sessions" />
      ) : sessions.data === undefined ? (
        <Failed error={sessions.error} retry={() => void sessions.refetch()} />
      ) : (
        <ul class="people">
          {sessions.data.items.map((each) => (
            <li key={each.id} class="person-row two">
              <div class="person-main">
                <strong>{each.device === "" ? "Unknown device" : each.device}</strong> {each.current && <Chip tone="good">This one</Chip>}
                <p class="muted small">
                  {each.address} · used {ago(each.last_used_at)} · since {new Date(each.created_at).toLocaleDateString()}
                </p>
              </div>
              {!each.current && <EndSession id={each.id} device={each.device} />}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function EndSession({ id, device }: { id: string; device: string }): JSX.Element {
  const ending = useSending(() => endSession(id), { renew: [["sessions"]] });
  return (
    <div class="actions">
      <button type="button" class="button button-small" aria-label={`Sign out ${device}`} aria-disabled={ending.busy} onClick={ending.send}>
        Sign out
      </button>
      {ending.problem}
    </div>
  );
}

function LeaveCard({ me }: { me: Me }): JSX.Element {
  const [asking, setAsking] = useState(false);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  return (
    <Card title="Delete your account">
      <div class="actions">
        <button type="button" class="button button-danger" onClick={() => setAsking(true)}>
          Delete my account
        </button>
      </div>
      {asking && (
        <Confirm
          title="Delete your account?"
          action="Delete it for good"
          run={() => deleteMe({ password, ...(code === "" ? {} : { otp: code }) })}
          onDone={() => {
            dropSession();
            go("/discover");
          }}
          onClose={() => setAsking(false)}
        >
          <p>Organisations that you own alone must get another owner first. This cannot be undone.</p>
          <PasswordField label="Your password" autoComplete="current-password" value={password} onValue={setPassword} />
          {me.totp_enabled && <TextField label="Authentication code" autoComplete="one-time-code" value={code} onValue={setCode} />}
        </Confirm>
      )}
    </Card>
  );
}
