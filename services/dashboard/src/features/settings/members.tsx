/** Members and open invitations. Owners change them; managers see who there is. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { changeRole, invite, listInvitations, listMembers, removeMember, withdrawInvitation } from "../../api/organisations";
import { messageOf } from "../../api/problem";
import type { Invitation, Member, Organisation, Role } from "../../api/types";
import { ago } from "../../lib/time";
import { Chip } from "../../ui/chip";
import { Confirm } from "../../ui/dialog";
import { Failed, Skeleton, toast } from "../../ui/feedback";
import { SelectField, SubmitButton, TextField, useSending } from "../../ui/form";
import { Card } from "../../ui/page";
import { initials } from "../events/crew-card";
import { OrganisationSettings } from "./layout";

const ROLES = [
  ["manager", "Manager"],
  ["owner", "Owner"],
] as const;

export default function Members(): JSX.Element {
  return (
    <OrganisationSettings>
      {(organisation) => (
        <>
          <MembersCard key={organisation.id} organisation={organisation} />
          {organisation.role === "owner" && <InvitationsCard key={`${organisation.id}-invitations`} organisation={organisation} />}
        </>
      )}
    </OrganisationSettings>
  );
}

function MembersCard({ organisation }: { organisation: Organisation }): JSX.Element {
  const [removing, setRemoving] = useState<Member | null>(null);
  const key = ["members", organisation.id];
  const members = useQuery({ queryKey: key, queryFn: () => listMembers(organisation.id) });
  const owner = organisation.role === "owner";
  const change = (member: Member, role: Role): void => {
    changeRole(organisation.id, member.user_id, role)
      .then(() => toast(`${member.name} is ${role} now.`))
      .catch((error: unknown) => toast(messageOf(error), "bad"))
      .finally(() => void members.refetch());
  };
  return (
    <Card title="Members">
      {members.isPending ? (
        <Skeleton lines={3} label="Loading members" />
      ) : members.data === undefined ? (
        <Failed error={members.error} retry={() => void members.refetch()} />
      ) : (
        <ul class="people">
          {members.data.items.map((member) => (
            <li key={member.user_id} class="person-row">
              <span class="avatar" aria-hidden="true">
                {initials(member.name)}
              </span>
              <div class="person-main">
                <strong>{member.name}</strong>
                <p class="muted small">
                  {member.email} · joined {ago(member.joined_at)}
                </p>
                {!member.totp_enabled && <p class="small warn-text">No second factor yet</p>}
              </div>
              <div class="actions">
                {owner ? (
                  <>
                    <select class="input role" aria-label={`Role of ${member.name}`} value={member.role} onChange={(event) => change(member, event.currentTarget.value as Role)}>
                      {ROLES.map(([role, label]) => (
                        <option key={role} value={role}>
                          {label}
                        </option>
                      ))}
                    </select>
                    <button type="button" class="button button-small button-danger" aria-label={`Remove ${member.name}`} onClick={() => setRemoving(member)}>
                      Remove
                    </button>
                  </>
                ) : (
                  <Chip tone="plain">{member.role === "owner" ? "Owner" : "Manager"}</Chip>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
      {removing !== null && (
        <Confirm title={`Remove ${removing.name}?`} action="Remove" run={() => removeMember(organisation.id, removing.user_id)} renew={[key, ["organisations"]]} onDone={() => toast("Removed.")} onClose={() => setRemoving(null)}>
          <p>They lose access everywhere within five seconds.</p>
        </Confirm>
      )}
    </Card>
  );
}

function InvitationsCard({ organisation }: { organisation: Organisation }): JSX.Element {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("manager");
  const key = ["invitations", organisation.id];
  const invitations = useQuery({ queryKey: key, queryFn: () => listInvitations(organisation.id) });
  const sending = useSending(() => invite(organisation.id, { email: email.trim(), role }), {
    renew: [key],
    after: () => {
      toast("The invitation is on its way.");
      setEmail("");
    },
  });
  return (
    <Card title="Invitations">
      <form class="stack" onSubmit={sending.submit}>
        <div class="fields">
          <TextField label="Email" type="email" required autoComplete="off" value={email} onValue={setEmail} error={sending.field("email")} />
          <SelectField label="Role" value={role} options={ROLES} onValue={setRole} />
          <SubmitButton busy={sending.busy}>Invite</SubmitButton>
        </div>
        {sending.problem}
      </form>
      {invitations.data !== undefined && invitations.data.items.length > 0 && (
        <ul class="people after-form">
          {invitations.data.items.map((each) => (
            <Open key={each.id} organisation={organisation} invitation={each} renew={key} />
          ))}
        </ul>
      )}
      {invitations.isError && <Failed error={invitations.error} retry={() => void invitations.refetch()} />}
    </Card>
  );
}

function Open({ organisation, invitation, renew }: { organisation: Organisation; invitation: Invitation; renew: unknown[] }): JSX.Element {
  const withdrawing = useSending(() => withdrawInvitation(organisation.id, invitation.id), { renew: [renew] });
  return (
    <li class="person-row two">
      <div class="person-main">
        <strong>{invitation.email}</strong>
        <p class="muted small">
          {invitation.role === "owner" ? "Owner" : "Manager"} · ends {ago(invitation.expires_at)}
        </p>
        {withdrawing.problem}
      </div>
      <div class="actions">
        <button type="button" class="button button-small" aria-label={`Withdraw the invitation of ${invitation.email}`} aria-disabled={withdrawing.busy} onClick={withdrawing.send}>
          Withdraw
        </button>
      </div>
    </li>
  );
}
