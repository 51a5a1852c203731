/* Small parts that all panes use: buttons with a key, fields that show their refusal, and the keyboard itself. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { isOpen, Problem } from "./api";
import { isTyping, say } from "./state";

export const LETTERS = "keys-with-alt-only";

/** Keys go by their place, not by their letter: they are the same with the Russian layout on. Alt works while typing too. */
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.isComposing) return;
  const active = document.activeElement;
  if (event.key === "Escape" && isTyping() && !active?.closest("dialog")) {
    event.preventDefault(); // a search keeps its words
    return document.getElementById("who")?.focus();
  }
  if (!event.altKey && (isTyping() || localStorage.getItem(LETTERS))) return;
  const place = (event.shiftKey ? "Shift+" : "") + event.code.replace(/^(Key|Digit|Numpad)/, "");
  const scope = document.querySelector("dialog[open]") ?? document;
  const find = (key: string) =>
    [...scope.querySelectorAll<HTMLButtonElement>(`[data-key="${key}"]`)].find((one) => one.checkVisibility() && !one.disabled);
  const found = find(place) ?? (event.key === "?" || place === "Shift+Slash" ? find("?") : undefined);
  if (!found || (found === active && isTyping())) return;
  event.preventDefault();
  found.focus();
  if (!isTyping(found)) found.click();
});

export const Key = ({ of }: { of?: string }) => (of ? <kbd aria-hidden="true">{of.replace("Shift+", "⇧").replace("Minus", "−")}</kbd> : null);
export const keyed = (key?: string) => (key ? { "data-key": key, "aria-keyshortcuts": `${key} Alt+${key}` } : {});

type ButtonProps = { hot?: string; children: ComponentChildren; onClick: () => unknown; kind?: string; pressed?: boolean };

/** A button; while what it began goes on it cannot be pressed again, and a refusal is said. */
export function Button({ hot, children, onClick, kind = "", pressed }: ButtonProps) {
  const [busy, setBusy] = useState(false);
  const press = async () => {
    setBusy(true);
    try {
      await onClick();
    } catch (problem) {
      say((problem as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <button type="button" class={kind} aria-pressed={pressed} disabled={busy} onClick={press} {...keyed(hot)}>
      {children} <Key of={hot} />
    </button>
  );
}

/** The refusal that concerns a field: its name is the JSON pointer into the body, without the first stroke. */
export function wrong(problem: Problem | null, name: string): string {
  return problem?.errors.filter((one) => one.pointer === `/${name}` || one.pointer.startsWith(`/${name}/`)).map((one) => one.detail).join(" ") ?? "";
}

type FieldProps = {
  label: string; name: string; value: string; set: (value: string) => void; problem?: Problem | null; hot?: string; children?: ComponentChildren;
  rows?: number; autofocus?: boolean; required?: boolean; type?: string; autocomplete?: string; min?: string; step?: string;
  onKeyDown?: (event: KeyboardEvent) => void;
};

/** A field with its label, its key and what is wrong with it. Children make it a choice. */
export function Field({ label, name, value, set, problem = null, hot, children, rows, autofocus, ...more }: FieldProps) {
  const field = useRef<any>(null);
  const why = wrong(problem, name);
  useLayoutEffect(() => void (autofocus && field.current?.focus()), []); // at once: the next letter belongs to it
  const common = {
    ref: field, name, value, required: more.required, "aria-invalid": !!why, "aria-describedby": why ? `why-${name}` : undefined, ...keyed(hot),
    onInput: (event: Event) => set((event.target as HTMLInputElement).value),
  };
  return (
    <label class={why ? "wrong" : ""}>
      <span>{label}{more.required && <span aria-hidden="true"> *</span>} <Key of={hot} /></span>
      {children ? <select {...common}>{children}</select> : rows ? <textarea {...common} rows={rows} /> : <input {...(more as object)} {...common} />}
      {why && <em id={`why-${name}`}>{why}</em>}
    </label>
  );
}

/** What a choice is made of, with a word for none. */
export const Options = ({ of, none }: { of?: { code: string; name: string }[]; none?: string }) => (
  <>
    {none && <option value="">{none}</option>}
    {of?.map((one) => <option key={one.code} value={one.code}>{one.name}</option>)}
  </>
);
export const named = (...codes: string[]) => codes.map((code) => ({ code, name: words(code) }));

type TickProps = { label: string; on: boolean; set: () => void; hot?: string; children?: ComponentChildren };
export const Tick = ({ label, on, set, hot, children }: TickProps) => (
  <label class="check"><input type="checkbox" checked={on} onChange={set} {...keyed(hot)} />{label} <Key of={hot} />{children}</label>
);

type FormProps = {
  send: (key: string) => Promise<unknown>; label: string; name: string; keep?: { key: string };
  children: (problem: Problem | null) => ComponentChildren;
};

/** A form that sends by Enter or, from any field, by Ctrl+Enter. Its refusal is shown at the top, and at the fields.
 *  The idempotency key stays the same until there is an answer: pressed again after a lost one, it is done once.
 *  `keep` holds it where what is typed is held too, so both outlive the form. */
export function Form({ send, label, children, name, keep }: FormProps) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const own = useRef({ key: crypto.randomUUID() as string });
  const kept = keep ?? own.current;
  const going = useRef(false); // at once; `busy` is known only after it is drawn
  const submit = async (event: Event) => {
    event.preventDefault();
    if (going.current) return;
    going.current = true;
    setBusy(true);
    setProblem(null);
    try {
      await send(kept.key);
      kept.key = crypto.randomUUID();
    } catch (refused) {
      if (refused instanceof Problem && !isOpen(refused.status, refused.code)) kept.key = crypto.randomUUID();
      setProblem(refused instanceof Problem ? refused : new Problem(0, { detail: String(refused) }));
      requestAnimationFrame(() => document.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
    } finally {
      going.current = false;
      setBusy(false);
    }
  };
  const hurry = (event: KeyboardEvent) => event.ctrlKey && event.key === "Enter" && (event.currentTarget as HTMLFormElement).requestSubmit();
  return (
    <form aria-label={name} onSubmit={submit} onKeyDown={hurry}>
      {problem && <p class="problem" role="alert">{problem.message}</p>}
      {children(problem)}
      <button type="submit" class="main" disabled={busy} aria-keyshortcuts="Control+Enter">{label} <kbd aria-hidden="true">Ctrl ⏎</kbd></button>
    </form>
  );
}

/** Something read from the API, anew whenever `key` changes. */
export function useLoad<T>(key: string, load: () => Promise<T>): T | undefined {
  const [found, setFound] = useState<{ key: string; what: T }>();
  useEffect(() => {
    let isCurrent = true;
    if (key) load().then((what) => isCurrent && setFound({ key, what }), (problem: Problem) => say(problem.message));
    return () => void (isCurrent = false);
  }, [key]);
  return found?.key === key ? found.what : undefined;
}

export const clock = (at?: string | null) => (at ? new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "");
export const day = (at?: string | null) => (at ? new Date(at).toLocaleDateString([], { day: "numeric", month: "short" }) : "");
export const words = (code: string) => code.replace(/[._-]/g, " ").replace(/^./, (letter) => letter.toUpperCase());
