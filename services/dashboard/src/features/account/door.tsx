/** The card that the pages before signing in share. */
import type { ComponentChildren, JSX } from "preact";

export function Door({ title, lead, foot, children }: { title: string; lead?: ComponentChildren; foot?: ComponentChildren; children: ComponentChildren }): JSX.Element {
  return (
    <div class="door">
      <div class="card door-card">
        <h1>{title}</h1>
        {lead !== undefined && <p class="muted">{lead}</p>}
        {children}
      </div>
      {foot !== undefined && <p class="door-foot">{foot}</p>}
    </div>
  );
}
