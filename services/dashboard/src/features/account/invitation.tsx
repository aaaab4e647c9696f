/** Joins an organisation with the token of an invitation; an account comes first. */
import type { JSX } from "preact";
import { acceptInvitation } from "../../api/account";
import { session } from "../../api/session";
import { go, Link, usePlace } from "../../app/router";
import { useStore } from "../../lib/store";
import { toast } from "../../ui/feedback";
import { SubmitButton, useSending } from "../../ui/form";
import { Door } from "./door";
import { BrokenLink } from "./verify-email";

export default function Invitation(): JSX.Element {
  const { query } = usePlace();
  const token = query.get("token");
  const { status } = useStore(session);
  const sending = useSending(() => acceptInvitation(token ?? ""), {
    renew: [["organisations"]],
    after: () => {
      toast("Welcome aboard.");
      go("/events");
    },
  });
  if (token === null) return <BrokenLink />;
  const next = encodeURIComponent(`/invitations?token=${encodeURIComponent(token)}`);
  return (
    <Door title="You are invited" lead="Join the organisation that sent you this invitation, to plan its events together.">
      {status === "signed-in" ? (
        <form class="stack" onSubmit={sending.submit}>
          {sending.problem}
          <SubmitButton busy={sending.busy}>Accept the invitation</SubmitButton>
        </form>
      ) : (
        <div class="stack">
          <p>Sign in with the address that the invitation was sent to.</p>
          <Link class="button button-primary" href={`/sign-in?next=${next}`}>
            Sign in
          </Link>
          <Link class="button" href="/register">
            Create an account
          </Link>
          <p class="muted small">After creating one, open the link of the invitation again.</p>
        </div>
      )}
    </Door>
  );
}
