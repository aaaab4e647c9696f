/** Adds photos from the desk: the event's own, its banner, a job's before and after. */
import { useQueryClient } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { addPhoto, type Purpose } from "../../api/photos";
import { messageOf } from "../../api/problem";
import type { EventKind } from "../../api/types";
import { ACCEPT, refusalOf } from "../../pages/shared/files";
import { toast } from "../../ui/feedback";

const AT_ONCE = 3;

export function AddPhotos({ eventId, kind }: { eventId: string; kind: EventKind }): JSX.Element {
  const queries = useQueryClient();
  const [purpose, setPurpose] = useState<Purpose>("photo");
  const [progress, setProgress] = useState<readonly number[]>([]);
  const busy = progress.length > 0;
  const options: readonly (readonly [Purpose, string])[] = [["photo", "Photos"], ["banner", "The banner"], ...(kind === "job" ? ([["job_before", "Before"], ["job_after", "After"]] as const) : [])];

  const take = async (files: readonly File[]): Promise<void> => {
    const wanted = files.filter((file) => {
      const refusal = refusalOf(file);
      if (refusal !== null) toast(`${file.name}: ${refusal}`, "bad");
      return refusal === null;
    });
    setProgress(wanted.map(() => 0));
    let next = 0;
    let sent = 0;
    const worker = async (): Promise<void> => {
      while (next < wanted.length) {
        const index = next;
        next += 1;
        const file = wanted[index];
        if (file === undefined) return;
        const at = (fraction: number): void => setProgress((before) => before.map((each, position) => (position === index ? fraction : each)));
        await addPhoto(eventId, file, purpose, at).then(
          () => (sent += 1),
          (error: unknown) => toast(`${file.name}: ${messageOf(error)}`, "bad"),
        );
        at(1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    setProgress([]);
    if (sent > 0) toast(`${sent === 1 ? "One photo is" : `${sent} photos are`} stored, and being checked.`);
    await queries.invalidateQueries({ queryKey: ["photos", eventId] });
  };

  const share = busy ? progress.reduce((sum, each) => sum + each, 0) / progress.length : 0;
  return (
    <>
      {busy && <progress class="progress" max={1} value={share} aria-label="Progress of the upload" />}
      <select class="input input-small" aria-label="What the photos are" value={purpose} onChange={(event) => setPurpose(event.currentTarget.value as Purpose)}>
        {options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <label class="button button-small file-button">
        Add
        <input
          type="file"
          multiple={purpose !== "banner"}
          accept={ACCEPT}
          aria-label="Add photos"
          disabled={busy}
          onChange={(event) => {
            const files = [...(event.currentTarget.files ?? [])];
            event.currentTarget.value = "";
            void take(files);
          }}
        />
      </label>
    </>
  );
}
