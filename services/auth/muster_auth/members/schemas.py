"""Wire shapes of members."""

from typing import Self
from uuid import UUID

from muster_auth.accounts.models import User
from muster_auth.organizations.models import Member
from muster_shared.auth import Role
from muster_shared.web import Body, Page, UtcTime, View


class RoleBody(Body):
    """The role to give."""

    role: Role


class TransferBody(Body):
    """The member who is to own the organisation in your place."""

    user_id: UUID


class MemberView(View):
    """A member."""

    user_id: UUID
    name: str
    email: str
    role: Role
    totp_enabled: bool
    joined_at: UtcTime

    @classmethod
    def of(cls, member: Member, user: User) -> Self:
        """The view of a member."""
        return cls(
            user_id=user.id,
            name=user.name,
            email=user.email,
            role=Role(member.role),
            totp_enabled=user.wants_otp,
            joined_at=member.created_at,
        )


MemberPage = Page[MemberView]
