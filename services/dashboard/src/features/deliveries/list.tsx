/** All mails of the organisation, newest first, to find out what became of one. */
import { useInfiniteQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { listDeliveries } from "../../api/deliveries";
import type { Delivery } from "../../api/types";
import { useOrganisation } from "../../app/organisation";
import { ago } from "../../lib/time";
import { StateChip } from "../../ui/chip";
import { Dialog } from "../../ui/dialog";
import { Empty, Failed, Skeleton } from "../../ui/feedback";
import { SelectField, TextField } from "../../ui/form";
import { PageHead } from "../../ui/page";
import { readable, Trace } from "./trace";

const STATES = [
  ["", "Any state"],
  ["queued", "Queued"],
  ["sent", "Sent"],
  ["delivered", "Delivered"],
  ["bounced", "Bounced"],
  ["complained", "Marked as spam"],
  ["suppressed", "Suppressed"],
  ["failed", "Failed"],
] as const;

export default function Deliveries(): JSX.Element {
  const organisation = useOrganisation();
  const [recipient, setRecipient] = useState("");
  const [status, setStatus] = useState<(typeof STATES)[number][0]>("");
  const [open, setOpen] = useState<Delivery | null>(null);
  const orgId = organisation?.id;
  const mails = useInfiniteQuery({
    queryKey: ["deliveries", "list", orgId, recipient, status],
    enabled: orgId !== undefined,
    queryFn: ({ pageParam }) =>
      listDeliveries({
        ...(orgId === undefined ? {} : { org_id: orgId }),
        ...(recipient.includes("@") ? { recipient: recipient.trim() } : {}),
        ...(status === "" ? {} : { status }),
        ...(pageParam === null ? {} : { cursor: pageParam }),
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
  const items = mails.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageHead title="Mails" lead="Every mail Muster wrote for you, and what became of it." />
      <div class="fields filters">
        <TextField label="Recipient" type="email" placeholder="name@example.com" autoComplete="off" value={recipient} onValue={setRecipient} />
        <SelectField label="State" value={status} options={STATES} onValue={setStatus} />
      </div>
      {mails.isPending ? (
        <Skeleton lines={6} label="Loading mails" />
      ) : mails.isError ? (
        <Failed error={mails.error} retry={() => void mails.refetch()} />
      ) : items.length === 0 ? (
        <Empty icon="mail" title="No mail fits" />
      ) : (
        <ul class="rows">
          {items.map((mail) => (
            <li key={mail.id}>
              <button type="button" class="row row-button" onClick={() => setOpen(mail)}>
                <span class="row-date muted">{ago(mail.created_at)}</span>
                <span class="row-main">
                  <strong>{readable(mail.template)}</strong>
                  <span class="muted">{mail.recipient}</span>
                </span>
                <span class="row-chips">
                  <StateChip of="delivery" state={mail.status} />
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {mails.hasNextPage && (
        <button type="button" class="button" onClick={() => void mails.fetchNextPage()}>
          Show more
        </button>
      )}
      {open !== null && (
        <Dialog title="What became of it" drawer onClose={() => setOpen(null)}>
          <Trace delivery={open} />
        </Dialog>
      )}
    </>
  );
}
