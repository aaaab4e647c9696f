/** The parts every page is put together from. */
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

export function PageHead({ title, lead, chips, actions }: { title: string; lead?: ComponentChildren; chips?: ComponentChildren; actions?: ComponentChildren }): JSX.Element {
  return (
    <div class="page-head">
      <div>
        <h1>{title}</h1>
        {chips !== undefined && <div class="chips">{chips}</div>}
        {lead !== undefined && <p class="muted">{lead}</p>}
      </div>
      {actions !== undefined && <div class="actions">{actions}</div>}
    </div>
  );
}

export function Card({ title, actions, children }: { title: string; actions?: ComponentChildren; children: ComponentChildren }): JSX.Element {
  const id = useId();
  return (
    <section class="card" aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>{title}</h2>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
}

/** Names and values; those without a value are left out. */
export function Facts({ facts }: { facts: readonly (readonly [label: string, value: ComponentChildren])[] }): JSX.Element {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
