"""From asking for an upload to the gallery: the path every photo takes."""

import io

import pytest
from PIL import Image

from muster_media.storage.objects import Bucket
from services.media.tests import images
from services.media.tests.support import Floor, Stage


def test_photos_of_guests_appear_in_the_gallery_when_sent_as_jpeg_heic_and_png(stage: Stage, floor: Floor) -> None:
    files = {
        "image/jpeg": images.jpeg(4032, 3024, gps=True, orientation=6),
        "image/heic": images.heic(gps=True),
        "image/png": images.png(),
    }
    receipts = []
    for content_type, data in files.items():
        asked = stage.ask_as_guest(data, content_type=content_type, name="Eleni")
        assert asked.status_code == 201, asked.json
        assert floor.send(asked.json["upload"], data).status_code == 201
        receipts.append(asked.json["receipt"])
    assert stage.gallery() == []

    floor.drain()

    shown = stage.gallery()
    assert [(photo["width"], photo["height"]) for photo in shown] == [(320, 240), (640, 480), (3024, 4032)]
    assert all(photo["url"].startswith("http://localhost:8081/p/") for photo in shown)
    assert {photo["uploaded_by"]["name"] for photo in shown} == {"Eleni"}
    own = stage.gallery("?" + "&".join(f"receipt={receipt}" for receipt in receipts))
    assert [photo["status"] for photo in own] == ["ready"] * 3
    assert [message["status"] for message in stage.messages()] == ["ready"] * 3
    # Quarantine is empty, every version of it; what is served is small, upright and bare.
    assert floor.versions() == 0
    for key in floor.keys(Bucket.MEDIA):
        if key.startswith("p/"):
            data = floor.read(key)
            assert images.SECRET_MAKER.encode() not in data
            image = Image.open(io.BytesIO(data))
            assert dict(image.getexif()) == {}
            assert max(image.size) <= 2048
            # The red quarter is where a viewer would have seen it.
            upright = image.size[0] > image.size[1]
            assert (image.convert("RGB").getpixel((5, 5))[0] > 150) is upright


@pytest.mark.parametrize("purpose", ["photo", "banner", "job_before", "job_after"])
def test_photo_of_a_member_becomes_ready_when_sent_for_any_purpose(stage: Stage, floor: Floor, purpose: str) -> None:
    asked = stage.ask(images.jpeg(), purpose=purpose)
    assert asked.status_code == 201, asked.json
    floor.send(asked.json["upload"], images.jpeg())
    floor.drain()

    photo = stage.photo(asked.json["photo"]["id"])
    assert (photo["status"], photo["purpose"]) == ("ready", purpose)
    (message,) = stage.messages()
    assert (message["public_path"] is not None) == (purpose == "banner")
    if purpose == "banner":
        assert floor.read(message["public_path"].removeprefix("/"), Bucket.SITE)[:3] == b"\xff\xd8\xff"
