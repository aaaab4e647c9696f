/** Webhooks: where Muster tells other systems what happened, and what became of each call. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { createWebhook, deleteWebhook, listWebhookDeliveries, listWebhooks, replay, type Webhook, WEBHOOK_TYPES, type WebhookDelivery, type WebhookType } from "../../api/webhooks";
import type { Organisation } from "../../api/types";
import { ago } from "../../lib/time";
import { Chip } from "../../ui/chip";
import { CopyLine } from "../../ui/copy";
import { Confirm, Dialog } from "../../ui/dialog";
import { Empty, Failed, Notice, Skeleton, toast } from "../../ui/feedback";
import { SubmitButton, TextField, useSending } from "../../ui/form";
import { Icon } from "../../ui/icon";
import { Card } from "../../ui/page";
import { clock } from "../deliveries/trace";
import { OrganisationSettings } from "./layout";

export default function Webhooks(): JSX.Element {
  return <OrganisationSettings>{(organisation) => <WebhooksCard key={organisation.id} organisation={organisation} />}</OrganisationSettings>;
}

function WebhooksCard({ organisation }: { organisation: Organisation }): JSX.Element {
  const [creating, setCreating] = useState(false);
  const [ending, setEnding] = useState<Webhook | null>(null);
  const [looking, setLooking] = useState<Webhook | null>(null);
  const key = ["webhooks", organisation.id];
  const webhooks = useQuery({ queryKey: key, queryFn: () => listWebhooks(organisation.id) });
  return (
    <Card
      title="Webhooks"
      actions={
        <button type="button" class="button button-primary button-small" onClick={() => setCreating(true)}>
          <Icon name="plus" /> New webhook
        </button>
      }
    >
      {webhooks.isPending ? (
        <Skeleton lines={3} label="Loading webhooks" />
      ) : webhooks.isError ? (
        <Failed error={webhooks.error} retry={() => void webhooks.refetch()} />
      ) : webhooks.data.items.length === 0 ? (
        <Empty icon="link" title="No webhooks yet">
          <p>Muster calls your address when something happens, signed so that you know it was Muster.</p>
        </Empty>
      ) : (
        <ul class="people">
          {webhooks.data.items.map((webhook) => (
            <li key={webhook.id} class="person-row two">
              <div class="person-main">
                <strong>{webhook.description === "" ? webhook.url : webhook.description}</strong>
                {webhook.description !== "" && <p class="muted small">{webhook.url}</p>}
                <p class="muted small">{webhook.types.length === 0 ? "Everything" : webhook.types.join(", ")}</p>
                {webhook.disabled_at !== null && <p class="small bad-text">Switched off {ago(webhook.disabled_at)}: {webhook.disabled_reason}</p>}
              </div>
              <div class="actions">
                <button type="button" class="button button-small" aria-label={`Calls to ${webhook.url}`} onClick={() => setLooking(webhook)}>
                  Calls
                </button>
                <button type="button" class="button button-small button-danger" aria-label={`End the webhook to ${webhook.url}`} onClick={() => setEnding(webhook)}>
                  End
                </button>
              </div>
            </li>
          ))}
        </ul>
      )}
      {creating && <Create organisation={organisation} renew={key} onClose={() => setCreating(false)} />}
      {looking !== null && (
        <Dialog title="Calls" drawer onClose={() => setLooking(null)}>
          <Calls webhook={looking} />
        </Dialog>
      )}
      {ending !== null && (
        <Confirm title="End this webhook?" action="End it" run={() => deleteWebhook(ending.id)} renew={[key]} onDone={() => toast("Ended.")} onClose={() => setEnding(null)}>
          <p>{ending.url} is told nothing more.</p>
        </Confirm>
      )}
    </Card>
  );
}

function Create({ organisation, renew, onClose }: { organisation: Organisation; renew: unknown[]; onClose: () => void }): JSX.Element {
  const [url, setUrl] = useState("");
  const [description, setDescription] = useState("");
  const [types, setTypes] = useState<readonly WebhookType[]>([]);
  const sending = useSending(() => createWebhook({ org_id: organisation.id, url: url.trim(), description: description.trim(), types: [...types] }), { renew: [renew] });
  if (sending.done !== undefined) {
    return (
      <Dialog title="Copy the secret now" onClose={onClose}>
        <Notice tone="warn">It is shown this once. Check the signature of every call with it (Standard Webhooks).</Notice>
        <CopyLine text={sending.done.secret} what="The secret" />
        <div class="actions">
          <button type="button" class="button button-primary" onClick={onClose}>
            I have it
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="New webhook" onClose={onClose}>
      <form class="stack" onSubmit={sending.submit}>
        <TextField label="Address to call" type="url" placeholder="https://" required maxLength={2000} autoComplete="off" value={url} onValue={setUrl} error={sending.field("url")} />
        <TextField label="Name" maxLength={200} autoComplete="off" value={description} onValue={setDescription} error={sending.field("description")} />
        <fieldset>
          <legend class="legend">Tell it of (nothing ticked: of everything)</legend>
          {WEBHOOK_TYPES.map((type) => (
            <label key={type} class="check">
              <input type="checkbox" checked={types.includes(type)} onChange={(event) => setTypes(event.currentTarget.checked ? [...types, type] : types.filter((each) => each !== type))} />
              <code>{type}</code>
            </label>
          ))}
        </fieldset>
        {sending.problem}
        <SubmitButton busy={sending.busy}>Make the webhook</SubmitButton>
      </form>
    </Dialog>
  );
}

function Calls({ webhook }: { webhook: Webhook }): JSX.Element {
  const calls = useQuery({ queryKey: ["webhook-calls", webhook.id], queryFn: () => listWebhookDeliveries(webhook.id), refetchInterval: 5_000 });
  if (calls.isPending) return <Skeleton lines={4} label="Loading calls" />;
  if (calls.isError) return <Failed error={calls.error} retry={() => void calls.refetch()} />;
  if (calls.data.items.length === 0) return <Empty icon="link" title="Nothing was told yet" />;
  return (
    <ul class="people">
      {calls.data.items.map((call) => (
        <Call key={call.id} webhook={webhook} call={call} />
      ))}
    </ul>
  );
}

function Call({ webhook, call }: { webhook: Webhook; call: WebhookDelivery }): JSX.Element {
  const again = useSending(() => replay(webhook.id, call.id), { renew: [["webhook-calls", webhook.id]], after: () => toast("It is told once more.") });
  const last = call.attempts.at(-1);
  return (
    <li class="person-row two">
      <div class="person-main">
        <strong>{call.type}</strong>
        <p class="muted small">{clock(call.created_at)}</p>
        {last !== undefined && (
          <p class="muted small">
            {call.attempts.length} {call.attempts.length === 1 ? "attempt" : "attempts"}; the last: {last.status ?? last.error ?? "no answer"}, {last.milliseconds} ms
          </p>
        )}
        {again.problem}
      </div>
      <div class="actions">
        <Chip tone={call.status === "delivered" ? "good" : call.status === "failed" ? "bad" : "info"}>{call.status === "delivered" ? "Taken" : call.status === "failed" ? "Given up" : "On its way"}</Chip>
        {call.status !== "pending" && (
          <button type="button" class="link-button small" aria-label={`Again: ${call.type}`} aria-disabled={again.busy} onClick={again.send}>
            Again
          </button>
        )}
      </div>
    </li>
  );
}
