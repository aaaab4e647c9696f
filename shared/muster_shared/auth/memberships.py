"""Who is a member of what, from this service's copy; asks auth where the copy has nothing yet."""

from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert

from muster_shared.auth.cache import ExpiringCache
from muster_shared.auth.internal import InternalClient, InternalUnavailable
from muster_shared.auth.principal import Principal, PrincipalKind, Role
from muster_shared.auth.tables import memberships, organizations
from muster_shared.db import Database
from muster_shared.logs import log
from muster_shared.problems import Forbidden, NotFound, Unavailable

# With the relay's second and this, a demotion holds well within the five seconds promised.
_CACHE_SECONDS = 1.0

_log = log(__name__)


class Memberships:
    """Answers "may this caller act for this organisation".

    `auth` is None in the auth service itself, whose copy is the original.
    """

    def __init__(self, *, database: Database, auth: InternalClient | None) -> None:
        self._database = database
        self._auth = auth
        self._roles: ExpiringCache[tuple[UUID, UUID], Role | None] = ExpiringCache(
            capacity=50_000, seconds=_CACHE_SECONDS
        )
        self._absent: ExpiringCache[tuple[UUID, UUID], bool] = ExpiringCache(capacity=50_000, seconds=_CACHE_SECONDS)

    def role_of(self, *, org_id: UUID, user_id: UUID) -> Role | None:
        """The role, or None for a stranger. Raises `Unavailable` when it cannot be known just now."""
        key = (org_id, user_id)
        if (role := self._roles.get(key)) is not None:
            return role
        if self._absent.get(key):
            return None
        role = self._look_up(org_id=org_id, user_id=user_id)
        if role is None:
            self._absent.put(key, True)
        else:
            self._roles.put(key, role)
        return role

    def require(self, principal: Principal, org_id: UUID, *roles: Role) -> Role | None:
        """The caller's role in `org_id`, None for a service key of it.

        Raises `NotFound` for anybody of another organisation, so that nothing tells it exists, and `Forbidden`
        for a member whose role is none of `roles` (any role, when none is named). A key's scope is the guard's
        matter.
        """
        if principal.kind is PrincipalKind.SERVICE_KEY:
            if principal.org_id != org_id:
                raise NotFound
            return None
        if principal.user_id is None:
            raise NotFound
        role = self.role_of(org_id=org_id, user_id=principal.user_id)
        if role is None:
            raise NotFound
        if roles and role not in roles:
            raise Forbidden("your role in this organisation does not allow it")
        return role

    def organizations_of(self, principal: Principal) -> dict[UUID, Role | None]:
        """The organisations the caller may act for; one for a service key."""
        if principal.org_id is not None:
            return {principal.org_id: None}
        if principal.user_id is None:
            return {}
        statement = select(memberships.c.org_id, memberships.c.role).where(
            and_(memberships.c.user_id == principal.user_id, memberships.c.role.is_not(None))
        )
        with self._database.read() as connection:
            return {row.org_id: Role(row.role) for row in connection.execute(statement)}

    def asked(self, principal: Principal, given: UUID | None) -> list[UUID]:
        """The organisations a list is about: the one that is named, or all of the caller's.

        Raises `NotFound` when the named one is not the caller's.
        """
        if given is not None:
            self.require(principal, given)
            return [given]
        return list(self.organizations_of(principal))

    def forget(self) -> None:
        """Drops what is remembered in this process (tests; after a bulk change)."""
        self._roles.clear()
        self._absent.clear()

    def _look_up(self, *, org_id: UUID, user_id: UUID) -> Role | None:
        statement = select(memberships.c.role).where(
            and_(memberships.c.org_id == org_id, memberships.c.user_id == user_id)
        )
        with self._database.read() as connection:
            row = connection.execute(statement).first()
        if row is not None:
            return Role(row.role) if row.role else None
        if self._auth is None:
            return None
        try:
            found = self._auth.get(f"/internal/memberships/{org_id}/{user_id}")
        except InternalUnavailable as error:
            raise Unavailable(retry_after_seconds=2) from error
        if not found or not found["role"]:
            return None
        self._remember(org_id=org_id, user_id=user_id, role=found["role"], version=found["version"])
        return Role(found["role"])

    def _remember(self, *, org_id: UUID, user_id: UUID, role: str, version: int) -> None:
        statement = insert(memberships).values(org_id=org_id, user_id=user_id, role=role, version=version)
        statement = statement.on_conflict_do_update(
            index_elements=["org_id", "user_id"],
            set_={"role": statement.excluded.role, "version": statement.excluded.version},
            where=memberships.c.version < statement.excluded.version,
        )
        with self._database.transaction() as session:
            session.execute(statement)


class Organizations:
    """What is known of an organisation here: name, slug, language, settings."""

    def __init__(self, *, database: Database, auth: InternalClient | None) -> None:
        self._database = database
        self._auth = auth

    def get(self, org_id: UUID) -> dict[str, object] | None:
        """`{id, name, slug, language, settings}`, or None. Raises `Unavailable` when it cannot be known now."""
        columns = organizations.c
        statement = select(
            columns.id, columns.name, columns.slug, columns.language, columns.settings, columns.deleted_at
        ).where(columns.id == org_id)
        with self._database.read() as connection:
            row = connection.execute(statement).mappings().first()
        if row is not None:
            return None if row["deleted_at"] else dict(row)
        if self._auth is None:
            return None
        try:
            return self._auth.get(f"/internal/organizations/{org_id}")
        except InternalUnavailable as error:
            raise Unavailable(retry_after_seconds=2) from error
