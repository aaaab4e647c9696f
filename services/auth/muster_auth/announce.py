"""Telling the other services, and auth's own copies, in the transaction of the change itself."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_shared.auth import replication
from muster_shared.messages.base import Message
from muster_shared.messaging import outbox

_COPIES: dict[type[Message], Any] = replication.handlers()


def announce(session: Session, message: Message) -> None:
    """Emits `message` and writes what auth's own guards read of it, so that here it holds from the commit on."""
    keep = _COPIES.get(type(message))
    if keep is not None:
        keep(session, message)
    outbox.emit(session, message)


def next_version(session: Session) -> int:
    """A number above every one given before; take it after locking the row that it is for."""
    return int(session.execute(text("SELECT nextval('fact_versions')")).scalar_one())
