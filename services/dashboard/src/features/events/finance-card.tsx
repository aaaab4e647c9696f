/** The event's money, for owners and managers; fetched on its own, never with the event. */
import { useQuery } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { getFinance, putFinance } from "../../api/events";
import { ApiError } from "../../api/problem";
import type { Finance } from "../../api/types";
import { formatMoney, plainMoney } from "../../lib/money";
import { Dialog } from "../../ui/dialog";
import { Failed, Skeleton } from "../../ui/feedback";
import { SubmitButton, useSending } from "../../ui/form";
import { Card, Facts } from "../../ui/page";
import { type Draft, draftErrors, financeOf, newDraft } from "./draft";
import { MoneyFields } from "./money-fields";

const NONE: Finance = { currency: "EUR", revenue: 0, fees: [], captain_fee: 0, net: 0, internal_memo: "" };

/** Folded until somebody asks: a screen is often shown around, and an event need not have figures. */
export function FinanceCard({ eventId }: { eventId: string }): JSX.Element {
  const [shown, setShown] = useState(false);
  if (shown) return <Figures eventId={eventId} />;
  return (
    <Card
      title="Money"
      actions={
        <button type="button" class="button button-small" onClick={() => setShown(true)}>
          Show
        </button>
      }
    >
      <p class="muted">Only owners and managers see it.</p>
    </Card>
  );
}

function Figures({ eventId }: { eventId: string }): JSX.Element {
  const [editing, setEditing] = useState(false);
  const finance = useQuery({
    queryKey: ["finance", eventId],
    // An event without figures has no finance yet: that is an answer, not a failure.
    queryFn: () => getFinance(eventId).catch((error: unknown) => (error instanceof ApiError && error.status === 404 ? null : Promise.reject(error as Error))),
  });
  const figures = finance.data ?? NONE;
  const money = (minor: number): string => formatMoney(minor, figures.currency);
  return (
    <Card
      title="Money"
      actions={
        finance.isSuccess && (
          <button type="button" class="button button-small" onClick={() => setEditing(true)}>
            {finance.data === null ? "Add figures" : "Edit"}
          </button>
        )
      }
    >
      {finance.isPending ? (
        <Skeleton lines={3} label="Loading the money" />
      ) : finance.isError ? (
        <Failed error={finance.error} retry={() => void finance.refetch()} />
      ) : finance.data === null ? (
        <p class="muted">No figures yet.</p>
      ) : (
        <Facts
          facts={[
            ["Revenue", money(figures.revenue)],
            ...figures.fees.map((fee) => [fee.name, `− ${money(fee.amount)}`] as const),
            ["Captain’s fee", figures.captain_fee === 0 ? null : `− ${money(figures.captain_fee)}`],
            ["Net", <strong key="net">{money(figures.net)}</strong>],
            ["Memo", figures.internal_memo],
          ]}
        />
      )}
      {editing && <Editor eventId={eventId} figures={figures} onClose={() => setEditing(false)} />}
    </Card>
  );
}

function Editor({ eventId, figures, onClose }: { eventId: string; figures: Finance; onClose: () => void }): JSX.Element {
  const plain = (minor: number): string => (minor === 0 ? "" : plainMoney(minor, figures.currency));
  const [draft, setDraft] = useState<Draft>(() => ({
    ...newDraft(),
    title: "-",
    currency: figures.currency,
    revenue: plain(figures.revenue),
    captainFee: plain(figures.captain_fee),
    fees: figures.fees.map((fee) => ({ name: fee.name, amount: plain(fee.amount) })),
    memo: figures.internal_memo,
  }));
  const { revenue, captainFee, fees } = /^[A-Z]{3}$/.test(draft.currency) ? draftErrors(draft) : { revenue: "No such currency." };
  const errors = { ...(revenue === undefined ? {} : { revenue }), ...(captainFee === undefined ? {} : { captainFee }), ...(fees === undefined ? {} : { fees }) };
  const sending = useSending(() => putFinance(eventId, financeOf(draft) ?? { currency: draft.currency, revenue: 0, captain_fee: 0, fees: [], internal_memo: "" }), { renew: [["finance", eventId]], after: onClose });
  return (
    <Dialog title="Money" onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (Object.keys(errors).length === 0) sending.send();
        }}
      >
        <MoneyFields money={draft} errors={errors} set={(change) => setDraft((before) => ({ ...before, ...change }))} />
        {sending.problem}
        <div class="actions">
          <SubmitButton busy={sending.busy}>Save</SubmitButton>
        </div>
      </form>
    </Dialog>
  );
}
