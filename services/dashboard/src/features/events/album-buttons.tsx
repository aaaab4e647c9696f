/** All photos as one file; of a job also the originals with their manifest, as evidence. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { buildAlbum, getAlbum } from "../../api/photos";
import { messageOf } from "../../api/problem";
import type { EventKind } from "../../api/types";
import { toast } from "../../ui/feedback";

const POLL_MS = 2_000;
const POLLS = 60;

export function AlbumButtons({ eventId, kind }: { eventId: string; kind: EventKind }): JSX.Element {
  return (
    <div class="actions">
      <AlbumButton eventId={eventId} evidence={false} label="Download all" />
      <AlbumButton eventId={eventId} evidence label={kind === "job" ? "Evidence pack" : "Originals with manifest"} />
    </div>
  );
}

function AlbumButton({ eventId, evidence, label }: { eventId: string; evidence: boolean; label: string }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const get = async (): Promise<void> => {
    let album = await buildAlbum(eventId, evidence);
    for (let polls = 0; polls < POLLS && album.status === "building"; polls += 1) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      album = await getAlbum(eventId, evidence);
    }
    if (album.status !== "ready" || album.url === null) throw new Error("It is not ready yet. Please try again in a minute.");
    location.assign(album.url);
  };
  const press = (): void => {
    if (busy) return;
    setBusy(true);
    get()
      .catch((error: unknown) => toast(messageOf(error), "bad"))
      .finally(() => setBusy(false));
  };
  return (
    <button type="button" class="button button-small" aria-disabled={busy} onClick={press}>
      {busy ? "Putting it together…" : label}
    </button>
  );
}
