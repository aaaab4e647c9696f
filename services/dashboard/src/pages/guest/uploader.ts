/** The drop area and the list of photos on their way, each with its own progress and outcome. */
import { h, setText } from "../shared/dom";
import { ACCEPT, contentTypeOf, humanSize, refusalOf } from "../shared/files";
import type { Item, UploadQueue } from "../shared/queue";
import { said, words } from "./words";

export interface UploaderHooks {
  /** Asks the service to take down a photo that was stored; resolves when it is gone. */
  takeDown(item: Item): Promise<void>;
}

interface Row {
  element: HTMLLIElement;
  state: HTMLElement;
  bar: HTMLProgressElement;
  actions: HTMLElement;
  shown: string;
  preview: HTMLElement;
}

/** What an item's state is called on the page. */
export function stateText(item: Pick<Item, "state" | "progress" | "reason">): string {
  switch (item.state) {
    case "queued":
      return words.queued;
    case "uploading":
      return item.progress >= 1 ? words.finishing : words.uploading(Math.floor(item.progress * 100));
    case "waiting":
      return `${said(item.reason) ?? words.notSentYet} ${words.againSoon}`;
    case "stored":
      return words.stored;
    case "verified":
      return words.verified;
    case "rejected":
      return words.notTaken(said(item.reason) ?? words.noUsablePhoto);
    case "failed":
      return words.notSent(said(item.reason) ?? words.somethingWrong);
  }
}

export class Uploader {
  readonly element: HTMLElement;
  private readonly list = h("ul", { class: "g-queue", "aria-label": words.yourPhotos });
  private readonly live = h("p", { class: "m-sr", role: "status" });
  private readonly refused = h("div", { class: "g-refused", role: "alert" });
  private readonly rows = new Map<string, Row>();
  private queue!: UploadQueue;

  constructor(private readonly hooks: UploaderHooks) {
    const input = h("input", { type: "file", multiple: true, accept: ACCEPT, "aria-label": words.addPhotos });
    input.addEventListener("change", () => {
      this.take([...(input.files ?? [])]);
      input.value = "";
    });
    const drop = h(
      "div",
      { class: "g-drop" },
      h("span", { class: "m-button g-pick" }, h("span", { "aria-hidden": "true" }, words.addPhotos), input),
      h("p", { class: "m-muted" }, words.dropHere),
    );
    this.listenForDrops(drop);
    this.element = h("div", {}, drop, this.refused, this.list, this.live);
  }

  attach(queue: UploadQueue): void {
    this.queue = queue;
  }

  /** Redraws one item, or all when the list itself changed. */
  show(changed: Item | null): void {
    if (changed !== null && this.rows.has(changed.id)) this.draw(changed);
    else this.redraw();
    const done = this.queue.items.filter((item) => item.state === "verified").length;
    const total = this.queue.items.length;
    setText(this.live, total === 0 ? "" : `${words.verifiedOf(done, total)}${this.queue.unfinished > 0 ? "" : ` ${words.noneLeft}`}`);
  }

  private redraw(): void {
    const known = new Set(this.queue.items.map((item) => item.id));
    for (const [id, row] of this.rows) {
      if (known.has(id)) continue;
      if (row.preview instanceof HTMLImageElement) URL.revokeObjectURL(row.preview.src);
      row.element.remove();
      this.rows.delete(id);
    }
    for (const item of this.queue.items) {
      if (!this.rows.has(item.id)) this.list.append(this.newRow(item).element);
      this.draw(item);
    }
  }

  private newRow(item: Item): Row {
    const state = h("span", { class: "g-state" });
    const bar = h("progress", { max: 1, value: 0, "aria-label": words.progressOf(item.name) });
    const actions = h("span", { class: "g-actions" });
    const preview = previewOf(item);
    const element = h("li", { class: "g-item" }, preview, h("span", { class: "g-name" }, `${item.name} `, h("span", { class: "m-muted" }, humanSize(item.size))), state, actions, bar);
    const row = { element, state, bar, actions, shown: "", preview };
    this.rows.set(item.id, row);
    return row;
  }

  private draw(item: Item): void {
    const row = this.rows.get(item.id);
    if (row === undefined) return;
    setText(row.state, stateText(item));
    row.bar.hidden = item.state !== "uploading";
    row.bar.value = item.progress;
    if (row.shown === item.state) return;
    row.shown = item.state;
    row.element.dataset.state = item.state;
    row.actions.replaceChildren(...this.actionsFor(item));
  }

  private actionsFor(item: Item): HTMLElement[] {
    const button = (label: string, run: () => void): HTMLElement =>
      h("button", { type: "button", class: "g-quiet", "aria-label": `${label}: ${item.name}`, onclick: run }, label);
    const retry = button(words.tryAgain, () => this.queue.retry((each) => each.id === item.id));
    const remove = button(words.remove, () => this.queue.remove(item.id));
    if (item.state === "failed" || item.state === "waiting") return [retry, remove];
    if (item.state === "verified" && item.receipt !== null) {
      return [button(words.takeDown, () => void this.takeDown(item)), button(words.clear, () => this.queue.remove(item.id))];
    }
    return item.state === "uploading" || item.state === "stored" ? [] : [remove];
  }

  private async takeDown(item: Item): Promise<void> {
    const row = this.rows.get(item.id);
    try {
      await this.hooks.takeDown(item);
      this.queue.remove(item.id);
      this.live.textContent = words.takenDown(item.name);
    } catch (error) {
      if (row !== undefined) setText(row.state, `${words.notTakenDown} ${said(error instanceof Error ? error.message : null) ?? ""}`.trim());
    }
  }

  private take(files: File[]): void {
    const refusals = files.flatMap((file) => {
      const reason = refusalOf(file, words);
      return reason === null ? [] : [h("p", { class: "m-notice m-notice-error" }, `${file.name}: ${reason}`)];
    });
    this.refused.replaceChildren(...refusals);
    this.queue.add(
      files.flatMap((file) => {
        const contentType = contentTypeOf(file);
        return contentType === null || refusalOf(file) !== null ? [] : [{ name: file.name, size: file.size, contentType, file }];
      }),
    );
  }

  private listenForDrops(drop: HTMLElement): void {
    // A photo dropped beside the area would otherwise replace the page, and the queue with it.
    for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());
    drop.addEventListener("dragover", () => drop.setAttribute("data-over", ""));
    drop.addEventListener("dragleave", () => drop.removeAttribute("data-over"));
    drop.addEventListener("drop", (event) => {
      drop.removeAttribute("data-over");
      this.take([...(event.dataTransfer?.files ?? [])]);
    });
  }
}

/** The photo small, or a plain square where the browser cannot show it: few know HEIC. */
function previewOf(item: Item): HTMLElement {
  const square = h("span", { class: "g-preview" });
  if (item.file === null || item.contentType === "image/heic") return square;
  const image = h("img", { class: "g-preview", alt: "", src: URL.createObjectURL(item.file) });
  image.addEventListener("error", () => image.replaceWith(square));
  return image;
}
