/** One photo large, with the ways to keep it, take it down or say "I'm in this photo". */
import { h, setText } from "../shared/dom";
import type { GuestApi, Photo } from "./api";
import { said, words } from "./words";

export class Lightbox {
  private readonly image = h("img", { alt: "" });
  private readonly place = h("span");
  private readonly note = h("p", { role: "status" });
  private readonly save = h("a", { class: "m-button g-quiet", target: "_blank", rel: "noopener" }, words.fullSize);
  private readonly mine = this.button(words.takeDownMine, () => void this.takeDown());
  private readonly report = this.button(words.inThisPhoto, () => void this.complain());
  private readonly dialog: HTMLDialogElement;
  private photos: Photo[] = [];
  private current: string | null = null;

  constructor(
    private readonly api: GuestApi,
    private readonly receiptOf: (photoId: string) => string | null,
    private readonly removed: (photoId: string) => void,
  ) {
    const previous = this.button(words.previous, () => this.step(-1));
    const next = this.button(words.next, () => this.step(1));
    const close = this.button(words.close, () => this.dialog.close());
    this.dialog = h(
      "dialog",
      { class: "g-box", "aria-label": words.photo },
      h("div", { class: "g-bar" }, this.place, close),
      this.image,
      h("div", { class: "g-bar" }, previous, this.save, this.mine, this.report, next),
      this.note,
    );
    this.dialog.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft") this.step(-1);
      if (event.key === "ArrowRight") this.step(1);
    });
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    this.dialog.addEventListener("close", () => (this.current = null));
    document.querySelector("main")?.append(this.dialog);
  }

  open(photoId: string): void {
    this.show(photoId);
    this.dialog.showModal();
  }

  /** Takes the gallery's newest list, with renewed addresses. */
  update(photos: Photo[]): void {
    this.photos = photos;
    if (this.current === null) return;
    if (photos.some((photo) => photo.id === this.current)) this.show(this.current);
    else this.dialog.close();
  }

  private show(photoId: string): void {
    const index = this.photos.findIndex((photo) => photo.id === photoId);
    const photo = this.photos[index];
    if (photo === undefined) return;
    if (this.current !== photoId) setText(this.note, photo.caption ?? "");
    this.current = photoId;
    const source = photo.url ?? photo.thumbnail_url ?? "";
    if (this.image.getAttribute("src") !== source) this.image.src = source;
    this.image.alt = photo.caption ?? words.photoOf(index + 1, this.photos.length);
    setText(this.place, words.of(index + 1, this.photos.length));
    this.save.href = source;
    this.mine.hidden = this.receiptOf(photoId) === null;
    this.report.hidden = !this.mine.hidden;
  }

  private step(by: number): void {
    const index = this.photos.findIndex((photo) => photo.id === this.current);
    const next = this.photos[(index + by + this.photos.length) % this.photos.length];
    if (next !== undefined) this.show(next.id);
  }

  private async takeDown(): Promise<void> {
    const photoId = this.current;
    const receipt = photoId === null ? null : this.receiptOf(photoId);
    if (photoId === null || receipt === null) return;
    await this.attempt("", async () => {
      await this.api.remove(receipt);
      this.dialog.close();
      this.removed(photoId);
    });
  }

  private async complain(): Promise<void> {
    const photoId = this.current;
    if (photoId === null) return;
    await this.attempt(words.told, () => this.api.report(photoId));
  }

  private async attempt(done: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
      setText(this.note, done);
    } catch (error) {
      setText(this.note, `${words.didNotWork} ${said(error instanceof Error ? error.message : null) ?? ""}`.trim());
    }
  }

  private button(label: string, run: () => void): HTMLButtonElement {
    return h("button", { type: "button", class: "g-quiet", onclick: run }, label);
  }
}
