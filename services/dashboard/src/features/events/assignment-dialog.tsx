/** What an operator knows of somebody's place better than Muster: an answer by phone, a no-show, the hours. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { changeAssignment } from "../../api/crew";
import type { Assignment, EventView } from "../../api/types";
import { Dialog } from "../../ui/dialog";
import { toast } from "../../ui/feedback";
import { SelectField, SubmitButton, TextField, useSending } from "../../ui/form";

type Answer = "" | "confirmed" | "declined" | "no_show";

export function AssignmentDialog({ event, assignment, onClose }: { event: EventView; assignment: Assignment; onClose: () => void }): JSX.Element {
  const [role, setRole] = useState(assignment.role);
  const [answer, setAnswer] = useState<Answer>("");
  const [reason, setReason] = useState("");
  const [hours, setHours] = useState(assignment.worked_minutes === null ? "" : String(Math.round((assignment.worked_minutes / 60) * 100) / 100));
  const begun = Date.parse(event.starts_at) <= Date.now();
  const minutes = hours.trim() === "" ? null : Math.round(Number(hours.replace(",", ".")) * 60);
  const wrongHours = minutes !== null && !(minutes >= 0 && minutes <= 86_400);
  const sending = useSending(
    () =>
      changeAssignment(event.id, assignment.id, {
        ...(role.trim() === assignment.role ? {} : { role: role.trim() }),
        ...(answer === "" ? {} : { status: answer }),
        ...(answer === "declined" && reason.trim() !== "" ? { decline_reason: reason.trim() } : {}),
        ...(minutes === assignment.worked_minutes ? {} : { worked_minutes: minutes }),
      }),
    {
      renew: [["events"]],
      after: () => {
        toast("Saved.");
        onClose();
      },
    },
  );
  const answers: readonly (readonly [Answer, string])[] = [["", "As it is"], ["confirmed", "Said yes"], ["declined", "Said no"], ...(begun ? ([["no_show", "Did not come"]] as const) : [])];
  return (
    <Dialog title={assignment.crew_member.name} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(submitted) => {
          submitted.preventDefault();
          if (!wrongHours) sending.send();
        }}
      >
        <TextField label="Role" required maxLength={60} value={role} onValue={setRole} error={sending.field("role")} />
        <SelectField label="What they told you" value={answer} options={answers} onValue={setAnswer} error={sending.field("status")} />
        {answer === "declined" && <TextField label="Why" maxLength={500} value={reason} onValue={setReason} error={sending.field("decline_reason")} />}
        {begun && <TextField label="Hours worked" inputMode="decimal" value={hours} onValue={setHours} error={wrongHours ? "A number of hours." : sending.field("worked_minutes")} />}
        {sending.problem}
        <SubmitButton busy={sending.busy}>Save</SubmitButton>
      </form>
    </Dialog>
  );
}
