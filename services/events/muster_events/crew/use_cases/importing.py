"""Taking a table into the roster: who is new is added, who is there is brought up to date, each row reported."""

import re
from collections import Counter
from typing import Any, Literal
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from muster_events.audit import audit
from muster_events.crew.commands import email_key, name_key, tidy_skills
from muster_events.crew.models import CrewMember
from muster_events.crew.schemas import ImportedRow, ImportView, NewMember, RowProblem
from muster_events.crew.tables import Row, Table
from muster_events.crew.use_cases.roster import language_of, new_member
from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.web.reading import field_errors

_SKILL_SEPARATORS = re.compile(r"[,;|/\n]")
_UPDATED = ("name", "phone", "skills", "language", "notes")


def import_members(session: Session, *, org_id: UUID, table: Table, dry_run: bool, actor: Principal) -> ImportView:
    """Takes `table` into the roster of `org_id`; rows are known by their address.

    Good rows are taken and wrong ones refused with what is wrong, never with what they hold. An empty cell leaves
    what is there. With `dry_run` nothing is changed.
    """
    # Two imports at once would each add what the other does.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"crew-import:{org_id}", 0))))
    present = _present(session, org_id)
    language = language_of(session, org_id)
    seen: dict[str, int] = {}
    rows = []
    for row in table.rows:
        body, problems = _read(row)
        if body is not None:
            key = email_key(body.email)
            if key in seen:
                problems = [RowProblem(column="email", detail=f"is in line {seen[key]} already")]
            seen.setdefault(key, row.line)
        if body is None or problems:
            rows.append(ImportedRow(line=row.line, outcome="refused", errors=problems))
            continue
        given = {name for name in row.cells if row.cells[name]}
        member = present.get(key)
        if member is None:
            member = new_member(org_id, body.to_command(), language=language)
            outcome: Literal["created", "updated", "unchanged"] = "created"
            if not dry_run:
                session.add(member)
        else:
            outcome = _bring_up_to_date(member, body, given=given, dry_run=dry_run)
        known = None if outcome == "created" and dry_run else member.id
        rows.append(ImportedRow(line=row.line, outcome=outcome, crew_member_id=known))
    session.flush()
    counts = Counter(row.outcome for row in rows)
    if not dry_run:
        changes = {"created": counts["created"], "updated": counts["updated"]}
        audit.record(session, actor, action="roster.imported", org_id=org_id, changes=changes)
    return ImportView(
        dry_run=dry_run,
        created=counts["created"],
        updated=counts["updated"],
        unchanged=counts["unchanged"],
        refused=counts["refused"],
        unknown_columns=list(table.unknown_columns),
        rows=rows,
    )


def _present(session: Session, org_id: UUID) -> dict[str, CrewMember]:
    statement = select(CrewMember).where(CrewMember.org_id == org_id, CrewMember.removed_at.is_(None))
    return {member.email_key or "": member for member in session.execute(statement).scalars()}


def _read(row: Row) -> tuple[NewMember | None, list[RowProblem]]:
    cells: dict[str, Any] = {name: cell for name, cell in row.cells.items() if cell}
    if "skills" in cells:
        cells["skills"] = [part.strip() for part in _SKILL_SEPARATORS.split(cells["skills"]) if part.strip()]
    if "language" in cells:
        cells["language"] = cells["language"].casefold()[:2]
    try:
        return NewMember.model_validate(cells), []
    except ValidationError as error:
        return None, [
            RowProblem(column=problem.pointer.split("/")[1], detail=problem.detail) for problem in field_errors(error)
        ]


def _bring_up_to_date(
    member: CrewMember, body: NewMember, *, given: set[str], dry_run: bool
) -> Literal["updated", "unchanged"]:
    values = {name: getattr(body, name) for name in _UPDATED if name in given}
    if "skills" in values:
        values["skills"] = tidy_skills(values["skills"])
    changed = {name: value for name, value in values.items() if getattr(member, name) != value}
    if not changed:
        return "unchanged"
    if not dry_run:
        for name, value in changed.items():
            setattr(member, name, value)
        member.name_key = name_key(member.name)
        member.version += 1
        member.updated_at = clock.now()
    return "updated"
