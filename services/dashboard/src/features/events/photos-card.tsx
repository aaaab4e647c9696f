/** The photos of an event, with moderation. Their addresses are renewed before they run out. */
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { deletePhoto, listPhotos, setHidden } from "../../api/photos";
import { messageOf } from "../../api/problem";
import type { EventKind, Photo } from "../../api/types";
import { Chip, StateChip } from "../../ui/chip";
import { Confirm } from "../../ui/dialog";
import { Empty, Failed, Skeleton, toast } from "../../ui/feedback";
import { Card } from "../../ui/page";
import { AddPhotos } from "./add-photos";
import { AlbumButtons } from "./album-buttons";

const MARGIN_MS = 45_000;
const UNFINISHED_POLL_MS = 4_000;
const IDLE_POLL_MS = 12_000;

/** When to ask again: soon while photos are being checked, else before the first address runs out. */
export function nextPollMs(photos: readonly Pick<Photo, "status" | "urls_expire_at">[], now: number): number {
  if (photos.some((photo) => photo.status === "pending" || photo.status === "processing")) return UNFINISHED_POLL_MS;
  const expiries = photos.flatMap((photo) => (photo.urls_expire_at === null ? [] : Date.parse(photo.urls_expire_at)));
  return Math.max(UNFINISHED_POLL_MS, Math.min(IDLE_POLL_MS, Math.min(...expiries, Number.POSITIVE_INFINITY) - now - MARGIN_MS));
}

export function PhotosCard({ eventId, kind }: { eventId: string; kind: EventKind }): JSX.Element {
  const [deleting, setDeleting] = useState<Photo | null>(null);
  const photos = useInfiniteQuery({
    queryKey: ["photos", eventId],
    queryFn: ({ pageParam }) => listPhotos(eventId, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: ({ state }) => nextPollMs(state.data?.pages.flatMap((page) => page.items) ?? [], Date.now()),
  });
  const items = photos.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Card title="Photos" actions={<AddPhotos eventId={eventId} kind={kind} />}>
      {photos.isPending ? (
        <Skeleton lines={2} label="Loading photos" />
      ) : photos.isError && items.length === 0 ? (
        <Failed error={photos.error} retry={() => void photos.refetch()} />
      ) : items.length === 0 ? (
        <Empty icon="image" title="No photos yet">
          <p>Guests add them on the guest page.</p>
        </Empty>
      ) : (
        <div class="stack">
          <ul class="photos">
            {items.map((photo) => (
              <Tile key={photo.id} photo={photo} eventId={eventId} onDelete={() => setDeleting(photo)} />
            ))}
          </ul>
          <AlbumButtons eventId={eventId} kind={kind} />
        </div>
      )}
      {photos.hasNextPage && (
        <button type="button" class="button" onClick={() => void photos.fetchNextPage()}>
          Show more photos
        </button>
      )}
      {deleting !== null && (
        <Confirm title="Delete this photo?" action="Delete it" run={() => deletePhoto(deleting.id)} renew={[["photos", eventId]]} onDone={() => toast("Deleted.")} onClose={() => setDeleting(null)}>
          <p>The original goes too, for everybody. This cannot be undone.</p>
        </Confirm>
      )}
    </Card>
  );
}

const PURPOSES: Readonly<Record<string, string>> = { banner: "Banner", job_before: "Before", job_after: "After" };
const HIDDEN: Readonly<Record<string, string>> = { moderation: "Waiting for you", reported: "Reported" };

function Tile({ photo, eventId, onDelete }: { photo: Photo; eventId: string; onDelete: () => void }): JSX.Element {
  const queries = useQueryClient();
  const { name } = photo;
  const hidden = photo.status === "hidden";
  const verb = hidden ? (photo.hidden_reason === "moderation" ? "Approve" : "Show") : "Hide";
  const moderate = useMutation({
    mutationFn: () => setHidden(photo.id, !hidden),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["photos", eventId] }),
    onError: (error) => toast(messageOf(error), "bad"),
  });
  const purpose = PURPOSES[photo.purpose];
  return (
    <li class="photo" data-hidden={hidden}>
      {photo.thumbnail_url === null ? (
        <span class="photo-none" />
      ) : (
        <a href={photo.url ?? photo.thumbnail_url} target="_blank" rel="noopener">
          <img src={photo.thumbnail_url} alt={name} loading="lazy" width={240} height={240} />
        </a>
      )}
      <div class="photo-foot">
        {photo.status === "ready" ? (
          <span class="small muted">{purpose ?? photo.uploaded_by.name ?? name}</span>
        ) : hidden && photo.hidden_reason !== null && photo.hidden_reason in HIDDEN ? (
          <Chip tone="warn">{HIDDEN[photo.hidden_reason] ?? "Hidden"}</Chip>
        ) : (
          <StateChip of="photo" state={photo.status} />
        )}
      </div>
      {photo.reason !== null && photo.status === "rejected" && <p class="small bad-text">{photo.reason}</p>}
      <div class="photo-actions">
        {(hidden || photo.status === "ready") && (
          <button type="button" class="link-button small" aria-disabled={moderate.isPending} aria-label={`${verb} ${name}`} onClick={() => moderate.mutate()}>
            {verb}
          </button>
        )}
        <button type="button" class="link-button small" aria-label={`Delete ${name}`} onClick={onDelete}>
          Delete
        </button>
      </div>
    </li>
  );
}
