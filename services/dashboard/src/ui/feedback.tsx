/** What a person is told while waiting, when there is nothing, when it failed and when it worked. */
import type { ComponentChildren, JSX } from "preact";
import { messageOf } from "../api/problem";
import { Store, useStore } from "../lib/store";
import { Icon, type IconName } from "./icon";

export function Skeleton({ lines = 3, label = "Loading" }: { lines?: number; label?: string }): JSX.Element {
  return (
    <div class="skeleton" role="status">
      <span class="sr">{label}…</span>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} class="skeleton-line" aria-hidden="true" />
      ))}
    </div>
  );
}

/** `page`: nothing else is on the page, so the title is its heading. */
export function Empty({ icon, title, page = false, children }: { icon: IconName; title: string; page?: boolean; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} />
      </span>
      {page ? <h1 class="empty-title">{title}</h1> : <p class="empty-title">{title}</p>}
      {children}
    </div>
  );
}

export type Tone = "plain" | "good" | "warn" | "bad" | "info";

export function Notice({ tone = "info", children }: { tone?: Tone; children: ComponentChildren }): JSX.Element {
  return (
    <div class={`notice notice-${tone}`} role={tone === "bad" ? "alert" : undefined}>
      {children}
    </div>
  );
}

/** An error with a way to try again. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }): JSX.Element {
  return (
    <Notice tone="bad">
      <p>{messageOf(error)}</p>
      {retry !== undefined && (
        <button type="button" class="button button-small" onClick={retry}>
          Try again
        </button>
      )}
    </Notice>
  );
}

interface Toast {
  id: number;
  tone: Tone;
  text: string;
}

const toasts = new Store<readonly Toast[]>([]);
let lastToast = 0;
const TOAST_SECONDS = 6;

/** Says something in the corner for a while; errors stay until closed. */
export function toast(text: string, tone: Tone = "good"): void {
  const id = (lastToast += 1);
  toasts.set([...toasts.get().slice(-3), { id, tone, text }]);
  if (tone !== "bad") setTimeout(() => closeToast(id), TOAST_SECONDS * 1000);
}

function closeToast(id: number): void {
  toasts.set(toasts.get().filter((each) => each.id !== id));
}

export function Toasts(): JSX.Element {
  const shown = useStore(toasts);
  return (
    <div class="toasts" aria-live="polite" role="status">
      {shown.map(({ id, tone, text }) => (
        <div key={id} class={`toast notice-${tone}`}>
          <span>{text}</span>
          <button type="button" class="icon-button" aria-label="Close this message" onClick={() => closeToast(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
