"""What the worker makes of what arrives, however often and in whatever order it hears of it."""

import hashlib
from datetime import UTC, datetime

import pytest

from muster_media.imaging.decoder import Rendered
from muster_media.imaging.structure import Format
from muster_media.processing.pipeline import capture_time
from muster_media.storage.objects import Bucket
from muster_shared import clock
from services.media.tests import images
from services.media.tests.support import Floor, Stage, sent

DATA = images.jpeg(gps=True)


@pytest.mark.parametrize(
    "data",
    [
        images.SVG,
        images.HTML,
        images.jpeg() + images.zip_tail(),
        images.jpeg() + images.HTML,
        images.jpeg()[:-2000],
        images.png()[:-100],
        images.png_bomb(),
        images.jpeg_claiming(60_000, 60_000),
        b"\xff\xd8\xff" + b"\0" * 1000,
    ],
    ids=["svg", "html", "zip", "html-tail", "cut-jpeg", "cut-png", "png-bomb", "jpeg-bomb", "nonsense"],
)
def test_photo_is_rejected_with_a_reason_when_the_bytes_are_no_good(stage: Stage, floor: Floor, data: bytes) -> None:
    photo_id = sent(stage, floor, data)
    floor.drain()
    photo = stage.photo(photo_id)
    assert photo["status"] == "rejected"
    assert photo["reason"].endswith(".")
    assert (photo["url"], photo["thumbnail_url"]) == (None, None)
    assert floor.versions() == 0
    assert floor.keys(Bucket.MEDIA) == []
    assert [message["status"] for message in stage.messages()] == ["rejected"]


def test_photo_is_taken_by_its_bytes_when_it_was_announced_as_another_type(stage: Stage, floor: Floor) -> None:
    photo_id = sent(stage, floor, images.png(), content_type="image/jpeg")
    floor.drain()
    assert stage.photo(photo_id)["status"] == "ready"
    assert stage.row(photo_id).original_key.endswith(".png")


def test_original_is_kept_whole_and_private_when_the_photo_is_ready(stage: Stage, floor: Floor) -> None:
    photo_id = sent(stage, floor, DATA)
    floor.drain()
    row, photo = stage.row(photo_id), stage.photo(photo_id)
    assert floor.read(row.original_key) == DATA
    assert row.original_key.startswith("o/")
    assert photo["sha256"] == hashlib.sha256(DATA).hexdigest()
    assert photo["size"] == len(DATA)
    assert photo["taken_at"] == "2026-07-18T15:30:00Z"
    assert "/o/" not in repr(photo)
    assert row.received_at <= clock.now()


@pytest.mark.parametrize(("digest", "status"), [(hashlib.sha256(DATA).hexdigest(), "ready"), ("0" * 64, "rejected")])
def test_bytes_are_compared_when_their_hash_was_announced(stage: Stage, floor: Floor, digest: str, status: str) -> None:
    photo_id = sent(stage, floor, DATA, sha256=digest)
    floor.drain()
    assert stage.photo(photo_id)["status"] == status


@pytest.mark.parametrize(
    ("offset", "zone", "wanted"),
    [
        ("+02:00", "Europe/Athens", datetime(2026, 7, 18, 16, 30, tzinfo=UTC)),
        (None, "Europe/Athens", datetime(2026, 7, 18, 15, 30, tzinfo=UTC)),
        ("nonsense", "Europe/Athens", datetime(2026, 7, 18, 15, 30, tzinfo=UTC)),
        ("+23:59", "UTC", datetime(2026, 7, 18, 18, 30, tzinfo=UTC)),
        (None, "No/Where", None),
    ],
)
def test_capture_time_is_read_by_offset_or_zone_when_there_is_one(
    offset: str | None, zone: str, wanted: datetime | None
) -> None:
    local = datetime(2026, 7, 18, 18, 30)  # noqa: DTZ001  # camera time
    rendered = Rendered(format=Format.JPEG, width=1, height=1, taken_local=local, taken_offset=offset)
    assert capture_time(rendered, zone=zone) == wanted
