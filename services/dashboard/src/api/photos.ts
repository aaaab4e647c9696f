/** Photos of an event, by signed addresses that run out. */
import { client, read } from "./client";
import type { Page, Photo } from "./types";

export function listPhotos(eventId: string, cursor: string | null): Promise<Page<Photo>> {
  return read(client.GET("/api/media/photos", { params: { query: { event_id: eventId, limit: 60, ...(cursor === null ? {} : { cursor }) } } }));
}

export function setHidden(photoId: string, hidden: boolean): Promise<Photo> {
  return read(client.PATCH("/api/media/photos/{photo_id}", { params: { path: { photo_id: photoId } }, body: { hidden } }));
}
