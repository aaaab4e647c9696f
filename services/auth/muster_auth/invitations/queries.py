"""Reading invitations."""

from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from muster_auth.invitations.models import Invitation
from muster_shared import clock


def open_invitations(session: Session, org_id: UUID, *, after: UUID | None, limit: int) -> list[Invitation]:
    """Invitations that can still be accepted, newest first; one more than `limit` tells that there are more."""
    wanted = [
        Invitation.org_id == org_id,
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > clock.now(),
    ]
    if after is not None:
        wanted.append(Invitation.id < after)
    statement = select(Invitation).where(and_(*wanted)).order_by(Invitation.id.desc()).limit(limit + 1)
    return list(session.scalars(statement).all())
