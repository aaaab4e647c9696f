/** Revenue, fees and what is left; crew and guests never see any of it. */
import type { JSX } from "preact";
import { formatMoney } from "../../lib/money";
import { Icon } from "../../ui/icon";
import { TextArea, TextField } from "../../ui/form";
import { type Draft, type DraftErrors, financeOf } from "./draft";

type Money = Pick<Draft, "currency" | "revenue" | "captainFee" | "fees" | "memo">;

export function MoneyFields({ money, errors, set }: { money: Money; errors: DraftErrors; set: (change: Partial<Money>) => void }): JSX.Element {
  const setFee = (index: number, change: Partial<{ name: string; amount: string }>): void => set({ fees: money.fees.map((fee, each) => (each === index ? { ...fee, ...change } : fee)) });
  return (
    <div class="stack">
      <div class="fields">
        <TextField label="Currency" maxLength={3} autoComplete="off" value={money.currency} onValue={(currency) => set({ currency: currency.toUpperCase() })} />
        <TextField label="Revenue" inputMode="decimal" autoComplete="off" value={money.revenue} onValue={(revenue) => set({ revenue })} error={errors.revenue} />
        <TextField label="Captain’s fee" inputMode="decimal" autoComplete="off" value={money.captainFee} onValue={(captainFee) => set({ captainFee })} error={errors.captainFee} />
      </div>
      {money.fees.map((fee, index) => (
        <div class="fee" key={index}>
          <TextField label={`Fee ${index + 1}`} placeholder="Fuel" maxLength={100} autoComplete="off" value={fee.name} onValue={(name) => setFee(index, { name })} />
          <TextField label={`Amount of fee ${index + 1}`} inputMode="decimal" autoComplete="off" value={fee.amount} onValue={(amount) => setFee(index, { amount })} />
          <button type="button" class="icon-button" aria-label={`Remove fee ${index + 1}`} onClick={() => set({ fees: money.fees.filter((_, each) => each !== index) })}>
            <Icon name="close" />
          </button>
        </div>
      ))}
      {errors.fees !== undefined && <p class="field-error">{errors.fees}</p>}
      <div class="actions">
        <button type="button" class="button button-small" onClick={() => set({ fees: [...money.fees, { name: "", amount: "" }] })}>
          <Icon name="plus" /> Add a fee
        </button>
        <NetLine money={money} />
      </div>
      <TextArea label="Memo" hint="Only owners and managers read it." rows={3} maxLength={5000} value={money.memo} onValue={(memo) => set({ memo })} />
    </div>
  );
}

function NetLine({ money }: { money: Money }): JSX.Element | null {
  const figures = /^[A-Z]{3}$/.test(money.currency) ? financeOf(money) : null;
  if (figures === null) return null;
  const net = figures.revenue - figures.captain_fee - figures.fees.reduce((sum, fee) => sum + fee.amount, 0);
  return (
    <p aria-live="polite">
      Leaves <strong>{formatMoney(net, figures.currency)}</strong>
    </p>
  );
}
