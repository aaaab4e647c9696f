/** What the guest page asks of the media service. */
import { json, post } from "../shared/http";
import type { Presigned } from "../shared/send";
import type { Asked, Item, Verdict } from "../shared/queue";

export interface Photo {
  id: string;
  status: string;
  reason?: string | null;
  name?: string | null;
  caption?: string | null;
  width?: number | null;
  height?: number | null;
  thumbnail_url: string | null;
  url: string | null;
  urls_expire_at: string | null;
}

export interface PhotoPage {
  items: Photo[];
  next_cursor: string | null;
}

/** What the page may do now; what the service leaves out is taken as open. */
export interface PageState {
  uploads_open?: boolean;
  opens_at?: string | null;
  closes_at?: string | null;
  gallery_visible?: boolean;
  reveal_at?: string | null;
  moderated?: boolean;
}

export interface Album {
  status?: string;
  url?: string | null;
}

interface UploadAnswer {
  photo: { id: string; status: string };
  upload?: Presigned | null;
  receipt?: string | null;
}

/** How many receipts one request may carry, so that its address stays short. */
const RECEIPTS_AT_ONCE = 20;

export class GuestApi {
  constructor(private readonly base: string) {}

  state(): Promise<PageState | null> {
    return json<PageState>(this.base);
  }

  async photos(cursor: string | null): Promise<PhotoPage> {
    const query = new URLSearchParams({ limit: "60" });
    if (cursor !== null) query.set("cursor", cursor);
    return (await json<PhotoPage>(`${this.base}/photos?${query}`)) ?? { items: [], next_cursor: null };
  }

  async ask(item: Item, idempotencyKey: string): Promise<Asked> {
    const body = { filename: item.name, content_type: item.contentType, size: item.size };
    const answer = await post<UploadAnswer>(`${this.base}/uploads`, body, idempotencyKey);
    if (answer === null) throw new TypeError("empty answer");
    return { photoId: answer.photo.id, status: answer.photo.status, receipt: answer.receipt ?? null, upload: answer.upload ?? null };
  }

  async verdicts(items: Item[]): Promise<Verdict[]> {
    const receipts = items.flatMap((item) => item.receipt ?? []).slice(0, RECEIPTS_AT_ONCE);
    const query = new URLSearchParams(receipts.map((receipt) => ["receipt", receipt]));
    const page = await json<PhotoPage>(`${this.base}/photos?${query}`);
    return (page?.items ?? []).map((photo) => ({ photoId: photo.id, status: photo.status, reason: photo.reason ?? null }));
  }

  async remove(receipt: string): Promise<void> {
    await json(`${this.base}/photos/${encodeURIComponent(receipt)}`, { method: "DELETE", headers: { "X-Requested-With": "muster" } });
  }

  async report(photoId: string): Promise<void> {
    await post(`${this.base}/photos/${photoId}/report`, { reason: "in_photo" });
  }

  album(): Promise<Album | null> {
    return json<Album>(`${this.base}/album`);
  }
}
