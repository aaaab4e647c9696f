/** Create an account. The answer is the same whether or not the address is known. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { register } from "../../api/account";
import { Link, usePlace } from "../../app/router";
import { PasswordField, SubmitButton, TextField, useSending } from "../../ui/form";
import { Door } from "./door";

export default function Register(): JSX.Element {
  const [name, setName] = useState("");
  const [email, setEmail] = useState(usePlace().query.get("email") ?? "");
  const [password, setPassword] = useState("");
  const sending = useSending(async () => {
    await register({ name: name.trim(), email: email.trim(), password });
    return true;
  });
  if (sending.done === true) {
    return (
      <Door title="Look into your mail" foot={<Link href="/sign-in">Back to signing in</Link>}>
        <p role="status">
          We have sent a link to <strong>{email.trim()}</strong>. Open it within 30 minutes to finish; then you can sign in.
        </p>
        <p class="muted small">Nothing there? Look among the unwanted mails, or register once more to get another.</p>
      </Door>
    );
  }
  return (
    <Door title="Create an account" foot={<>Have one already? <Link href="/sign-in">Sign in</Link></>}>
      <form onSubmit={sending.submit} class="stack">
        {sending.problem}
        <TextField label="Your name" autoComplete="name" required maxLength={200} value={name} onValue={setName} error={sending.field("name")} />
        <TextField label="Email" type="email" autoComplete="username" required value={email} onValue={setEmail} error={sending.field("email")} />
        <PasswordField label="Password" hint="At least 12 characters. A few words that you remember are good." autoComplete="new-password" value={password} onValue={setPassword} error={sending.field("password")} />
        <SubmitButton busy={sending.busy}>Create the account</SubmitButton>
      </form>
    </Door>
  );
}
