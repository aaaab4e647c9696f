/** Joins an organisation with the token of an invitation; an account comes first. */
import type { JSX } from "preact";
import { useQuery } from "@tanstack/preact-query";
import { acceptInvitation, previewInvitation } from "../../api/account";
import { session } from "../../api/session";
import { chosenOrganisation } from "../../app/organisation";
import { go, Link, usePlace } from "../../app/router";
import { useStore } from "../../lib/store";
import { Failed, Skeleton, toast } from "../../ui/feedback";
import { SubmitButton, useSending } from "../../ui/form";
import { Door } from "./door";
import { BrokenLink } from "./verify-email";

export default function Invitation(): JSX.Element {
  const { query } = usePlace();
  const token = query.get("token");
  const { status } = useStore(session);
  const sending = useSending(() => acceptInvitation(token ?? ""), {
    renew: [["organisations"]],
    after: (joined) => {
      chosenOrganisation.set(joined.id);
      toast("Welcome aboard.");
      go("/events");
    },
  });
  // Looking at the offer changes nothing; joining takes a press.
  const offer = useQuery({ queryKey: ["invitation", token], queryFn: () => previewInvitation(token ?? ""), enabled: token !== null });
  if (token === null) return <BrokenLink />;
  if (offer.isPending) return <Skeleton lines={4} label="Loading the invitation" />;
  if (offer.data === undefined) {
    return (
      <Door title="This invitation does not hold" foot={<Link href="/">Go to the start</Link>}>
        <Failed error={offer.error} />
        <p>Ask whoever invited you to send another.</p>
      </Door>
    );
  }
  const { organization, inviter, role, email } = offer.data;
  const next = encodeURIComponent(`/invitations?token=${encodeURIComponent(token)}`);
  return (
    <Door title={`Join ${organization}`} lead={`${inviter} invites you as ${role}.`}>
      {status === "signed-in" ? (
        <form class="stack" onSubmit={sending.submit}>
          {sending.problem}
          <SubmitButton busy={sending.busy}>Accept the invitation</SubmitButton>
        </form>
      ) : (
        <div class="stack">
          <p>
            Sign in as <strong>{email}</strong>, the address that the invitation was sent to.
          </p>
          <Link class="button button-primary" href={`/sign-in?next=${next}`}>
            Sign in
          </Link>
          <Link class="button" href={`/register?email=${encodeURIComponent(email)}`}>
            Create an account
          </Link>
          <p class="muted small">After creating one, open the link of the invitation again.</p>
        </div>
      )}
    </Door>
  );
}
