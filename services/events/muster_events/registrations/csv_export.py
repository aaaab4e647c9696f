"""The attendee list as CSV (RFC 4180) that a spreadsheet opens without running anything in it."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any

from muster_events.registrations.schemas import AttendeeView
from muster_shared.clock import rfc3339

# What begins a formula in one spreadsheet or another, full-width forms included, and what such a program strips
# from before one.
_FORMULA = frozenset("=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20")
_COLUMNS = ("name", "email", "status", "registered_at", "checked_in_at", "checked_in_by", "ticket_code")


def safe_cell(value: str) -> str:
    """`value`, with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{value}" if value.lstrip(" ")[:1] in _FORMULA and value.strip() else value


def attendees_csv(attendees: Iterable[AttendeeView], questions: Sequence[Mapping[str, Any]]) -> str:
    """A header and a line for each attendee, with a column for each question."""
    out = StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([*_COLUMNS, *(safe_cell(str(question["label"])) for question in questions)])
    for attendee in attendees:
        fixed = (
            attendee.name,
            attendee.email,
            attendee.status.value,
            rfc3339(attendee.created_at),
            rfc3339(attendee.checked_in_at) if attendee.checked_in_at else "",
            attendee.checked_in_by or "",
            attendee.ticket_code,
        )
        answers = (_answer_text(answer=attendee.answers.get(question["id"])) for question in questions)
        writer.writerow([safe_cell(cell) for cell in (*fixed, *answers)])
    return out.getvalue()


def _answer_text(*, answer: str | bool | None) -> str:
    if answer is None:
        return ""
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return answer
