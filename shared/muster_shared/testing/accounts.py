"""Members and service keys as a service knows them: in its copies."""

from uuid import UUID

from sqlalchemy import insert

from muster_shared.auth.service_keys import KeyTags, format_key, hash_secret
from muster_shared.auth.tables import memberships, service_keys
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.testing.settings import INTERNAL_SECRET


def add_member(database: Database, org_id: UUID, *, role: str | None = "manager", user_id: UUID | None = None) -> UUID:
    """Makes somebody a member; a new person unless `user_id` is given."""
    user_id = user_id or new_id()
    with database.transaction() as session:
        session.execute(insert(memberships).values(org_id=org_id, user_id=user_id, role=role, version=1))
    return user_id


def add_key(database: Database, org_id: UUID, *scopes: str) -> dict[str, str]:
    """Makes a key with these scopes; the headers it is sent in."""
    key_id = new_id()
    secret = KeyTags(INTERNAL_SECRET).new_secret(key_id)
    with database.transaction() as session:
        session.execute(
            insert(service_keys).values(
                id=key_id,
                org_id=org_id,
                name="booking system",
                secret_hash=hash_secret(secret),
                scopes=list(scopes),
                version=1,
            )
        )
    return {"X-Dashboard-Token": format_key(key_id=key_id, secret=secret)}
