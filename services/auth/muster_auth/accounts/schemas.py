"""Wire shapes of accounts."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from muster_auth.accounts.models import User
from muster_auth.organizations.schemas import Language
from muster_auth.sessions.schemas import GivenCode, GivenPassword, GivenToken
from muster_shared.web import Body, Email, Line, UtcTime, View

PersonName = Annotated[Line, Field(min_length=1, max_length=120), StringConstraints(pattern=r"\S")]
# The policy says what is wrong with one that is too short; here only what no policy needs to see ends.
NewPassword = Annotated[str, Field(max_length=1000, json_schema_extra={"minLength": 12})]


class RegisterBody(Body):
    """Who wants an account."""

    name: PersonName
    email: Email
    password: NewPassword
    language: Language = "en"


class TokenBody(Body):
    """The token of a mail's link."""

    token: GivenToken


class ProfileBody(Body):
    """What of the profile to change; a field left out stays."""

    name: PersonName | None = None
    language: Language | None = None


class NewEmailBody(Body):
    """Another address, and the password once more."""

    email: Email
    password: GivenPassword


class DeleteAccountBody(Body):
    """The password once more, and a code where the account has a second factor."""

    password: GivenPassword
    otp: GivenCode | None = None


class Nothing(View):
    """An empty object: that the call was taken is all it tells."""


class AccountView(View):
    """One's own account."""

    id: UUID
    name: str
    email: str
    language: str
    totp_enabled: bool
    recovery_codes_left: int
    created_at: UtcTime
    password_changed_at: UtcTime

    @classmethod
    def of(cls, user: User, *, recovery_codes_left: int) -> Self:
        """The view of an account."""
        return cls(
            id=user.id,
            name=user.name,
            email=user.email,
            language=user.language,
            totp_enabled=user.wants_otp,
            recovery_codes_left=recovery_codes_left,
            created_at=user.created_at,
            password_changed_at=user.password_changed_at,
        )
