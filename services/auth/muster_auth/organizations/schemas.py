"""Wire shapes of organisations."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from muster_auth.organizations.models import Organization
from muster_shared.auth import Role
from muster_shared.web import Body, Email, Line, Page, UtcTime, View, Zone

Language = Literal["en", "de", "fr", "es"]
Name = Annotated[Line, Field(min_length=1, max_length=120), StringConstraints(pattern=r"\S")]
Hours = Annotated[int, Field(ge=1, le=720)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class SettingsBody(Body):
    """Settings to change; null takes one back to what Muster does by itself, one left out stays."""

    remind_after_hours: Hours | None = None
    alert_after_hours: Hours | None = None
    standby_after_hours: Hours | None = None
    reminder_before_hours: Hours | None = None
    quiet_from: TimeOfDay | None = None
    quiet_to: TimeOfDay | None = None
    quiet_timezone: Zone | None = None
    reply_to: Annotated[Email | None, Field(description="Where answers to mails to crew and attendees go")] = None
    moderate_photos: Annotated[
        bool | None, Field(description="Photos of guests wait, at every event, until somebody lets them be seen")
    ] = None


class CreateOrganization(Body):
    """A new organisation; whoever makes it owns it."""

    name: Name
    language: Language = "en"


class ChangeOrganization(Body):
    """What to change; a field left out stays."""

    name: Name | None = None
    language: Language | None = None
    settings: SettingsBody | None = None


class OrganizationView(View):
    """An organisation as a member sees it."""

    id: UUID
    name: str
    slug: str
    role: Role
    language: str
    settings: dict[str, str | int | bool]
    version: int
    created_at: UtcTime

    @classmethod
    def of(cls, organization: Organization, role: Role) -> Self:
        """The view for a member of that role."""
        return cls(
            id=organization.id,
            name=organization.name,
            slug=organization.slug,
            role=role,
            language=organization.language,
            settings=organization.settings,
            version=organization.version,
            created_at=organization.created_at,
        )


OrganizationPage = Page[OrganizationView]
