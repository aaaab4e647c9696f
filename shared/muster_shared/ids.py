"""Identifiers: UUIDv7, so that rows made later sort later (RFC 9562, section 5.7)."""

from uuid import UUID

import uuid_utils
from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new UUIDv7; monotonic within one process, to the millisecond across processes."""
    return uuid7()


def new_id_text() -> str:
    """A new UUIDv7 as text, where nothing but its text is wanted."""
    return str(uuid_utils.uuid7())
