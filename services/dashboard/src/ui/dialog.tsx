/** Dialogs and drawers on the browser's own <dialog>: it keeps the focus inside and gives it back. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { SubmitButton, useSending } from "./form";
import { Icon } from "./icon";

export function Dialog({ title, onClose, drawer = false, children }: { title: string; onClose: () => void; drawer?: boolean; children: ComponentChildren }): JSX.Element {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    box.current?.showModal();
  }, []);
  return (
    <dialog ref={box} class={drawer ? "dialog drawer" : "dialog"} aria-labelledby={id} onClose={onClose}>
      <div class="dialog-body">
        <div class="dialog-head">
          <h2 id={id}>{title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={() => box.current?.close()}>
            <Icon name="close" />
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  children: ComponentChildren;
  action: string;
  danger?: boolean;
  run: () => Promise<unknown>;
  renew?: readonly unknown[][];
  onDone?: () => void;
  onClose: () => void;
}

/** Asks before something that cannot be undone, and shows what came of it. */
export function Confirm({ title, children, action, danger = true, run, renew = [], onDone, onClose }: ConfirmProps): JSX.Element {
  const sending = useSending(run, {
    renew,
    after: () => {
      onClose();
      onDone?.();
    },
  });
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="stack" onSubmit={sending.submit}>
        {children}
        {sending.problem}
        <div class="actions">
          <SubmitButton busy={sending.busy} danger={danger}>
            {action}
          </SubmitButton>
          <button type="button" class="button" onClick={onClose}>
            Keep it as it is
          </button>
        </div>
      </form>
    </Dialog>
  );
}
