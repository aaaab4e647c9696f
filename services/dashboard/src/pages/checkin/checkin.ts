/**
 * The page of the door, opened by a staff link without an account. The events service renders it:
 *
 *   main.m-page[data-page="check-in"][data-api][data-event][data-timezone]
 *     [data-part="result"]                      what became of the last ticket, large
 *     [data-part="camera"][hidden] > video[data-part="video"], button[data-part="camera-button"]
 *     form[data-part="manual"] > input[name="code"];  ul[data-part="matches"]
 *     p[data-part="count"], p[data-part="offline"][hidden], ul[data-part="recent"]
 *
 * `data-api` has `/tickets` (GET), `/check-ins` (POST; DELETE with an id) and `/sync` (POST).
 */
import { h, setText } from "../shared/dom";
import { json, post } from "../shared/http";
import { hasCamera, watchCamera } from "./camera";
import { type Admission, Door, type GuestList, looksLikeCode, type Scan, type SyncResult } from "./door";
import { keeper } from "./keeper";

const REFRESH_SECONDS = 20;
/** Longer than this, and the queue at the door grows: the list kept here decides instead. */
const ANSWER_SECONDS = 4;

interface CheckedIn {
  registration_id: string;
  name: string;
  checked_in_at: string;
  checked_in_by: string;
}

type Tone = "good" | "warn" | "error";
type Say = (title: string, text: string, tone: Tone) => void;

/** What stands large after a ticket was shown. */
export function words({ outcome, name, at, by, detail }: Admission, clock: (instant: string) => string): { title: string; text: string; tone: Tone } {
  switch (outcome) {
    case "in":
      return { title: `Welcome, ${name}`, text: "", tone: "good" };
    case "kept":
      return { title: `Welcome, ${name}`, text: detail, tone: "good" };
    case "already": {
      const parts = [at === null || at === "" ? "" : `since ${clock(at)}`, by === null || by === "" ? "" : `let in by ${by}`, detail];
      return { title: `${name} is in already`, text: parts.filter((each) => each !== "").join(", "), tone: "warn" };
    }
    case "undone":
      return { title: `${name} was taken back`, text: "", tone: "warn" };
    case "refused":
      return { title: name === "" ? "This ticket does not hold" : `${name}: not valid`, text: detail, tone: "error" };
  }
}

function start(main: HTMLElement): void {
  const part = (name: string): HTMLElement | null => main.querySelector<HTMLElement>(`[data-part="${name}"]`);
  const clock = (instant: string): string => new Date(instant).toLocaleTimeString(undefined, { timeStyle: "short", timeZone: main.dataset.timezone ?? "UTC" });
  const door = doorOf(main, () => draw());

  const say: Say = (title, text, tone) => {
    part("result")?.replaceChildren(h("div", { class: `m-notice m-notice-${tone} m-result` }, h("strong", {}, title), text === "" ? null : h("span", {}, text)));
  };

  const takeBack = async (admission: Admission): Promise<void> => {
    await door.undo(admission).catch((error: unknown) => say("Not taken back", error instanceof Error ? error.message : "", "error"));
  };

  const recentLine = (admission: Admission): HTMLElement => {
    const { title, text, tone } = words(admission, clock);
    const undo = admission.registrationId === null ? null : h("button", { type: "button", class: "m-button", "aria-label": `Take back ${admission.name}`, onclick: () => void takeBack(admission) }, "Take back");
    const state = tone === "good" ? "confirmed" : tone === "warn" ? "invited" : "declined";
    return h("li", {}, h("span", { class: "m-chip", "data-state": state }, title), text === "" ? null : h("span", { class: "m-muted" }, ` ${text} `), undo);
  };

  const draw = (): void => {
    const { inside, expected } = door.counts;
    const count = part("count");
    if (count !== null) setText(count, door.known ? `${inside} of ${expected} are in.` : "The list has not been fetched yet.");
    const offline = part("offline");
    if (offline !== null) {
      offline.hidden = door.online && door.scans.length === 0;
      setText(offline, `${door.online ? "" : "No connection. "}${door.scans.length === 0 ? "The list kept here is used." : `${door.scans.length} to be sent.`}`);
    }
    part("recent")?.replaceChildren(...door.recent.map(recentLine));
  };

  const admit = async (given: string): Promise<void> => {
    const { title, text, tone } = words(await door.admit(given), clock);
    say(title, text, tone);
    if ("vibrate" in navigator) navigator.vibrate(tone === "good" ? 80 : [80, 80, 200]);
  };

  wireForm(part("manual"), part("matches"), door, clock, admit);
  wireCamera(part("camera"), part("camera-button"), main.querySelector("video"), admit, say);
  void door.start();
  keepPage();
  setInterval(() => void door.refresh(), REFRESH_SECONDS * 1000);
  addEventListener("online", () => void door.refresh());
}

