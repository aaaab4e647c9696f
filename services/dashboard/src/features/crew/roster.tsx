/** The organisation's roster. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { addMember, changeMember, type CrewInput, listRoster, removeMember } from "../../api/crew";
import type { CrewMember } from "../../api/types";
import { useOrganisation } from "../../app/organisation";
import { Confirm, Dialog } from "../../ui/dialog";
import { Empty, Failed, Notice, Skeleton, toast } from "../../ui/feedback";
import { SubmitButton, TextField, useSending } from "../../ui/form";
import { Icon } from "../../ui/icon";
import { PageHead } from "../../ui/page";
import { initials } from "../events/crew-card";
import { Import } from "./import";

type Open = { what: "add" | "import" } | { what: "edit" | "remove"; member: CrewMember } | null;

export default function Roster(): JSX.Element {
  const organisation = useOrganisation();
  const [open, setOpen] = useState<Open>(null);
  const [search, setSearch] = useState("");
  const orgId = organisation?.id ?? "";
  const roster = useQuery({ queryKey: ["roster", orgId], queryFn: () => listRoster(orgId), enabled: orgId !== "" });
  if (organisation === null) return <Notice>Create an organisation first.</Notice>;
  const wanted = search.trim().toLocaleLowerCase();
  const shown = (roster.data ?? []).filter((member) => `${member.name} ${member.email ?? ""} ${member.skills.join(" ")}`.toLocaleLowerCase().includes(wanted));
  const close = (): void => setOpen(null);
  return (
    <>
      <PageHead
        title="Crew"
        lead="Captains, drivers, hosts: everybody you call. They need no account."
        actions={
          <>
            <button type="button" class="button" onClick={() => setOpen({ what: "import" })}>
              Import
            </button>
            <button type="button" class="button button-primary" onClick={() => setOpen({ what: "add" })}>
              <Icon name="plus" /> Add somebody
            </button>
          </>
        }
      />
      {(roster.data ?? []).length > 5 && <TextField label="Find" type="search" placeholder="Name, address or skill" value={search} onValue={setSearch} />}
      {roster.isPending ? (
        <Skeleton lines={6} label="Loading the roster" />
      ) : roster.data === undefined ? (
        <Failed error={roster.error} retry={() => void roster.refetch()} />
      ) : shown.length === 0 ? (
        <Empty icon="crew" title={wanted === "" ? "Nobody is on the roster yet" : "Nobody fits"} />
      ) : (
        <ul class="rows">
          {shown.map((member) => (
            <li key={member.id} class="row roster-row">
              <span class="avatar" aria-hidden="true">
                {initials(member.name)}
              </span>
              <span class="row-main">
                <strong>{member.name}</strong>
                <span class="muted small">{[member.email, member.phone].filter(Boolean).join(" · ")}</span>
                {member.skills.length > 0 && <span class="small">{member.skills.join(", ")}</span>}
              </span>
              <span class="actions">
                <button type="button" class="button button-small" aria-label={`Edit ${member.name}`} onClick={() => setOpen({ what: "edit", member })}>
                  Edit
                </button>
                <button type="button" class="icon-button" aria-label={`Remove ${member.name}`} onClick={() => setOpen({ what: "remove", member })}>
                  <Icon name="close" />
                </button>
              </span>
            </li>
          ))}
        </ul>
      )}
      {open?.what === "add" && <Editor orgId={orgId} onClose={close} />}
      {open?.what === "import" && <Import orgId={orgId} onClose={close} />}
      {open?.what === "edit" && <Editor orgId={orgId} member={open.member} onClose={close} />}
      {open?.what === "remove" && (
        <Confirm title={`Remove ${open.member.name}?`} action="Remove" run={() => removeMember(open.member.id)} renew={[["roster"]]} onDone={() => toast("Removed from the roster.")} onClose={close}>
          <p>They stay in the records of past events, and are assigned to nothing new.</p>
        </Confirm>
      )}
    </>
  );
}

function Editor({ orgId, member, onClose }: { orgId: string; member?: CrewMember; onClose: () => void }): JSX.Element {
  const [name, setName] = useState(member?.name ?? "");
  const [email, setEmail] = useState(member?.email ?? "");
  const [phone, setPhone] = useState(member?.phone ?? "");
  const [skills, setSkills] = useState(member?.skills.join(", ") ?? "");
  const body = (): CrewInput => ({
    name: name.trim(),
    email: email.trim(),
    phone: phone.trim(),
    skills: skills.split(",").map((each) => each.trim()).filter((each) => each !== ""),
  });
  const sending = useSending(() => (member === undefined ? addMember(orgId, body()) : changeMember(member.id, body())), {
    renew: [["roster"]],
    after: () => {
      toast(member === undefined ? "Added to the roster." : "Saved.");
      onClose();
    },
  });
  return (
    <Dialog title={member === undefined ? "Add to the roster" : `Edit ${member.name}`} onClose={onClose}>
      <form class="stack" onSubmit={sending.submit}>
        <TextField label="Name" required maxLength={120} autoComplete="off" value={name} onValue={setName} error={sending.field("name")} />
        <TextField label="Email" type="email" required autoComplete="off" value={email} onValue={setEmail} error={sending.field("email")} />
        <TextField label="Phone" type="tel" autoComplete="off" value={phone} onValue={setPhone} error={sending.field("phone")} />
        <TextField label="Skills" hint="With commas between: Captain, Diver" autoComplete="off" value={skills} onValue={setSkills} error={sending.field("skills")} />
        {sending.problem}
        <SubmitButton busy={sending.busy}>{member === undefined ? "Add" : "Save"}</SubmitButton>
      </form>
    </Dialog>
  );
}
