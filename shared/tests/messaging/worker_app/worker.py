"""Takes what notifications takes and writes one row per message; `WORKER_MODE` makes it misbehave."""

import os
import threading
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

import muster_shared.messages  # noqa: F401  # registers the message types
from muster_shared.db import Database
from muster_shared.messaging.envelope import registered_types
from muster_shared.messaging.inbox import Context
from muster_shared.messaging.routing import routing
from muster_shared.settings import Settings, load
from muster_shared.worker import Job, Loop, WorkerSpec


def _effect(session: Session, message: Any, context: Context) -> None:
    session.execute(text("INSERT INTO effects (message_id, version) VALUES (:id, 0)"), {"id": context.message_id})
    if os.environ.get("WORKER_MODE") == "slow":
        session.execute(text("SELECT pg_sleep(1.5)"))


def build() -> WorkerSpec:
    settings = load(Settings)
    database = Database(settings.database_url)
    mode = os.environ.get("WORKER_MODE")

    def loop(stop: threading.Event, wake: threading.Event) -> None:
        if mode == "dies":
            raise RuntimeError("hunter2")
        while not stop.is_set():
            wake.clear()
            wake.wait(1)

    def tick() -> None:
        with database.transaction() as session:
            session.execute(text("INSERT INTO effects (message_id, version) VALUES ('tick', 0)"))

    types = [registered_types()[name] for name, services in routing().items() if "notifications" in services]
    return WorkerSpec(
        service="notifications",
        database=database,
        settings=settings,
        handlers=dict.fromkeys(types[1:] if mode == "incomplete" else types, _effect),
        jobs=[Job("tick", 3600, tick)],
        loops=[Loop("loop", loop, channel="work")],
    )
