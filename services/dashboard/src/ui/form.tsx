/** Fields with their label, hint and error tied together, and the state of a form being sent. */
import { useMutation, useQueryClient } from "@tanstack/preact-query";
import type { ComponentChildren, InputHTMLAttributes, JSX } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import { ApiError, messageOf } from "../api/problem";
import { Notice } from "./feedback";

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined;
  /** Given the attributes that tie the control to its label, hint and error. */
  children: (control: { id: string; "aria-describedby": string | undefined; "aria-invalid": boolean | undefined }) => ComponentChildren;
}

export function Field({ label, hint, error, children }: FieldProps): JSX.Element {
  const id = useId();
  const described = [hint === undefined ? null : `${id}-hint`, error === undefined ? null : `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": error === undefined ? undefined : true })}
      {error !== undefined && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

type InputProps = Omit<InputHTMLAttributes, "label" | "onInput" | "value"> & {
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined;
  value: string;
  onValue: (value: string) => void;
};

export function TextField({ label, hint, error, value, onValue, ...input }: InputProps): JSX.Element {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => <input class="input" {...control} {...input} value={value} onInput={(event) => onValue(event.currentTarget.value)} />}
    </Field>
  );
}

type AreaProps = { label: string; hint?: ComponentChildren; error?: string | undefined; value: string; onValue: (value: string) => void; rows?: number; maxLength?: number };

export function TextArea({ label, hint, error, value, onValue, rows = 4, maxLength }: AreaProps): JSX.Element {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => <textarea class="input" {...control} rows={rows} maxLength={maxLength} value={value} onInput={(event) => onValue(event.currentTarget.value)} />}
    </Field>
  );
}

interface SelectProps<T extends string> {
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined;
  value: T;
  options: readonly (readonly [value: T, label: string])[];
  onValue: (value: T) => void;
}

export function SelectField<T extends string>({ label, hint, error, value, options, onValue }: SelectProps<T>): JSX.Element {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <select class="input" {...control} value={value} onChange={(event) => onValue(event.currentTarget.value as T)}>
          {options.map(([each, text]) => (
            <option key={each} value={each}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export interface Sending<T> {
  /** For `<form onSubmit>`; sends once however often it is pressed. */
  submit: (event: Event) => void;
  send: () => void;
  busy: boolean;
  done: T | undefined;
  error: unknown;
  /** The server's word on one field. */
  field: (name: string) => string | undefined;
  /** To stand above the button: what went wrong as a whole. */
  problem: JSX.Element | null;
}

/** Sends something and keeps what came of it. `after` runs once it worked; `renew` names the queries to ask again. */
export function useSending<T>(run: () => Promise<T>, { after, renew = [] }: { after?: (result: T) => void; renew?: readonly unknown[][] } = {}): Sending<T> {
  const queries = useQueryClient();
  // What the newest render holds: a form sent right after the last key stroke must send that key stroke too.
  const latest = useRef({ run, after, renew });
  latest.current = { run, after, renew };
  const mutation = useMutation({
    mutationFn: () => latest.current.run(),
    onSuccess: async (result: T) => {
      await Promise.all(latest.current.renew.map((queryKey) => queries.invalidateQueries({ queryKey })));
      latest.current.after?.(result);
    },
  });
  const send = (): void => {
    if (!mutation.isPending) mutation.mutate();
  };
  const error: unknown = mutation.error;
  return {
    send,
    submit: (event) => {
      event.preventDefault();
      send();
    },
    busy: mutation.isPending,
    done: mutation.data,
    error,
    field: (name) => (error instanceof ApiError ? error.field(name) : undefined),
    problem: error === null ? null : <Notice tone="bad">{problemLines(error)}</Notice>,
  };
}

function problemLines(error: unknown): JSX.Element {
  const fields = error instanceof ApiError ? error.fields : [];
  return (
    <>
      <p>{messageOf(error)}</p>
      {fields.length > 0 && (
        <ul>
          {fields.map((each) => (
            <li key={each.pointer}>
              {each.pointer.replace(/^#?\//, "").replaceAll("/", " › ").replaceAll("_", " ")}: {each.detail}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** The button that sends a form. It stays reachable while busy, so that the focus is not lost. */
export function SubmitButton({ busy, children, danger = false }: { busy: boolean; children: ComponentChildren; danger?: boolean }): JSX.Element {
  return (
    <button type="submit" class={`button ${danger ? "button-danger" : "button-primary"}`} aria-disabled={busy}>
      {busy ? "One moment…" : children}
    </button>
  );
}

/** A password with a way to look at what was typed. */
export function PasswordField({ label, hint, error, value, onValue, autoComplete }: { label: string; hint?: string; error?: string | undefined; value: string; onValue: (value: string) => void; autoComplete: string }): JSX.Element {
  const [shown, setShown] = useState(false);
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <div class="input-with-action">
          <input class="input" {...control} type={shown ? "text" : "password"} autoComplete={autoComplete} required maxLength={1000} value={value} onInput={(event) => onValue(event.currentTarget.value)} />
          <button type="button" class="button button-quiet" aria-pressed={shown} onClick={() => setShown(!shown)}>
            {shown ? "Hide" : "Show"}
          </button>
        </div>
      )}
    </Field>
  );
}
