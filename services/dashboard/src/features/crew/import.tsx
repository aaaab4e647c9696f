/** Takes a table of crew into the roster: first a look at what would happen, then the doing. */
import { useQueryClient } from "@tanstack/preact-query";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { importCrew, type ImportReport } from "../../api/crew";
import { Dialog } from "../../ui/dialog";
import { Notice, toast } from "../../ui/feedback";
import { Field, SubmitButton, useSending } from "../../ui/form";

export function Import({ orgId, onClose }: { orgId: string; onClose: () => void }): JSX.Element {
  const queries = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const trying = useSending(() => importCrew(orgId, file as File, true));
  const doing = useSending(() => importCrew(orgId, file as File, false), {
    after: (report) => {
      void queries.invalidateQueries({ queryKey: ["roster"] });
      toast(summary(report, false));
      onClose();
    },
  });
  return (
    <Dialog title="Import from a table" onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (file === null) return;
          if (trying.done === undefined) trying.send();
          else doing.send();
        }}
      >
        <Field label="A CSV file" hint="With the columns name and email; phone, skills, language and notes if you have them.">
          {(control) => <input class="input" {...control} type="file" accept=".csv,text/csv" required disabled={trying.done !== undefined} onChange={(event) => setFile(event.currentTarget.files?.[0] ?? null)} />}
        </Field>
        {trying.problem}
        {doing.problem}
        {trying.done !== undefined && <Report report={trying.done} />}
        <SubmitButton busy={trying.busy || doing.busy}>{trying.done === undefined ? "See what would happen" : "Import"}</SubmitButton>
      </form>
    </Dialog>
  );
}

function summary(report: ImportReport, future: boolean): string {
  const parts = [`${report.created} ${future ? "would be added" : "added"}`, `${report.updated} changed`, `${report.unchanged} stay as they are`];
  return `${parts.join(", ")}${report.refused > 0 ? `, ${report.refused} cannot be taken` : ""}.`;
}

function Report({ report }: { report: ImportReport }): JSX.Element {
  const refused = report.rows.filter((row) => row.outcome === "refused");
  return (
    <Notice tone={refused.length > 0 ? "warn" : "info"}>
      <p role="status">{summary(report, true)}</p>
      {report.unknown_columns.length > 0 && <p>Columns left out: {report.unknown_columns.join(", ")}</p>}
      {refused.length > 0 && (
        <ul>
          {refused.slice(0, 20).map((row) => (
            <li key={row.line}>
              Line {row.line}: {(row.errors ?? []).map((error) => `${error.column} ${error.detail}`).join("; ")}
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}
