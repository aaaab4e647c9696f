/** Local mode's mailbox: the mails as SES took them, to read and click. */
import { h, setText } from "../shared/dom";
import { json } from "../shared/http";
import { letter } from "./letter";

interface Mail {
  id: string;
  to: string[];
  subject: string;
  text: string | null;
  html: string | null;
  headers: Record<string, string>;
  sent_at: string;
}

const POLL_SECONDS = 3;
const WHOLE_ADDRESS = /^[^@\s]+@[^@\s]+\.[^@\s]{2,}$/;

class Mailbox {
  private readonly list = h("ul", { id: "mails", class: "mb-list", "aria-label": "Mails" });
  private readonly reader = h("section", { class: "mb-reader", "aria-live": "polite", "aria-label": "The mail" });
  private readonly note = h("p", { class: "m-muted", role: "status" }, "Looking for mails…");
  private readonly filter = h("input", { type: "search", id: "to", placeholder: "name@example.com", autocomplete: "off" });
  private mails: Mail[] = [];
  private open: string | null = null;
  private shown = "";

  constructor(root: HTMLElement) {
    this.filter.addEventListener("input", () => void this.load());
    const head = h(
      "header",
      { class: "mb-head" },
      h("h1", {}, "Mailbox"),
      h("p", { class: "m-muted" }, "Mails stay on this machine; none is sent to anybody."),
      h("div", {}, h("label", { for: "to" }, "To"), this.filter),
    );
    root.append(head, h("div", { class: "mb-body" }, h("div", {}, this.note, this.list), this.reader));
    this.showEmpty();
    void this.poll();
  }

  private async poll(): Promise<void> {
    if (!document.hidden) await this.load();
    setTimeout(() => void this.poll(), POLL_SECONDS * 1000);
  }

  private async load(): Promise<void> {
    const query = new URLSearchParams({ limit: "100" });
    const to = this.filter.value.trim().toLowerCase();
    // A whole address is looked for among all mails, part of one among the newest.
    if (WHOLE_ADDRESS.test(to)) query.set("to", to);
    try {
      const newest = (await json<{ items: Mail[] }>(`/api/notifications/outbox?${query}`))?.items ?? [];
      this.mails = newest.filter((mail) => mail.to.join(" ").toLowerCase().includes(to));
      setText(this.note, this.mails.length === 0 ? "No mail here yet." : `${this.mails.length} ${this.mails.length === 1 ? "mail" : "mails"}, newest first`);
    } catch (error) {
      setText(this.note, error instanceof Error ? `The mailbox cannot be read: ${error.message}` : "The mailbox cannot be read.");
      return;
    }
    const now = this.mails.map((mail) => mail.id).join();
    if (now !== this.shown) this.draw();
    this.shown = now;
  }

  private draw(): void {
    const focused = document.activeElement?.getAttribute("data-id");
    this.list.replaceChildren(...this.mails.map((mail) => this.row(mail)));
    this.list.querySelector<HTMLElement>(`[data-id="${CSS.escape(focused ?? "none")}"]`)?.focus();
  }

  private row(mail: Mail): HTMLElement {
    const when = new Date(mail.sent_at).toLocaleTimeString(undefined, { timeStyle: "medium" });
    const button = h(
      "button",
      { type: "button", class: "mb-row", "data-id": mail.id, "aria-current": mail.id === this.open ? "true" : null, onclick: () => this.read(mail) },
      h("strong", {}, mail.subject),
      h("span", {}, mail.to.join(", ")),
      h("time", { datetime: mail.sent_at }, when),
    );
    return h("li", {}, button);
  }

  private read(mail: Mail): void {
    this.open = mail.id;
    this.draw();
    const frame = mail.html === null ? null : letter(mail.subject, mail.html);
    const headers = Object.entries(mail.headers).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
    this.reader.replaceChildren(
      h("h2", {}, mail.subject),
      h("p", { class: "m-muted" }, `To ${mail.to.join(", ")} · ${new Date(mail.sent_at).toLocaleString()}`),
      ...(frame === null ? [] : [frame]),
      h("details", { open: frame === null }, h("summary", {}, "As text"), linked(mail.text ?? "")),
      h("details", {}, h("summary", {}, "Headers"), h("dl", {}, ...headers)),
    );
    // On a phone the reader is below the list.
    if (this.reader.getBoundingClientRect().top > innerHeight / 2) this.reader.scrollIntoView();
  }

  private showEmpty(): void {
    this.reader.replaceChildren(h("p", { class: "m-muted" }, "Choose a mail to read it. Its links work."));
  }
}

/** Plain text with its addresses made into links. */
function linked(text: string): HTMLElement {
  const parts = text.split(/(https?:\/\/[^\s<>"]+)/);
  return h("pre", { tabindex: 0 }, ...parts.map((part, index) => (index % 2 === 1 ? h("a", { href: part, target: "_blank", rel: "noopener" }, part) : part)));
}

const root = document.querySelector<HTMLElement>("#mailbox");
if (root !== null) new Mailbox(root);
