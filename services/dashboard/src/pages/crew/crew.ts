/**
 * What the call sheet gains with JavaScript: answers without a page load, and photos of the job. Everything but the
 * photos works without it, and nothing is ever sent without a person's press. The markup is set out in crew.css; a POST
 * answers 303 to the sheet, whose <main> takes the place of this one.
 */
import { h, setText } from "../shared/dom";
import { ACCEPT, contentTypeOf, refusalOf } from "../shared/files";
import { Failure, post } from "../shared/http";
import { type Presigned, send } from "../shared/send";
import { wordsOf } from "./words";

interface UploadAnswer {
  photo: { id: string; status: string };
  upload?: Presigned | null;
}

const ATTEMPTS = 4;
const words = wordsOf(document.documentElement.lang);

function enhance(main: HTMLElement): void {
  for (const form of main.querySelectorAll<HTMLFormElement>("form[data-enhance]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void answer(form, event.submitter);
    });
  }
  const photos = main.querySelector<HTMLElement>('[data-part="job-photos"]');
  if (photos?.dataset.upload !== undefined) {
    for (const shot of photos.querySelectorAll<HTMLElement>(".m-shot")) addPicker(shot, photos.dataset.upload);
  }
}

async function answer(form: HTMLFormElement, submitter: HTMLElement | null): Promise<void> {
  const live = statusOf(form);
  const buttons = [...form.querySelectorAll("button")];
  const body = new URLSearchParams([...new FormData(form, submitter)].map(([name, value]) => [name, typeof value === "string" ? value : ""]));
  for (const button of buttons) button.disabled = true;
  setText(live, words.sending);
  try {
    const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html", "X-Requested-With": "muster" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("main");
    if (page === null) throw new Failure(words.refused, response.status);
    swap(page);
  } catch (error) {
    for (const button of buttons) button.disabled = false;
    setText(live, error instanceof Failure ? error.message : words.offline);
  }
}

function statusOf(form: HTMLFormElement): HTMLElement {
  const existing = form.querySelector<HTMLElement>(".m-live");
  if (existing !== null) return existing;
  const live = h("p", { class: "m-live", role: "status" });
  form.append(live);
  return live;
}

function swap(page: HTMLElement): void {
  document.querySelector("main")?.replaceWith(page);
  enhance(page);
  // The answer is what a screen reader should hear next, and where a keyboard should go on.
  const notice = page.querySelector<HTMLElement>(".m-notice") ?? page.querySelector<HTMLElement>("h1");
  if (notice === null) return;
  notice.tabIndex = -1;
  notice.focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

function addPicker(shot: HTMLElement, uploadUrl: string): void {
  const label = shot.firstElementChild?.textContent ?? "photo";
  const list = h("ul", { "aria-live": "polite" });
  const input = h("input", { type: "file", multiple: true, accept: ACCEPT, class: "m-sr", "aria-label": `${words.addPhoto}: ${label}` });
  input.addEventListener("change", () => {
    for (const file of input.files ?? []) void upload(file, shot.dataset.purpose ?? "photo", uploadUrl, list);
    input.value = "";
  });
  const picker = h("label", { class: "m-button" }, words.addPhoto, input);
  shot.append(picker, list);
}

async function upload(file: File, purpose: string, uploadUrl: string, list: HTMLElement): Promise<void> {
  const state = h("span", { class: "m-muted" }, words.queued);
  list.append(h("li", {}, h("span", {}, file.name), state));
  const contentType = contentTypeOf(file);
  if (refusalOf(file) !== null || contentType === null) {
    setText(state, words.notPhoto);
    return;
  }
  const key = crypto.randomUUID();
  const body = { filename: file.name, content_type: contentType, size: file.size, purpose };
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      const asked = await post<UploadAnswer>(uploadUrl, body, key);
      if (asked?.upload) await send(asked.upload, file, (part) => setText(state, `${Math.floor(part * 100)} %`));
      setText(state, words.stored);
      return;
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure(words.refused, 0);
      if (!failure.retryable || attempt === ATTEMPTS) {
        setText(state, `${words.notSent} ${failure.message}`);
        return;
      }
      setText(state, words.again);
      await new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** attempt));
    }
  }
}

const main = document.querySelector<HTMLElement>('main[data-page="call-sheet"]');
if (main !== null) enhance(main);
