/** The photos of an event, with moderation. Their addresses are renewed before they run out. */
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { listPhotos, setHidden } from "../../api/photos";
import { messageOf } from "../../api/problem";
import type { Photo } from "../../api/types";
import { StateChip } from "../../ui/chip";
import { Empty, Failed, Skeleton, toast } from "../../ui/feedback";
import { Card } from "../../ui/page";

const MARGIN_MS = 45_000;
const UNFINISHED_POLL_MS = 4_000;
const IDLE_POLL_MS = 60_000;

/** When to ask again: soon while photos are being checked, else before the first address runs out. */
export function nextPollMs(photos: readonly Pick<Photo, "status" | "urls_expire_at">[], now: number): number {
  if (photos.some((photo) => photo.status === "pending" || photo.status === "processing")) return UNFINISHED_POLL_MS;
  const expiries = photos.flatMap((photo) => (photo.urls_expire_at === null ? [] : Date.parse(photo.urls_expire_at)));
  return Math.max(UNFINISHED_POLL_MS, Math.min(IDLE_POLL_MS, Math.min(...expiries, Number.POSITIVE_INFINITY) - now - MARGIN_MS));
}

export function PhotosCard({ eventId }: { eventId: string }): JSX.Element {
  const photos = useInfiniteQuery({
    queryKey: ["photos", eventId],
    queryFn: ({ pageParam }) => listPhotos(eventId, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: ({ state }) => nextPollMs(state.data?.pages.flatMap((page) => page.items) ?? [], Date.now()),
  });
  const items = photos.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Card title="Photos">
      {photos.isPending ? (
        <Skeleton lines={2} label="Loading photos" />
      ) : photos.isError && items.length === 0 ? (
        <Failed error={photos.error} retry={() => void photos.refetch()} />
      ) : items.length === 0 ? (
        <Empty icon="image" title="No photos yet">
          <p>Guests add them on the guest page.</p>
        </Empty>
      ) : (
        <ul class="photos">
          {items.map((photo) => (
            <Tile key={photo.id} photo={photo} eventId={eventId} />
          ))}
        </ul>
      )}
      {photos.hasNextPage && (
        <button type="button" class="button" onClick={() => void photos.fetchNextPage()}>
          Show more photos
        </button>
      )}
    </Card>
  );
}

function Tile({ photo, eventId }: { photo: Photo; eventId: string }): JSX.Element {
  const queries = useQueryClient();
  const { name } = photo;
  const hidden = photo.status === "hidden";
  const moderate = useMutation({
    mutationFn: () => setHidden(photo.id, !hidden),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["photos", eventId] }),
    onError: (error) => toast(messageOf(error), "bad"),
  });
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
        {photo.status === "ready" ? <span class="small muted">{photo.uploaded_by.name ?? name}</span> : <StateChip of="photo" state={photo.status} />}
        {(hidden || photo.status === "ready") && (
          <button type="button" class="link-button small" aria-disabled={moderate.isPending} aria-label={`${hidden ? "Show" : "Hide"} ${name}`} onClick={() => moderate.mutate()}>
            {hidden ? "Show" : "Hide"}
          </button>
        )}
      </div>
      {photo.reason !== null && photo.status === "rejected" && <p class="small bad-text">{photo.reason}</p>}
    </li>
  );
}
