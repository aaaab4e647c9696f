/**
 * The upload queue: at most three at once, retried with backoff, kept across reloads.
 *
 *   queued -> uploading -> stored -> verified
 *      ^          |           `---> rejected
 *      `- waiting <+  (no connection, a busy server, an expired signature)
 *                 `-> failed      (a refusal; only a press tries again)
 */
import { Failure } from "./http";
import type { Presigned } from "./send";

export type ItemState = "queued" | "uploading" | "waiting" | "stored" | "verified" | "rejected" | "failed";

export interface Item {
  id: string;
  /** Which page it belongs to: one queue per page in one store. */
  scope: string;
  name: string;
  size: number;
  contentType: string;
  state: ItemState;
  /** 0 to 1 while uploading. */
  progress: number;
  attempts: number;
  /** Counts signatures asked for, so that a repeat of one request is known from a fresh one. */
  round: number;
  photoId: string | null;
  receipt: string | null;
  reason: string | null;
  addedAt: number;
  /** The photo itself, until it is verified. */
  file: Blob | null;
}

export interface Asked {
  photoId: string;
  receipt: string | null;
  status: string;
  upload: Presigned | null;
}

export interface Verdict {
  photoId: string;
  status: string;
  reason: string | null;
}

export interface QueuePorts {
  scope: string;
  /** Asks for a signature, just before it is used. */
  ask(item: Item, idempotencyKey: string): Promise<Asked>;
  send(upload: Presigned, file: Blob, onProgress: (fraction: number) => void): Promise<void>;
  /** What became of photos that storage has. */
  verdicts(items: Item[]): Promise<Verdict[]>;
  save(item: Item): Promise<void>;
  forget(id: string): Promise<void>;
  changed(item: Item | null): void;
  later(seconds: number, run: () => void): void;
  newId(): string;
  now(): number;
  random(): number;
}

const AT_ONCE = 3;
const MAX_ATTEMPTS = 8;
const FIRST_POLL_SECONDS = 1.5;
const LAST_POLL_SECONDS = 15;

/** The states of a photo that need nothing more from the uploader. */
export function settledState(status: string): ItemState | null {
  if (status === "ready" || status === "hidden") return "verified";
  if (status === "rejected") return "rejected";
  return null;
}

/** Seconds before the given attempt: doubling from one second to half a minute, with jitter. */
export function backoffSeconds(attempt: number, random: number): number {
  return Math.min(30, 2 ** Math.max(0, attempt - 1)) * (0.75 + random / 2);
}

export class UploadQueue {
  readonly items: Item[] = [];
  private running = 0;
  private polling = false;
  private pollSeconds = FIRST_POLL_SECONDS;

  constructor(private readonly ports: QueuePorts) {}

  /** Takes up what an earlier visit left. */
  restore(saved: Item[]): void {
    for (const item of saved) {
      if (this.items.some((known) => known.id === item.id)) continue;
      const unfinished = item.state === "uploading" || item.state === "waiting";
      this.items.push(unfinished ? { ...item, state: "queued", progress: 0, attempts: 0 } : item);
    }
    this.items.sort((a, b) => a.addedAt - b.addedAt);
    this.ports.changed(null);
    this.pump();
    this.poll();
  }

  add(files: { name: string; size: number; contentType: string; file: Blob }[]): void {
    for (const file of files) {
      const item: Item = {
        ...file,
        id: this.ports.newId(),
        scope: this.ports.scope,
        state: "queued",
        progress: 0,
        attempts: 0,
        round: 0,
        photoId: null,
        receipt: null,
        reason: null,
        addedAt: this.ports.now(),
      };
      this.items.push(item);
      this.update(item, {});
    }
    this.pump();
  }

  /** Puts what failed or waits back in the queue: a press of "Try again", or the connection coming back. */
  retry(which: (item: Item) => boolean): void {
    for (const item of this.items) {
      if ((item.state === "failed" || item.state === "waiting") && which(item)) {
        this.update(item, { state: "queued", attempts: 0, reason: null });
      }
    }
    this.pump();
  }

  /** Takes an item out of the queue; what storage already has is not touched. */
  remove(id: string): void {
    const index = this.items.findIndex((item) => item.id === id);
    if (index < 0) return;
    this.items.splice(index, 1);
    void this.ports.forget(id);
    this.ports.changed(null);
  }

  get unfinished(): number {
    return this.items.filter((item) => ["queued", "uploading", "waiting"].includes(item.state)).length;
  }

  private pump(): void {
    while (this.running < AT_ONCE) {
      const next = this.items.find((item) => item.state === "queued");
      if (next === undefined) return;
      this.running += 1;
      this.update(next, { state: "uploading", progress: 0, attempts: next.attempts + 1, reason: null });
      void this.run(next).finally(() => {
        this.running -= 1;
        this.pump();
      });
    }
  }

  private async run(item: Item): Promise<void> {
    if (item.file === null) {
      this.update(item, { state: "failed", reason: "The photo is no longer here. Please pick it again." });
      return;
    }
    try {
      const asked = await this.ports.ask(item, `${item.id}-${item.round}`);
      this.update(item, { photoId: asked.photoId, receipt: asked.receipt ?? item.receipt });
      if (asked.upload !== null) {
        await this.ports.send(asked.upload, item.file, (progress) => {
          item.progress = progress;
          this.ports.changed(item);
        });
      }
      const settled = settledState(asked.status);
      this.update(item, { state: settled ?? "stored", progress: 1, file: settled === "verified" ? null : item.file });
      this.pollSeconds = FIRST_POLL_SECONDS;
      this.poll();
    } catch (error) {
      this.failed(item, error);
    }
  }

  private failed(item: Item, error: unknown): void {
    const failure = error instanceof Failure ? error : new Failure("Something went wrong here.", 0);
    const expired = failure.status === 403 && item.photoId !== null;
    if (!(failure.retryable || expired) || item.attempts >= MAX_ATTEMPTS) {
      this.update(item, { state: "failed", reason: failure.message });
      return;
    }
    const seconds = failure.retryAfterSeconds ?? (expired ? 0 : backoffSeconds(item.attempts, this.ports.random()));
    // A refused signature is not asked for again under the same key: that would replay it.
    this.update(item, { state: "waiting", round: expired ? item.round + 1 : item.round, reason: failure.message });
    this.ports.later(seconds, () => {
      if (item.state !== "waiting") return;
      this.update(item, { state: "queued" });
      this.pump();
    });
  }

  private poll(): void {
    if (this.polling || !this.items.some((item) => item.state === "stored")) return;
    this.polling = true;
    this.ports.later(this.pollSeconds, () => {
      void this.settle().finally(() => {
        this.polling = false;
        this.pollSeconds = Math.min(LAST_POLL_SECONDS, this.pollSeconds * 1.4);
        this.poll();
      });
    });
  }

  private async settle(): Promise<void> {
    const stored = this.items.filter((item) => item.state === "stored");
    const verdicts = await this.ports.verdicts(stored).catch(() => []);
    for (const verdict of verdicts) {
      const item = stored.find((each) => each.photoId === verdict.photoId);
      const state = settledState(verdict.status);
      if (item !== undefined && state !== null) this.update(item, { state, reason: verdict.reason, file: null });
    }
  }

  private update(item: Item, change: Partial<Item>): void {
    Object.assign(item, change);
    // Removed while it was on its way: it must not come back with the next visit.
    if (!this.items.includes(item)) return;
    void this.ports.save(item).catch(() => undefined);
    this.ports.changed(item);
  }
}
