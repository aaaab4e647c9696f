/** Sets a new password with the token of a mail. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { resetPassword } from "../../api/account";
import { Link, usePlace } from "../../app/router";
import { PasswordField, SubmitButton, useSending } from "../../ui/form";
import { Door } from "./door";
import { BrokenLink } from "./verify-email";

export default function ResetPassword(): JSX.Element {
  const token = usePlace().query.get("token");
  const [password, setPassword] = useState("");
  const sending = useSending(async () => {
    await resetPassword({ token: token ?? "", password });
    return true;
  });
  if (token === null) return <BrokenLink />;
  if (sending.done === true) {
    return (
      <Door title="The new password holds" lead="You were signed out everywhere else.">
        <Link class="button button-primary" href="/sign-in">
          Sign in
        </Link>
      </Door>
    );
  }
  return (
    <Door title="Set a new password">
      <form class="stack" onSubmit={sending.submit}>
        {sending.problem}
        <PasswordField label="New password" hint="At least 12 characters." autoComplete="new-password" value={password} onValue={setPassword} error={sending.field("password")} />
        <SubmitButton busy={sending.busy}>Set the password</SubmitButton>
      </form>
    </Door>
  );
}
