/** The second factor: an authenticator app, and codes for when it is lost. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { confirmSecondFactor, disableSecondFactor, enrol, type Enrolment, getSecondFactor, renewRecoveryCodes } from "../../api/account";
import { Chip } from "../../ui/chip";
import { copyText, CopyLine } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { Failed, Notice, Skeleton, toast } from "../../ui/feedback";
import { PasswordField, SubmitButton, TextField, useSending } from "../../ui/form";
import { Card } from "../../ui/page";

const RENEW = [["second-factor"], ["me"]];

export function SecondFactorCard(): JSX.Element {
  const [open, setOpen] = useState<"on" | "off" | "codes" | null>(null);
  const state = useQuery({ queryKey: ["second-factor"], queryFn: getSecondFactor });
  const close = (): void => setOpen(null);
  return (
    <Card title="Second factor" actions={state.data !== undefined && <Chip tone={state.data.enabled ? "good" : "plain"}>{state.data.enabled ? "On" : "Off"}</Chip>}>
      {state.isPending ? (
        <Skeleton lines={2} />
      ) : state.data === undefined ? (
        <Failed error={state.error} retry={() => void state.refetch()} />
      ) : (
        <div class="stack">
          {state.data.recommended && <Notice tone="warn">You look after an organisation. Please turn on the second factor: a stolen password is then not enough.</Notice>}
          {state.data.enabled && <p class="muted">{state.data.recovery_codes_left} recovery codes are left.</p>}
          <div class="actions">
            {state.data.enabled ? (
              <>
                <button type="button" class="button" onClick={() => setOpen("codes")}>
                  New recovery codes
                </button>
                <button type="button" class="button button-danger" onClick={() => setOpen("off")}>
                  Turn it off
                </button>
              </>
            ) : (
              <button type="button" class="button button-primary" onClick={() => setOpen("on")}>
                Turn it on
              </button>
            )}
          </div>
        </div>
      )}
      {open === "on" && <TurnOn onClose={close} />}
      {open === "off" && <Prove title="Turn off the second factor?" action="Turn it off" danger onClose={close} run={disableSecondFactor} done={() => <TurnedOff onClose={close} />} />}
      {open === "codes" && <Prove title="New recovery codes" action="Make new codes" onClose={close} run={renewRecoveryCodes} done={(made) => <Codes codes={made.recovery_codes} onClose={close} />} />}
    </Card>
  );
}

function TurnOn({ onClose }: { onClose: () => void }): JSX.Element {
  const [password, setPassword] = useState("");
  const sending = useSending(() => enrol(password));
  return (
    <Dialog title="Turn on the second factor" onClose={onClose}>
      {sending.done === undefined ? (
        <form class="stack" onSubmit={sending.submit}>
          <p>First your password once more.</p>
          <PasswordField label="Your password" autoComplete="current-password" value={password} onValue={setPassword} error={sending.field("password")} />
          {sending.problem}
          <SubmitButton busy={sending.busy}>Go on</SubmitButton>
        </form>
      ) : (
        <Scan enrolment={sending.done} onClose={onClose} />
      )}
    </Dialog>
  );
}

function Scan({ enrolment, onClose }: { enrolment: Enrolment; onClose: () => void }): JSX.Element {
  const [code, setCode] = useState("");
  const sending = useSending(() => confirmSecondFactor(code.replaceAll(/\s/g, "")), { renew: RENEW });
  if (sending.done !== undefined) return <Codes codes={sending.done.recovery_codes} onClose={onClose} />;
  return (
    <form class="stack" onSubmit={sending.submit}>
      <p>Scan this with your authenticator app, then type the six digits it shows.</p>
      <img class="qr qr-large" src={`data:image/svg+xml,${encodeURIComponent(enrolment.qr_svg)}`} alt="QR code for the authenticator app" width={192} height={192} />
      <CopyLine text={enrolment.secret} what="The secret" />
      <TextField label="Authentication code" inputMode="numeric" autoComplete="one-time-code" required value={code} onValue={setCode} error={sending.field("otp")} />
      {sending.problem}
      <SubmitButton busy={sending.busy}>Turn it on</SubmitButton>
    </form>
  );
}

function Codes({ codes, onClose }: { codes: readonly string[]; onClose: () => void }): JSX.Element {
  return (
    <div class="stack">
      <Notice tone="warn">Keep these codes where you find them without your phone. Each works once. They are shown this once.</Notice>
      <ul class="codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div class="actions">
        <button type="button" class="button" onClick={() => copyText(codes.join("\n"), "The list")}>
          Copy them
        </button>
        <button type="button" class="button button-primary" onClick={onClose}>
          I have them
        </button>
      </div>
    </div>
  );
}

function TurnedOff({ onClose }: { onClose: () => void }): JSX.Element {
  return (
    <div class="stack">
      <p role="status">The second factor is off.</p>
      <button type="button" class="button" onClick={onClose}>
        Close
      </button>
    </div>
  );
}

interface ProveProps<T> {
  title: string;
  action: string;
  danger?: boolean;
  run: (proof: { password: string; otp: string }) => Promise<T>;
  done: (result: T) => JSX.Element;
  onClose: () => void;
}

/** Asks for password and code before something that weakens or renews the second factor. */
function Prove<T>({ title, action, danger = false, run, done, onClose }: ProveProps<T>): JSX.Element {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [worked, setWorked] = useState(false);
  const sending = useSending(() => run({ password, otp: code.replaceAll(/\s/g, "") }), {
    renew: RENEW,
    after: () => {
      setWorked(true);
      toast("Done.");
    },
  });
  return (
    <Dialog title={title} onClose={onClose}>
      {worked ? (
        done(sending.done as T)
      ) : (
        <form class="stack" onSubmit={sending.submit}>
          <PasswordField label="Your password" autoComplete="current-password" value={password} onValue={setPassword} error={sending.field("password")} />
          <TextField label="Authentication code" hint="Or a recovery code." autoComplete="one-time-code" required value={code} onValue={setCode} error={sending.field("otp")} />
          {sending.problem}
          <SubmitButton busy={sending.busy} danger={danger}>
            {action}
          </SubmitButton>
        </form>
      )}
    </Dialog>
  );
}
