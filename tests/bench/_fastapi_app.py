"""The peer of `listing-edge`: FastAPI and asyncpg with our statements on our rows. Runs where no Muster is installed.

Its one argument is a JSON file: `dsn`, `port`, the statements `listing` and `one`, and where banners lie.
"""

import contextlib
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from fastapi import FastAPI, HTTPException, Query, Request, Response

_GIVEN: dict[str, Any] = orjson.loads(Path(sys.argv[1]).read_bytes())
_VENUE = ("type", "name", "address", "url")


@contextlib.asynccontextmanager
async def _pool(app: FastAPI) -> AsyncIterator[None]:
    async def prepare(connection: asyncpg.Connection) -> None:
        await connection.set_type_codec("jsonb", encoder=str, decoder=orjson.loads, schema="pg_catalog")

    settings = {"search_path": "events", "timezone": "UTC"}
    async with asyncpg.create_pool(
        _GIVEN["dsn"], min_size=8, max_size=8, init=prepare, server_settings=settings
    ) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=_pool)


def _event(row: asyncpg.Record) -> dict[str, Any]:
    found = dict(row)
    name, slug, banner = found.pop("name"), found.pop("slug"), found.pop("banner_path")
    found["organizer"] = None if name is None else {"name": name, "slug": slug}
    found["venue"] = {part: found.pop(f"venue_{part}") for part in _VENUE}
    found["banner_url"] = f"{_GIVEN['origin']}/{banner}" if banner else None
    return found


def _json(document: Any) -> Response:
    return Response(orjson.dumps(document, option=orjson.OPT_UTC_Z), media_type="application/json")


@app.get("/livez")
async def livez() -> str:
    return "alive"


@app.get("/api/events")
async def list_events(request: Request, limit: int = Query(20, ge=1, le=100)) -> Response:
    rows = await request.app.state.pool.fetch(_GIVEN["listing"], datetime.now(UTC), limit + 1)
    return _json({"items": [_event(row) for row in rows[:limit]], "next_cursor": "x" * 100})


@app.get("/api/events/{event_id}")
async def one_event(request: Request, event_id: UUID) -> Response:
    row = await request.app.state.pool.fetchrow(_GIVEN["one"], event_id)
    if row is None:
        raise HTTPException(404)
    return _json(_event(row))


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=_GIVEN["port"], loop="uvloop", http="httptools", access_log=False)
