/** Photos of an event, by signed addresses that run out. */
import { contentTypeOf } from "../pages/shared/files";
import { send } from "../pages/shared/send";
import { client, idempotencyKey, read } from "./client";
import type { Page, Photo } from "./types";

export interface Album {
  status: string;
  url: string | null;
  photo_count: number | null;
}

export type Purpose = "photo" | "banner" | "job_before" | "job_after";
type ContentType = "image/jpeg" | "image/png" | "image/webp" | "image/heic";

const one = (photo_id: string): { path: { photo_id: string } } => ({ path: { photo_id } });

export function listPhotos(eventId: string, cursor: string | null): Promise<Page<Photo>> {
  return read(client.GET("/api/media/photos", { params: { query: { event_id: eventId, limit: 60, ...(cursor === null ? {} : { cursor }) } } }));
}

export const setHidden = (photoId: string, hidden: boolean): Promise<Photo> => read(client.PATCH("/api/media/photos/{photo_id}", { params: one(photoId), body: { hidden } }));
export const deletePhoto = (photoId: string): Promise<unknown> => read(client.DELETE("/api/media/photos/{photo_id}", { params: one(photoId) }));

/** Sends one file straight to storage with a signature asked for just then. */
export async function addPhoto(eventId: string, file: File, purpose: Purpose, onProgress: (fraction: number) => void): Promise<void> {
  const asked = await read(
    client.POST("/api/media/uploads", {
      params: { header: idempotencyKey() },
      body: { event_id: eventId, purpose, filename: file.name, content_type: (contentTypeOf(file) ?? "image/jpeg") as ContentType, size: file.size },
    }),
  );
  await send(asked.upload, file, onProgress);
}

const album = (event_id: string, evidence: boolean): { path: { event_id: string }; query: { evidence: boolean } } => ({ path: { event_id }, query: { evidence } });
export const getAlbum = (eventId: string, evidence: boolean): Promise<Album> => read<Partial<Album>>(client.GET("/api/media/albums/{event_id}", { params: album(eventId, evidence) })).then(whole);
export const buildAlbum = (eventId: string, evidence: boolean): Promise<Album> =>
  read<Partial<Album>>(client.POST("/api/media/albums/{event_id}", { params: { ...album(eventId, evidence), header: idempotencyKey() } })).then(whole);

const whole = ({ status = "none", url = null, photo_count = null }: Partial<Album>): Album => ({ status, url, photo_count });
