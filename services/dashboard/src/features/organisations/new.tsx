/** A new organisation; whoever makes it owns it. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { createOrganisation } from "../../api/account";
import { chosenOrganisation } from "../../app/organisation";
import { go } from "../../app/router";
import { SubmitButton, TextField, useSending } from "../../ui/form";
import { Door } from "../account/door";

export default function NewOrganisation(): JSX.Element {
  const [name, setName] = useState("");
  const sending = useSending(() => createOrganisation(name.trim()), {
    renew: [["organisations"]],
    after: (made) => {
      chosenOrganisation.set(made.id);
      go("/events");
    },
  });
  return (
    <Door title="Create an organisation" lead="Its name stands on the mails to your crew and on the guests' pages.">
      <form class="stack" onSubmit={sending.submit}>
        {sending.problem}
        <TextField label="Name" autoComplete="organization" required maxLength={120} value={name} onValue={setName} error={sending.field("name")} />
        <SubmitButton busy={sending.busy}>Create it</SubmitButton>
      </form>
    </Door>
  );
}
