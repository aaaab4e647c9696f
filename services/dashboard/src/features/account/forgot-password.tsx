/** Asks for a link to set a new password. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { forgotPassword } from "../../api/account";
import { Link } from "../../app/router";
import { SubmitButton, TextField, useSending } from "../../ui/form";
import { Door } from "./door";

export default function ForgotPassword(): JSX.Element {
  const [email, setEmail] = useState("");
  const sending = useSending(async () => {
    await forgotPassword(email.trim());
    return true;
  });
  return (
    <Door title="Set a new password" foot={<Link href="/sign-in">Back to signing in</Link>}>
      {sending.done === true ? (
        <p role="status">
          If <strong>{email.trim()}</strong> has an account, a link is on its way. It holds for 30 minutes.
        </p>
      ) : (
        <form class="stack" onSubmit={sending.submit}>
          <p class="muted">Tell us your address, and we will mail you a link.</p>
          {sending.problem}
          <TextField label="Email" type="email" autoComplete="username" required value={email} onValue={setEmail} error={sending.field("email")} />
          <SubmitButton busy={sending.busy}>Send me a link</SubmitButton>
        </form>
      )}
    </Door>
  );
}
