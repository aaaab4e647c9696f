"""The tables as the migrations make them and as the models describe them; and the published description."""

import pytest
from flask import Flask
from openapi_spec_validator import validate
from sqlalchemy import Table, inspect

import muster_media.albums.models
import muster_media.gatherings.models
import muster_media.photos.models
import muster_media.storage.models  # noqa: F401  # each registers its tables
from muster_media.base import Base
from muster_media.photos.models import TRANSITIONS, PhotoStatus
from muster_shared.db import Database
from services.media.tests.support import Stage, make_ready

_MODELS = [table for table in Base.metadata.tables.values() if table.schema is None]


def test_models_have_the_columns_that_the_migrations_made(database: Database) -> None:
    found = inspect(database.engine)
    mine = [table for table in _MODELS if found.has_table(table.name)]
    assert {table.name for table in mine} >= {
        *("event_copies", "photos", "photo_reports", "albums", "unwanted_objects"),
    }
    for table in mine:
        assert described(table) == {column["name"]: column["nullable"] for column in found.get_columns(table.name)}, (
            table.name
        )


def described(table: Table) -> dict[str, bool]:
    return {column.name: bool(column.nullable) for column in table.columns}


def test_every_status_has_its_transitions_and_deleted_none() -> None:
    assert set(TRANSITIONS) == set(PhotoStatus)
    assert TRANSITIONS[PhotoStatus.DELETED] == frozenset()
    assert all(PhotoStatus.DELETED in after for status, after in TRANSITIONS.items() if status != "deleted")


@pytest.mark.parametrize(
    "values", [{"status": "hidden"}, {"hidden_reason": "operator"}, {"web_key": None}, {"status": "x"}]
)
def test_row_is_refused_by_the_database_when_its_state_makes_no_sense(
    stage: Stage, values: dict[str, str | None]
) -> None:
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError):
        make_ready(stage, **values)


def test_description_is_valid_and_complete_when_it_is_published(app: Flask) -> None:
    document = app.test_client().get("/api/media/openapi.json").json
    validate(document)
    assert "/api/media/guest/{code}/uploads" in document["paths"]
    assert not [path for path in document["paths"] if path.startswith("/internal")]
    assert app.test_client().get("/api/media/docs").status_code == 200
