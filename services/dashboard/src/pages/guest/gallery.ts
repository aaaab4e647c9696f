/** The grid of thumbnails; its signed addresses are renewed before they run out. */
import { h, setText } from "../shared/dom";
import type { GuestApi, Photo } from "./api";
import { Lightbox } from "./lightbox";
import { words } from "./words";

/** Renewed this long before they expire: a slow phone is still loading by then. */
const MARGIN_SECONDS = 45;

export class Gallery {
  readonly element: HTMLElement;
  private readonly grid = h("ul", { class: "g-grid", "aria-label": words.gallery });
  private readonly note = h("p", { class: "m-muted", role: "status" });
  private readonly more = h("button", { type: "button", class: "m-button", hidden: true, onclick: () => void this.load(false) }, words.showMore);
  private readonly lightbox: Lightbox;
  private photos: Photo[] = [];
  private cursor: string | null = null;
  private busy = false;
  private again = false;
  private timer: number | undefined;

  constructor(
    private readonly api: GuestApi,
    receiptOf: (photoId: string) => string | null,
    removed: (photoId: string) => void,
  ) {
    this.lightbox = new Lightbox(api, receiptOf, (photoId) => {
      removed(photoId);
      this.photos = this.photos.filter((photo) => photo.id !== photoId);
      this.draw();
    });
    this.element = h("div", {}, this.grid, this.note, h("div", { class: "g-bar" }, this.more));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) void this.refresh();
    });
  }

  /** Loads again what is shown; new photos come to the front. */
  async refresh(): Promise<void> {
    await this.load(true);
  }

  private async load(fromStart: boolean): Promise<void> {
    if (this.busy) {
      this.again ||= fromStart;
      return;
    }
    this.busy = true;
    try {
      await (fromStart ? this.reload() : this.append());
      this.draw();
    } catch {
      setText(this.note, words.unreachable);
      this.schedule(30);
    } finally {
      this.busy = false;
    }
    if (this.again) {
      this.again = false;
      await this.load(true);
    }
  }

  private async append(): Promise<void> {
    const page = await this.api.photos(this.cursor);
    const known = new Set(this.photos.map((photo) => photo.id));
    this.photos.push(...page.items.filter((photo) => !known.has(photo.id)));
    this.cursor = page.next_cursor;
  }

  private async reload(): Promise<void> {
    const wanted = Math.max(1, this.photos.length);
    let fresh: Photo[] = [];
    let cursor: string | null = null;
    do {
      const page = await this.api.photos(cursor);
      fresh = fresh.concat(page.items);
      cursor = page.next_cursor;
    } while (cursor !== null && fresh.length < wanted);
    this.photos = fresh;
    this.cursor = cursor;
  }

  private draw(): void {
    const shown = this.photos.filter((photo) => photo.thumbnail_url !== null);
    const buttons = [...this.grid.children];
    shown.forEach((photo, index) => {
      const existing = buttons[index];
      const tile = existing instanceof HTMLLIElement && existing.dataset.id === photo.id ? existing : this.tile(photo);
      // The same address is left alone, so that nothing flickers or loads twice.
      const image = tile.querySelector("img");
      if (image !== null && image.getAttribute("src") !== photo.thumbnail_url) image.src = photo.thumbnail_url ?? "";
      if (existing !== tile) this.grid.insertBefore(tile, this.grid.children[index] ?? null);
    });
    while (this.grid.children.length > shown.length) this.grid.lastElementChild?.remove();
    this.grid.hidden = shown.length === 0;
    this.more.hidden = this.cursor === null;
    setText(this.note, shown.length === 0 ? words.noPhotos : "");
    this.lightbox.update(shown);
    this.scheduleRenewal();
  }

  private tile(photo: Photo): HTMLLIElement {
    const alt = photo.caption ?? words.photo;
    const image = h("img", { alt, loading: "lazy", decoding: "async", width: 240, height: 240 });
    image.addEventListener("error", () => this.schedule(2), { once: true });
    const open = (): void => this.lightbox.open(photo.id);
    return h("li", { "data-id": photo.id }, h("button", { type: "button", class: "g-thumb", onclick: open }, image));
  }

  private scheduleRenewal(): void {
    const expiries = this.photos.flatMap((photo) => (photo.urls_expire_at === null ? [] : Date.parse(photo.urls_expire_at)));
    if (expiries.length === 0) return;
    this.schedule(Math.max(10, (Math.min(...expiries) - Date.now()) / 1000 - MARGIN_SECONDS));
  }

  private schedule(seconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      // A page in the background renews when it is looked at again.
      if (!document.hidden) void this.refresh();
    }, seconds * 1000);
  }
}
