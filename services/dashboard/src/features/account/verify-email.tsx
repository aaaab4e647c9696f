/** Confirms an address: a person presses, so that a program opening the link uses nothing up. */
import type { JSX } from "preact";
import { verifyEmail } from "../../api/account";
import { Link, usePlace } from "../../app/router";
import { SubmitButton, useSending } from "../../ui/form";
import { Door } from "./door";

export default function VerifyEmail(): JSX.Element {
  const token = usePlace().query.get("token");
  const sending = useSending(async () => {
    await verifyEmail(token ?? "");
    return true;
  });
  if (token === null) return <BrokenLink />;
  if (sending.done === true) {
    return (
      <Door title="Your address is confirmed">
        <Link class="button button-primary" href="/sign-in">
          Sign in
        </Link>
      </Door>
    );
  }
  return (
    <Door title="Confirm your email address" lead="One press, and you can sign in.">
      <form class="stack" onSubmit={sending.submit}>
        {sending.problem}
        <SubmitButton busy={sending.busy}>Confirm my address</SubmitButton>
      </form>
    </Door>
  );
}

export function BrokenLink(): JSX.Element {
  return (
    <Door title="This link is incomplete" foot={<Link href="/">Go to the start</Link>}>
      <p>Part of it is missing. Please open it from the mail again, or copy all of it.</p>
    </Door>
  );
}