/** Has the page kept for a reload without a connection, where the browser can: over TLS or on localhost. */
function keepPage(): void {
  if (!("serviceWorker" in navigator)) return;
  // From beside the page, for a worker reaches no further than its folder.
  navigator.serviceWorker.register("/t/staff/worker.js", { scope: location.pathname, updateViaCache: "none" }).catch(() => undefined);
}

function doorOf(main: HTMLElement, changed: () => void): Door {
  const api = main.dataset.api ?? "";
  return new Door({
    ...keeper(main.dataset.event ?? api),
    fetchList: async () => (await json<GuestList>(`${api}/tickets`)) ?? { tickets: [] },
    checkIn: async (scan) => (await post<CheckedIn>(`${api}/check-ins`, scan, undefined, ANSWER_SECONDS)) as CheckedIn,
    undo: async (id) => {
      await json(`${api}/check-ins/${id}`, { method: "DELETE", headers: { "X-Requested-With": "muster" } });
    },
    sync: async (scans: Scan[]) => (await post<{ results: SyncResult[] }>(`${api}/sync`, { scans }))?.results ?? [],
    digest: async (code) => hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(code))),
    newId: () => crypto.randomUUID(),
    now: () => new Date(),
    changed,
  });
}

function wireForm(form: HTMLElement | null, matches: HTMLElement | null, door: Door, clock: (instant: string) => string, admit: (given: string) => Promise<void>): void {
  const input = form?.querySelector<HTMLInputElement>('input[name="code"]') ?? null;
  if (form === null || input === null) return;
  const list = (): void => {
    const found = looksLikeCode(input.value) ? [] : door.named(input.value);
    const lines = found.map((ticket) => {
      const inside = ticket.checked_in_at !== null;
      const text = inside ? `In since ${clock(ticket.checked_in_at ?? "")}` : "Expected: ask for the ticket";
      return h("li", {}, `${ticket.name} `, h("span", { class: "m-chip", "data-state": inside ? "confirmed" : "invited" }, text));
    });
    matches?.replaceChildren(...lines);
  };
  input.addEventListener("input", list);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim() === "") return;
    // A name is looked up, never sent as a code.
    if (!looksLikeCode(input.value) && door.named(input.value).length > 0) {
      list();
      return;
    }
    void admit(input.value).then(() => {
      input.value = "";
      matches?.replaceChildren();
      input.focus();
    });
  });
}

function wireCamera(section: HTMLElement | null, button: HTMLElement | null, video: HTMLVideoElement | null, admit: (given: string) => Promise<void>, say: Say): void {
  if (section === null || button === null || video === null || !hasCamera()) return;
  section.hidden = false;
  let stop: (() => void) | null = null;
  button.addEventListener("click", () => {
    if (stop !== null) {
      stop();
      stop = null;
      setText(button, "Start the camera");
      return;
    }
    watchCamera(video, (text) => void admit(text)).then(
      (stopping) => {
        stop = stopping;
        setText(button, "Stop the camera");
      },
      () => say("The camera cannot be used", "Allow it in the browser’s settings, or type the code.", "error"),
    );
  });
}

function hex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const main = document.querySelector<HTMLElement>('main[data-page="check-in"]');
if (main !== null) start(main);
