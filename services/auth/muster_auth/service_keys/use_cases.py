"""Making and revoking service keys."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from muster_auth.announce import announce, next_version
from muster_auth.audit.use_cases import Fact, record
from muster_auth.errors import TooMany, TwoLiveKeys
from muster_auth.organizations.policies import OWNERS, require_locked
from muster_auth.service_keys.models import OrganizationKey
from muster_shared import clock
from muster_shared.auth import Principal
from muster_shared.auth.service_keys import KeyTags, format_key, hash_secret
from muster_shared.ids import new_id
from muster_shared.messages.auth import ServiceKeyChanged
from muster_shared.problems import Invalid, NotFound

LIVE_OF_ONE_NAME = 2
MOST_LIVE = 50
DEFAULT_LIFETIME = timedelta(days=365)
LONGEST_LIFETIME = timedelta(days=5 * 366)


@dataclass(frozen=True)
class CreateKey:
    """A new key. Without `expires_at` it lives a year."""

    org_id: UUID
    name: str
    scopes: frozenset[str]
    expires_at: datetime | None


def create(session: Session, actor: Principal, command: CreateKey, *, tags: KeyTags) -> tuple[OrganizationKey, str]:
    """The key, and its text, which is kept nowhere.

    Two keys of one name may be live, the old and the new one of a rotation. Raises `NotFound`, `Forbidden`,
    `TwoLiveKeys`, `TooMany` or `Invalid`.
    """
    require_locked(session, actor, command.org_id, OWNERS)
    now = clock.now()
    expires_at = command.expires_at or now + DEFAULT_LIFETIME
    if not now < expires_at <= now + LONGEST_LIFETIME:
        raise Invalid.field("/expires_at", "must lie in the future, at most five years off")
    _require_room(session, command, now=now)
    key_id = new_id()
    secret = tags.new_secret(key_id)
    key = OrganizationKey(
        id=key_id,
        org_id=command.org_id,
        name=command.name,
        secret_hash=hash_secret(secret),
        scopes=sorted(command.scopes),
        created_by=actor.user_id,
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
        last_used_at=None,
        version=next_version(session),
    )
    session.add(key)
    session.flush()
    _tell(session, key)
    changes = {"name": key.name, "scopes": key.scopes}
    record(session, actor, Fact("service_key.created", "service_key", key.id, command.org_id, changes))
    return key, format_key(key_id=key.id, secret=secret)


def revoke(session: Session, actor: Principal, *, org_id: UUID, key_id: UUID) -> None:
    """Revokes a key, everywhere within seconds; doing it again changes nothing. Raises `NotFound`, `Forbidden`."""
    require_locked(session, actor, org_id, OWNERS)
    key = session.scalar(
        select(OrganizationKey).where(and_(OrganizationKey.id == key_id, OrganizationKey.org_id == org_id))
    )
    if key is None:
        raise NotFound
    if key.revoked_at is None:
        _revoke(session, key)
        changes = {"name": key.name}
        record(session, actor, Fact("service_key.revoked", "service_key", key.id, org_id, changes))


def revoke_all(session: Session, org_id: UUID) -> None:
    """Revokes every key of an organisation that is being deleted and is locked."""
    living = and_(OrganizationKey.org_id == org_id, OrganizationKey.revoked_at.is_(None))
    for key in session.scalars(select(OrganizationKey).where(living)).all():
        _revoke(session, key)


def note_use(session: Session, *, key_id: UUID, used_at: datetime) -> None:
    """Keeps when a key was last used; what arrives late changes nothing."""
    session.execute(
        update(OrganizationKey)
        .where(
            and_(
                OrganizationKey.id == key_id,
                func.coalesce(OrganizationKey.last_used_at, OrganizationKey.created_at) < used_at,
            )
        )
        .values(last_used_at=used_at)
        .execution_options(synchronize_session=False)
    )


def _revoke(session: Session, key: OrganizationKey) -> None:
    key.revoked_at = clock.now()
    key.version = next_version(session)
    session.flush()
    _tell(session, key)


def _require_room(session: Session, command: CreateKey, *, now: datetime) -> None:
    names = session.scalars(
        select(OrganizationKey.name).where(
            and_(
                OrganizationKey.org_id == command.org_id,
                OrganizationKey.revoked_at.is_(None),
                OrganizationKey.expires_at > now,
            )
        )
    ).all()
    if sum(name.casefold() == command.name.casefold() for name in names) >= LIVE_OF_ONE_NAME:
        raise TwoLiveKeys
    if len(names) >= MOST_LIVE:
        raise TooMany("the organisation has as many live keys as it may")


def _tell(session: Session, key: OrganizationKey) -> None:
    announce(
        session,
        ServiceKeyChanged(
            key_id=key.id,
            org_id=key.org_id,
            name=key.name,
            secret_hash=key.secret_hash,
            scopes=key.scopes,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            version=key.version,
        ),
    )
