"""How answers become bytes."""

import json
from datetime import UTC, datetime
from uuid import UUID

from muster_shared.web import UtcTime, View
from muster_shared.web.answers import encode


class Thing(View):
    """A view with what JSON has no words for."""

    id: UUID
    at: UtcTime


def test_a_model_is_written_as_its_fields_when_it_is_within_plain_data() -> None:
    thing = Thing(id=UUID(int=1), at=datetime(2026, 7, 18, 15, tzinfo=UTC))
    assert json.loads(encode({"items": [thing]})) == {"items": [json.loads(encode(thing))]}
