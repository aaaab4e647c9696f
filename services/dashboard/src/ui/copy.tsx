/** Something long to copy: a link, a key. */
import type { JSX } from "preact";
import { toast } from "./feedback";
import { Icon } from "./icon";

export function copyText(text: string, what: string): void {
  navigator.clipboard.writeText(text).then(
    () => toast(`${what} is copied.`),
    () => toast("The browser did not allow copying. Please copy it by hand.", "bad"),
  );
}

export function CopyLine({ text, what }: { text: string; what: string }): JSX.Element {
  return (
    <div class="copy-line">
      <code>{text}</code>
      <button type="button" class="button button-small" onClick={() => copyText(text, what)}>
        <Icon name="copy" /> Copy
      </button>
    </div>
  );
}
