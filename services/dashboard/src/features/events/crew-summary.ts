/** An event's crew in one line: who is still missing matters most. */
import type { Assignment } from "../../api/types";
import type { Tone } from "../../ui/feedback";

export function crewSummary(crew: readonly Pick<Assignment, "status">[]): { text: string; tone: Tone } | null {
  const wanted = crew.filter((each) => ["invited", "confirmed", "declined", "no_show"].includes(each.status));
  if (wanted.length === 0) return null;
  const count = (status: Assignment["status"]): number => wanted.filter((each) => each.status === status).length;
  const declined = count("declined");
  if (declined > 0) return { text: `${declined} declined`, tone: "bad" };
  const confirmed = count("confirmed");
  if (confirmed === wanted.length) return { text: `All ${confirmed} confirmed`, tone: "good" };
  return { text: `${confirmed} of ${wanted.length} confirmed`, tone: "warn" };
}
