"""Custom questions of a registration: what may be asked, and whether answers fit."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator

from muster_shared.problems import FieldError
from muster_shared.web import Body, Line

_LONGEST_ANSWER = 2000


class QuestionType(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    CHOICE = "choice"
    BOOLEAN = "boolean"


class Question(Body):
    """One question. `options` are for a choice."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    label: Annotated[Line, Field(min_length=1, max_length=200)]
    type: QuestionType = QuestionType.TEXT
    required: bool = False
    options: Annotated[list[Annotated[Line, Field(min_length=1, max_length=100)]], Field(max_length=30)] = []

    @model_validator(mode="after")
    def _options_belong_to_a_choice(self) -> "Question":
        if (self.type is QuestionType.CHOICE) != bool(self.options):
            raise ValueError("options are for a choice, and a choice needs them")
        if len(set(self.options)) != len(self.options):
            raise ValueError("the options must differ")
        return self


def answer_errors(questions: Sequence[Mapping[str, Any]], answers: Mapping[str, str | bool]) -> list[FieldError]:
    """What is wrong with `answers`; nothing when each question that must be answered is, and none is unknown."""
    known = {question["id"]: question for question in questions}
    errors = [FieldError(f"/answers/{name}", "is not asked") for name in answers if name not in known]
    for name, question in known.items():
        if problem := _problem(question, answer=answers.get(name)):
            errors.append(FieldError(f"/answers/{name}", problem))
    return errors


def _problem(question: Mapping[str, Any], *, answer: str | bool | None) -> str | None:
    if answer is None or answer == "" or (answer is False and question["required"]):
        return "is required" if question["required"] else None
    if question["type"] == QuestionType.BOOLEAN:
        return None if isinstance(answer, bool) else "must be true or false"
    if not isinstance(answer, str):
        return "must be a string"
    if question["type"] == QuestionType.CHOICE and answer not in question["options"]:
        return "is not one of the options"
    return "is too long" if len(answer) > _LONGEST_ANSWER else None
