/** Service keys: made, shown once, revoked. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { createKey, listKeys, revokeKey } from "../../api/organisations";
import type { Organisation, Scope, ServiceKey } from "../../api/types";
import { ago } from "../../lib/time";
import { Chip } from "../../ui/chip";
import { CopyLine } from "../../ui/copy";
import { Confirm, Dialog } from "../../ui/dialog";
import { Empty, Failed, Notice, Skeleton, toast } from "../../ui/feedback";
import { SelectField, SubmitButton, TextField, useSending } from "../../ui/form";
import { Icon } from "../../ui/icon";
import { Card } from "../../ui/page";
import { OrganisationSettings } from "./layout";

const SCOPES: readonly (readonly [scope: Scope, label: string])[] = [
  ["events:read", "Read events"],
  ["events:write", "Create and change events"],
  ["crew:read", "Read the roster and assignments"],
  ["crew:write", "Change the roster, assign crew"],
  ["finance:read", "Read money"],
  ["finance:write", "Change money"],
  ["calendar:write", "Create calendar entries"],
  ["media:read", "Read photos"],
  ["media:write", "Add and moderate photos"],
  ["notifications:read", "Read deliveries"],
];

const LIVES = [
  ["90", "90 days"],
  ["365", "One year"],
  ["1095", "Three years"],
] as const;

export default function Keys(): JSX.Element {
  return <OrganisationSettings ownersOnly>{(organisation) => <KeysCard key={organisation.id} organisation={organisation} />}</OrganisationSettings>;
}

function KeysCard({ organisation }: { organisation: Organisation }): JSX.Element {
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<ServiceKey | null>(null);
  const renew = [["keys", organisation.id]];
  const keys = useQuery({ queryKey: ["keys", organisation.id], queryFn: () => listKeys(organisation.id) });
  return (
    <Card
      title="Service keys"
      actions={
        <button type="button" class="button button-primary button-small" onClick={() => setCreating(true)}>
          <Icon name="plus" /> New key
        </button>
      }
    >
      {keys.isPending ? (
        <Skeleton lines={3} label="Loading keys" />
      ) : keys.data === undefined ? (
        <Failed error={keys.error} retry={() => void keys.refetch()} />
      ) : keys.data.items.length === 0 ? (
        <Empty icon="key" title="No keys yet">
          <p>A key lets your booking system create events by itself.</p>
        </Empty>
      ) : (
        <ul class="people">
          {keys.data.items.map((key) => (
            <li key={key.id} class="person-row two">
              <div class="person-main">
                <strong>{key.name}</strong>
                <p class="muted small">{key.scopes.join(", ")}</p>
                <p class="muted small">
                  {key.last_used_at === null ? "Never used" : `Last used ${ago(key.last_used_at)}`} · {key.status === "live" ? "holds until" : "ended"} {new Date(key.expires_at).toLocaleDateString()}
                </p>
              </div>
              <div class="actions">
                <Chip tone={key.status === "live" ? "good" : "plain"}>{key.status === "live" ? "Live" : key.status === "expired" ? "Expired" : "Revoked"}</Chip>
                {key.status === "live" && (
                  <button type="button" class="button button-small button-danger" aria-label={`Revoke ${key.name}`} onClick={() => setRevoking(key)}>
                    Revoke
                  </button>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
      {creating && <Create organisation={organisation} renew={renew} onClose={() => setCreating(false)} />}
      {revoking !== null && (
        <Confirm title={`Revoke ${revoking.name}?`} action="Revoke" run={() => revokeKey(organisation.id, revoking.id)} renew={renew} onDone={() => toast("Revoked. It stops working within seconds.")} onClose={() => setRevoking(null)}>
          <p>Whatever uses this key stops working within five seconds. It cannot be undone.</p>
        </Confirm>
      )}
    </Card>
  );
}

function Create({ organisation, renew, onClose }: { organisation: Organisation; renew: unknown[][]; onClose: () => void }): JSX.Element {
  const [name, setName] = useState("");
  const [days, setDays] = useState<(typeof LIVES)[number][0]>("365");
  const [scopes, setScopes] = useState<readonly Scope[]>(["events:read", "events:write"]);
  const sending = useSending(() => createKey(organisation.id, { name: name.trim(), scopes: [...scopes], expires_at: new Date(Date.now() + Number(days) * 86_400_000).toISOString() }), { renew });
  if (sending.done !== undefined) {
    return (
      <Dialog title="Copy the key now" onClose={onClose}>
        <Notice tone="warn">It is shown this once. Muster keeps only a hash of it.</Notice>
        <CopyLine text={sending.done.key} what="The key" />
        <p class="muted small">
          Send it as <code>Authorization: Bearer …</code> or <code>X-Dashboard-Token: …</code>
        </p>
        <div class="actions">
          <button type="button" class="button button-primary" onClick={onClose}>
            I have it
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="New service key" onClose={onClose}>
      <form class="stack" onSubmit={sending.submit}>
        <TextField label="Name" hint="What uses it. Two live keys of one name are fine, for changing over." required maxLength={80} autoComplete="off" value={name} onValue={setName} error={sending.field("name")} />
        <SelectField label="Holds for" value={days} options={LIVES} onValue={setDays} />
        <fieldset>
          <legend class="legend">It may</legend>
          {SCOPES.map(([scope, label]) => (
            <label key={scope} class="check">
              <input type="checkbox" checked={scopes.includes(scope)} onChange={(event) => setScopes(event.currentTarget.checked ? [...scopes, scope] : scopes.filter((each) => each !== scope))} />
              <span>
                {label} <code class="muted small">{scope}</code>
              </span>
            </label>
          ))}
        </fieldset>
        {sending.problem}
        <SubmitButton busy={sending.busy}>Make the key</SubmitButton>
      </form>
    </Dialog>
  );
}
