/** What attendees are asked when they register. */
import type { JSX } from "preact";
import type { Question } from "../../api/types";
import { SelectField, TextField } from "../../ui/form";
import { Icon } from "../../ui/icon";
import { Card } from "../../ui/page";

const TYPES = [
  ["text", "A line of text"],
  ["choice", "One of several"],
  ["boolean", "A tick"],
] as const;

/** An id for a new question that no other one has. */
export function newQuestionId(questions: readonly Pick<Question, "id">[]): string {
  let number = questions.length + 1;
  while (questions.some((each) => each.id === `q${number}`)) number += 1;
  return `q${number}`;
}

export function QuestionsSection({ questions, problem, onQuestions }: { questions: readonly Question[]; problem: string | undefined; onQuestions: (questions: Question[]) => void }): JSX.Element {
  const change = (index: number, part: Partial<Question>): void => onQuestions(questions.map((each, position) => (position === index ? { ...each, ...part } : each)));
  return (
    <Card title="Questions for attendees">
      <div class="stack">
        {questions.map((question, index) => (
          <fieldset key={question.id} class="question">
            <legend class="sr">Question {index + 1}</legend>
            <div class="fields">
              <TextField label={`Question ${index + 1}`} required maxLength={200} value={question.label} onValue={(label) => change(index, { label })} />
              <SelectField label="Answered by" value={question.type} options={TYPES} onValue={(type) => change(index, { type, options: type === "choice" ? ["Yes", "No"] : [] })} />
            </div>
            {question.type === "choice" && (
              <TextField label="To choose from" hint="With commas between" value={question.options.join(", ")} onValue={(text) => change(index, { options: [...new Set(text.split(",").map((each) => each.trim()).filter((each) => each !== ""))] })} />
            )}
            <div class="actions">
              <label class="check">
                <input type="checkbox" checked={question.required} onChange={(event) => change(index, { required: event.currentTarget.checked })} />
                <span>Must be answered</span>
              </label>
              <button type="button" class="link-button" aria-label={`Remove question ${index + 1}`} onClick={() => onQuestions(questions.filter((_, position) => position !== index))}>
                Remove
              </button>
            </div>
          </fieldset>
        ))}
        {problem !== undefined && <p class="field-error">{problem}</p>}
        {questions.length < 20 && (
          <div class="actions">
            <button type="button" class="button button-small" onClick={() => onQuestions([...questions, { id: newQuestionId(questions), label: "", type: "text", required: false, options: [] }])}>
              <Icon name="plus" /> Add a question
            </button>
          </div>
        )}
      </div>
    </Card>
  );
}
