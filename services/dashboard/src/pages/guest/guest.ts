/**
 * What a guest's page does once its static HTML is there. It is published to storage and stays readable when every
 * service is down; this script adds the photos. The markup it needs (the whole is in guest.css):
 *
 *   <main class="m-page" data-page="guest" data-code="K7QM2" data-media-api="/api/media/guest/K7QM2"
 *         data-uploads-open="2026-07-18T06:00:00Z" data-uploads-close="2026-08-01T20:00:00Z">
 *     <section data-part="photos"><h2>Photos</h2><p data-part="photos-fallback">…</p></section>
 *   </main>
 *
 * The two data-uploads-* are optional; what the media service says goes before them.
 */
import { h, setText } from "../shared/dom";
import { UploadQueue } from "../shared/queue";
import { send } from "../shared/send";
import { openStore } from "../shared/store";
import { type Album, GuestApi, type PageState } from "./api";
import { Gallery } from "./gallery";
import { Uploader } from "./uploader";
import { words } from "./words";

/** Whether photos may be added now, and what to say when not. */
export function uploadsClosed(state: PageState, now: number): string | null {
  const opens = state.opens_at == null ? null : Date.parse(state.opens_at);
  const closes = state.closes_at == null ? null : Date.parse(state.closes_at);
  if (opens !== null && now < opens) return words.opensFrom(readable(opens));
  if (closes !== null && now > closes) return words.ended;
  return state.uploads_open === false ? words.closed : null;
}

function readable(instant: number): string {
  return new Date(instant).toLocaleString(document.documentElement.lang || undefined, { dateStyle: "full", timeStyle: "short" });
}

function start(main: HTMLElement, section: HTMLElement): void {
  const code = main.dataset.code ?? "";
  const api = new GuestApi(main.dataset.mediaApi ?? `/api/media/guest/${encodeURIComponent(code)}`);
  const store = openStore();
  const uploader = new Uploader({
    takeDown: async (item) => {
      if (item.receipt !== null) await api.remove(item.receipt);
      await gallery.refresh();
    },
  });
  const queue = new UploadQueue({
    scope: code,
    ask: (item, key) => api.ask(item, key),
    send,
    verdicts: (items) => api.verdicts(items),
    save: (item) => store.save(item),
    forget: (id) => store.forget(id),
    changed: (item) => {
      uploader.show(item);
      if (item?.state === "verified") void gallery.refresh();
    },
    later: (seconds, run) => void setTimeout(run, seconds * 1000),
    newId: () => crypto.randomUUID(),
    now: () => Date.now(),
    random: () => Math.random(),
  });
  const receiptOf = (photoId: string): string | null => queue.items.find((item) => item.photoId === photoId)?.receipt ?? null;
  const gallery = new Gallery(api, receiptOf, (photoId) => {
    const item = queue.items.find((each) => each.photoId === photoId);
    if (item !== undefined) queue.remove(item.id);
  });
  uploader.attach(queue);

  const notice = h("p", { class: "m-notice", hidden: true });
  section.querySelector('[data-part="photos-fallback"]')?.remove();
  section.append(notice, uploader.element, gallery.element, albumButton(api));
  const fromPage: PageState = { opens_at: main.dataset.uploadsOpen ?? null, closes_at: main.dataset.uploadsClose ?? null };
  void showState(api, fromPage, notice, uploader.element);
  void gallery.refresh();
  void restoreAlone(code, async () => queue.restore(await store.load(code)));

  addEventListener("online", () => queue.retry((item) => item.state === "waiting"));
  addEventListener("beforeunload", (event) => {
    if (queue.items.some((item) => item.state === "uploading")) event.preventDefault();
  });
}

/** Only one tab sends what an earlier visit left; the next one takes over when it is closed. */
async function restoreAlone(code: string, restore: () => Promise<void>): Promise<void> {
  const locks = (navigator as { locks?: LockManager | null }).locks;
  if (locks == null) return restore();
  await locks.request(`muster-queue-${code}`, async () => {
    await restore();
    await new Promise(() => undefined);
  });
}

async function showState(api: GuestApi, fromPage: PageState, notice: HTMLElement, uploader: HTMLElement): Promise<void> {
  const answer = await api.state().catch(() => null);
  const state = { ...fromPage, ...answer };
  const closed = uploadsClosed(state, Date.now());
  uploader.hidden = closed !== null;
  const hidden = state.gallery_visible === false ? revealText(state) : null;
  const moderated = state.moderated === true ? words.moderated : null;
  const text = [closed, hidden, moderated].filter((each) => each !== null).join(" ");
  notice.hidden = text === "";
  setText(notice, text);
}

function revealText(state: PageState): string {
  return state.reveal_at == null ? words.galleryClosed : words.galleryOpens(readable(Date.parse(state.reveal_at)));
}

function albumButton(api: GuestApi): HTMLElement {
  const note = h("p", { class: "m-muted", role: "status" });
  const button = h("button", { type: "button", class: "m-button" }, words.downloadAll);
  button.addEventListener("click", () => {
    button.disabled = true;
    setText(note, words.gettingAlbum);
    void api
      .album()
      .catch((): Album => ({ status: "none" }))
      .then((album) => {
        button.disabled = false;
        if (album?.url == null) {
          setText(note, album?.status === "none" ? words.noAlbum : words.albumSoon);
          return;
        }
        setText(note, "");
        location.assign(album.url);
      });
  });
  return h("div", { class: "g-bar" }, button, note);
}

const main = document.querySelector<HTMLElement>('main[data-page="guest"]');
const section = main?.querySelector<HTMLElement>('[data-part="photos"]') ?? null;
if (main !== null && section !== null) start(main, section);
