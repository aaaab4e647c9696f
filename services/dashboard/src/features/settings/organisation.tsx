/** The organisation's name, and when Muster writes to people by itself. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { changeOrganisation, deleteOrganisation } from "../../api/organisations";
import type { Organisation, OrganisationSettings as Values } from "../../api/types";
import { go } from "../../app/router";
import { ownZone } from "../../lib/time";
import { Confirm } from "../../ui/dialog";
import { toast } from "../../ui/feedback";
import { SubmitButton, TextField, useSending } from "../../ui/form";
import { Card } from "../../ui/page";
import { OrganisationSettings } from "./layout";

export default function OrganisationPage(): JSX.Element {
  return (
    <OrganisationSettings>
      {(organisation) => (
        <>
          <Form key={organisation.id} organisation={organisation} />
          {organisation.role === "owner" && <Danger organisation={organisation} />}
        </>
      )}
    </OrganisationSettings>
  );
}

const HOURS = [
  ["remind_after_hours", "Remind crew who have not answered", "hours after the first mail"],
  ["alert_after_hours", "Tell us that somebody is silent", "hours after the first mail"],
  ["standby_after_hours", "Ask the standbys", "hours after the first mail"],
  ["reminder_before_hours", "Remind those who come", "hours before the start"],
] as const;

function Form({ organisation }: { organisation: Organisation }): JSX.Element {
  const { settings } = organisation;
  const [name, setName] = useState(organisation.name);
  const [values, setValues] = useState<Record<string, string>>(() => Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, String(value)])));
  const [moderate, setModerate] = useState(settings.moderate_photos === true);
  const value = (key: keyof Values): string => values[key] ?? "";
  const set = (key: keyof Values) => (text: string): void => setValues((before) => ({ ...before, [key]: text }));
  const changed = (): Partial<Values> => {
    const hours = Object.fromEntries(HOURS.map(([key]) => [key, value(key) === "" ? null : Number(value(key))]));
    const quiet = value("quiet_from") !== "" && value("quiet_to") !== "";
    return {
      ...hours,
      quiet_from: quiet ? value("quiet_from") : null,
      quiet_to: quiet ? value("quiet_to") : null,
      quiet_timezone: quiet ? value("quiet_timezone") || ownZone() : null,
      reply_to: value("reply_to").trim() || null,
      moderate_photos: moderate || null,
    };
  };
  const sending = useSending(() => changeOrganisation(organisation.id, { ...(name.trim() === organisation.name ? {} : { name: name.trim() }), settings: changed() }), {
    renew: [["organisations"]],
    after: () => toast("Saved."),
  });
  return (
    <form class="stack-large" onSubmit={sending.submit}>
      <Card title="Organisation">
        <div class="fields">
          <TextField label="Name" required maxLength={120} value={name} onValue={setName} error={sending.field("name")} />
          <TextField label="Answers to our mails go to" type="email" value={value("reply_to")} onValue={set("reply_to")} error={sending.field("settings/reply_to")} />
        </div>
        <label class="check">
          <input type="checkbox" checked={moderate} onChange={(event) => setModerate(event.currentTarget.checked)} />
          <span>Look at guests’ photos before they are shown, at every event</span>
        </label>
      </Card>
      <Card title="When Muster writes by itself">
        <div class="stack">
          <div class="fields">
            {HOURS.map(([key, label, hint]) => (
              <TextField key={key} label={label} hint={hint} type="number" min={1} max={720} placeholder="as usual" value={value(key)} onValue={set(key)} error={sending.field(`settings/${key}`)} />
            ))}
          </div>
          <div class="fields">
            <TextField label="No mails from" type="time" value={value("quiet_from")} onValue={set("quiet_from")} error={sending.field("settings/quiet_from")} />
            <TextField label="until" type="time" value={value("quiet_to")} onValue={set("quiet_to")} error={sending.field("settings/quiet_to")} />
            <TextField label="Time zone" placeholder={ownZone()} value={value("quiet_timezone")} onValue={set("quiet_timezone")} error={sending.field("settings/quiet_timezone")} />
          </div>
        </div>
      </Card>
      {sending.problem}
      <div class="actions">
        <SubmitButton busy={sending.busy}>Save</SubmitButton>
      </div>
    </form>
  );
}

function Danger({ organisation }: { organisation: Organisation }): JSX.Element {
  const [asking, setAsking] = useState(false);
  const [typed, setTyped] = useState("");
  return (
    <Card title="Delete the organisation">
      <p class="muted">Its events, crew, photos and keys go with it.</p>
      <div class="actions after-form">
        <button type="button" class="button button-danger" onClick={() => setAsking(true)}>
          Delete {organisation.name}
        </button>
      </div>
      {asking && (
        <Confirm
          title={`Delete ${organisation.name}?`}
          action="Delete it for good"
          run={() => (typed.trim() === organisation.name ? deleteOrganisation(organisation.id) : Promise.reject(new Error("That is not its name.")))}
          renew={[["organisations"]]}
          onDone={() => go("/events")}
          onClose={() => setAsking(false)}
        >
          <p>This cannot be undone. To be sure, type its name.</p>
          <TextField label="Name of the organisation" autoComplete="off" value={typed} onValue={setTyped} />
        </Confirm>
      )}
    </Card>
  );
}
