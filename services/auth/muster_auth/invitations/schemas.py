"""Wire shapes of invitations."""

from typing import Self
from uuid import UUID

from muster_auth.invitations.models import Invitation
from muster_auth.invitations.use_cases import Offer
from muster_shared.auth import Role
from muster_shared.web import Body, Email, Page, UtcTime, View


class InviteBody(Body):
    """Whom to invite, and as what."""

    email: Email
    role: Role = Role.MANAGER


class InvitationView(View):
    """An open invitation."""

    id: UUID
    email: str
    role: Role
    created_at: UtcTime
    expires_at: UtcTime

    @classmethod
    def of(cls, invitation: Invitation) -> Self:
        """The view of an invitation."""
        return cls(
            id=invitation.id,
            email=invitation.email,
            role=Role(invitation.role),
            created_at=invitation.created_at,
            expires_at=invitation.expires_at,
        )


class OfferView(View):
    """What the link of an invitation offers."""

    org_id: UUID
    organization: str
    role: Role
    email: str
    inviter: str
    expires_at: UtcTime

    @classmethod
    def of(cls, offer: Offer) -> Self:
        """The view of an offer."""
        return cls(
            org_id=offer.organization.id,
            organization=offer.organization.name,
            role=Role(offer.invitation.role),
            email=offer.invitation.email,
            inviter=offer.inviter,
            expires_at=offer.invitation.expires_at,
        )


InvitationPage = Page[InvitationView]
