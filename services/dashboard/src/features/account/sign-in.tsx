/** Sign in, with a second factor when the account has one. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ApiError } from "../../api/problem";
import { signIn } from "../../api/session";
import { Link } from "../../app/router";
import { PasswordField, SubmitButton, TextField, useSending } from "../../ui/form";
import { Door } from "./door";

/** Whether the service wants the code of an authenticator as well. */
function wantsCode(error: unknown): boolean {
  return error instanceof ApiError && /otp|totp|second-factor/.test(`${error.type} ${error.fields.map((each) => each.pointer).join(" ")}`);
}

export default function SignIn(): JSX.Element {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [second, setSecond] = useState(false);
  const sending = useSending(() =>
    signIn({ email: email.trim(), password, ...(code === "" ? {} : { otp: code.replaceAll(/\s/g, "") }) }).catch((error: unknown) => {
      if (wantsCode(error)) setSecond(true);
      throw error;
    }),
  );
  const justAsked = second && code === "";
  return (
    <Door title="Sign in" foot={<>New here? <Link href="/register">Create an account</Link></>}>
      <form onSubmit={sending.submit} class="stack">
        {justAsked ? <p role="status">Now the code from your authenticator app.</p> : sending.problem}
        <TextField label="Email" type="email" autoComplete="username" required value={email} onValue={setEmail} error={sending.field("email")} />
        <PasswordField label="Password" autoComplete="current-password" value={password} onValue={setPassword} />
        {second && <TextField label="Authentication code" hint="Six digits, or one of your recovery codes." autoComplete="one-time-code" inputMode="text" required value={code} onValue={setCode} />}
        <SubmitButton busy={sending.busy}>Sign in</SubmitButton>
        <p class="aside">
          <Link href="/forgot-password">Forgot your password?</Link>
        </p>
      </form>
    </Door>
  );
}
