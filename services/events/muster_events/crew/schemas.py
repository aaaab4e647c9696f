"""Wire shapes of crew."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, model_validator

from muster_events.crew.commands import AddMember
from muster_events.crew.states import Delivery, FieldStatus, Status
from muster_events.events.commands import CrewWanted
from muster_shared.web import Body, Email, Line, Page, PageQuery, Query, Text, UtcTime, View

Name = Annotated[Line, Field(min_length=1, max_length=200)]
Phone = Annotated[Line, Field(max_length=40, pattern=r"^[0-9+(). /x-]*$")]
Skill = Annotated[Line, Field(min_length=1, max_length=60)]
Skills = Annotated[list[Skill], Field(max_length=30)]
Notes = Annotated[Text, Field(max_length=2000)]
Language = Literal["en", "de", "fr", "es"]
Role = Annotated[Line, Field(min_length=1, max_length=60)]
Rank = Annotated[int, Field(ge=1, le=100)]
Reason = Annotated[Text, Field(max_length=500)]
_LONGEST_WORK = int(timedelta(days=60).total_seconds() // 60)


class NewMember(Body):
    """Somebody new on the roster. `org_id` may be left out with a service key, or by a member of one organisation."""

    org_id: UUID | None = None
    name: Name
    email: Email
    phone: Phone = ""
    skills: Skills = []
    language: Language | None = None
    notes: Notes = ""

    def to_command(self) -> AddMember:
        """The command."""
        return AddMember(
            name=self.name,
            email=self.email,
            phone=self.phone,
            skills=tuple(self.skills),
            language=self.language,
            notes=self.notes,
        )


class MemberPatch(Body):
    """What of a member is to change; what is left out stays."""

    name: Name | None = None
    email: Email | None = None
    phone: Phone | None = None
    skills: Skills | None = None
    language: Language | None = None
    notes: Notes | None = None

    @model_validator(mode="after")
    def _no_nulls(self) -> "MemberPatch":
        _refuse_nulls(self, self.model_fields_set)
        return self

    def to_changes(self) -> dict[str, Any]:
        """Column -> value."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def _refuse_nulls(body: Body, names: set[str] | Sequence[str]) -> None:
    if guilty := sorted(name for name in names if getattr(body, name) is None):
        raise ValueError(f"{guilty[0]} must not be null")


class RosterQuery(PageQuery):
    """`q` looks in names and addresses, `skill` wants that skill."""

    org_id: UUID | None = None
    q: Annotated[Line, Field(max_length=200)] | None = None
    skill: Annotated[Line, Field(max_length=60)] | None = None


class ImportQuery(Query):
    """`dry_run`: say what would happen, change nothing."""

    org_id: UUID | None = None
    dry_run: bool = False


class MemberView(View):
    """Somebody on the roster."""

    id: UUID
    org_id: UUID
    name: str
    email: str | None
    phone: str
    skills: list[str]
    language: str
    notes: str
    version: int
    created_at: UtcTime
    updated_at: UtcTime


MemberPage = Page[MemberView]


class RowProblem(View):
    """One thing wrong with a row."""

    column: str
    detail: str


class ImportedRow(View):
    """What became, or would become, of a row. `line` is the file's line, the header being 1."""

    line: int
    outcome: Literal["created", "updated", "unchanged", "refused"]
    crew_member_id: UUID | None = None
    errors: list[RowProblem] = []


class ImportView(View):
    """The report of an import."""

    dry_run: bool
    created: int
    updated: int
    unchanged: int
    refused: int
    unknown_columns: list[str]
    rows: list[ImportedRow]


class MemberRef(View):
    """Who it is."""

    id: UUID
    name: str


class Clash(View):
    """Another event of the organisation at the same time; back-to-back is none."""

    event_id: UUID
    title: str
    starts_at: UtcTime
    ends_at: UtcTime
    timezone: str
    role: str
    status: Status


class AssignmentView(View):
    """A place in an event's crew."""

    id: UUID
    event_id: UUID
    crew_member: MemberRef
    role: str
    status: Status
    standby_rank: int | None
    delivery: Delivery
    asked_at: UtcTime | None
    responded_at: UtcTime | None
    decline_reason: str | None
    standbys_called: bool
    replaced_by: UUID | None
    field_status: FieldStatus | None
    on_my_way_at: UtcTime | None
    arrived_at: UtcTime | None
    done_at: UtcTime | None
    worked_minutes: int | None
    clashes: list[Clash]
    version: int
    updated_at: UtcTime


class NewAssignment(Body):
    """Who is to come, as what; with a rank only as a standby."""

    crew_member_id: UUID
    role: Role
    standby_rank: Rank | None = None

    def to_command(self) -> CrewWanted:
        """The command."""
        return CrewWanted(crew_member_id=self.crew_member_id, role=self.role, standby_rank=self.standby_rank)


class AssignmentPatch(Body):
    """What is to change: another person, another role, a standby's rank (null: not a standby any more), an answer
    somebody gave otherwise, that they did not come, how long they worked."""

    crew_member_id: UUID | None = None
    role: Role | None = None
    standby_rank: Rank | None = None
    status: Literal["confirmed", "declined", "no_show"] | None = None
    decline_reason: Reason | None = None
    worked_minutes: Annotated[int, Field(ge=0, le=_LONGEST_WORK)] | None = None

    @model_validator(mode="after")
    def _no_nulls(self) -> "AssignmentPatch":
        _refuse_nulls(self, self.model_fields_set & {"crew_member_id", "role", "status"})
        if self.decline_reason is not None and self.status != "declined":
            raise ValueError("a reason goes with the status declined only")
        return self


class HistoryView(View):
    """One thing that happened to an assignment."""

    id: UUID
    what: str
    detail: str | None
    by_kind: str
    by_id: UUID | None
    link_version: int
    at: UtcTime


HistoryPage = Page[HistoryView]


class RecordEntry(View):
    """One event in a member's record."""

    assignment_id: UUID
    event_id: UUID
    title: str
    starts_at: UtcTime
    ends_at: UtcTime
    timezone: str
    role: str
    status: Status
    worked_minutes: int | None


RecordPage = Page[RecordEntry]


class RecordView(View):
    """What a member has done: sums over events that have begun, and the newest of them."""

    crew_member_id: UUID
    events: int
    no_shows: int
    worked_minutes: int
    items: list[RecordEntry]
    next_cursor: str | None


class ShotListBody(Body):
    """How many photos of before and after an event cannot be completed without."""

    before: Annotated[int, Field(ge=0, le=50)]
    after: Annotated[int, Field(ge=0, le=50)]


class ShotsView(View):
    """The shot list, and what is there of it."""

    before_wanted: int
    after_wanted: int
    before: int
    after: int
