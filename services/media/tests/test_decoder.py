"""The sizes made of a photo, in the decoding process."""

import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from muster_media.imaging import decoder as decoder_module
from muster_media.imaging.decoder import Decoder, Rendered
from muster_media.imaging.errors import (
    TOO_COSTLY,
    TOO_MANY_PIXELS,
    ImageRejected,
)
from services.media.tests import images


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    made = Decoder(timeout_seconds=60)
    yield made
    made.close()


def rendered(decoder: Decoder, data: bytes, folder: Path) -> tuple[Rendered, Image.Image, Image.Image]:
    source = folder / "original"
    source.write_bytes(data)
    facts = decoder.render(source, folder)
    web, thumbnail = (Image.open(io.BytesIO((folder / f"{name}.jpg").read_bytes())) for name in ("web", "thumbnail"))
    return facts, web, thumbnail


def is_red(image: Image.Image, place: tuple[float, float]) -> bool:
    """Whether the image is red there; `place` in fractions of its sides."""
    size = image.size
    red, _, blue = image.convert("RGB").getpixel((int(place[0] * size[0]), int(place[1] * size[1])))
    return bool(red > blue)


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (images.jpeg(4032, 3024, gps=True), (2016, 1512)),
        (images.jpeg(3000, 2000, gps=True), (2048, 1365)),
        (images.jpeg(5000, 100), (2048, 41)),
        (images.png(gps=True), (320, 240)),
        (images.webp(gps=True), (320, 240)),
        (images.heic(3000, 2000, gps=True), (2048, 1365)),
        (images.png(2500, 2500, mode="RGBA"), (2048, 2048)),
        (images.png(mode="P"), (320, 240)),
        (images.png(mode="L"), (320, 240)),
        (images.png(mode="LA"), (320, 240)),
        (images.png(mode="1"), (320, 240)),
        (images.png_16_bit(), (64, 64)),
        (images.jpeg(1, 1), (1, 1)),
    ],
    ids=[
        "jpeg-12mp",
        "jpeg",
        "narrow",
        "png",
        "webp",
        "heic",
        "rgba",
        "palette",
        "grey",
        "grey-alpha",
        "bits",
        "16",
        "1",
    ],
)
def test_sizes_are_made_bare_of_metadata_when_the_photo_is_good(
    decoder: Decoder, tmp_path: Path, data: bytes, size: tuple[int, int]
) -> None:
    facts, web, thumbnail = rendered(decoder, data, tmp_path)
    assert web.size == size
    assert max(thumbnail.size) == min(480, max(size))
    assert facts.width >= web.size[0]
    for image in (web, thumbnail):
        assert image.format == "JPEG"
        assert image.mode == "RGB"
        assert not dict(image.getexif())
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}
    for name in ("web.jpg", "thumbnail.jpg"):
        assert images.SECRET_MAKER.encode() not in (tmp_path / name).read_bytes()


@pytest.mark.parametrize(
    ("orientation", "red"),
    [
        (1, (0.2, 0.2)),
        (2, (0.8, 0.2)),
        (3, (0.8, 0.8)),
        (4, (0.2, 0.8)),
        (5, (0.2, 0.2)),
        (6, (0.8, 0.2)),
        (7, (0.8, 0.8)),
        (8, (0.2, 0.8)),
    ],
)
def test_photo_is_turned_once_when_its_metadata_says_so(
    decoder: Decoder, tmp_path: Path, orientation: int, red: tuple[float, float]
) -> None:
    facts, web, thumbnail = rendered(decoder, images.jpeg(640, 480, orientation=orientation), tmp_path)
    assert (facts.width, facts.height) == ((640, 480) if orientation < 5 else (480, 640))
    for image in (web, thumbnail):
        assert (image.size[0] > image.size[1]) == (orientation < 5)
        places = [(x, y) for x in (0.2, 0.8) for y in (0.2, 0.8)]
        assert [place for place in places if is_red(image, place)] == [red]


def test_colours_are_converted_when_the_photo_has_a_profile(decoder: Decoder, tmp_path: Path) -> None:
    red = (220, 20, 20)
    _, web, _ = rendered(decoder, images.jpeg_with_profile(red, profile=images.swapped_profile()), tmp_path)
    assert web.getpixel((50, 50))[2] > 180 > 60 > web.getpixel((50, 50))[0]
    assert "icc_profile" not in web.info


@pytest.mark.parametrize(
    "profile",
    [b"nonsense" * 40, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()],
    ids=["damaged", "not of RGB"],
)
def test_colours_stay_when_the_profile_cannot_be_used(decoder: Decoder, tmp_path: Path, profile: bytes) -> None:
    _, web, _ = rendered(decoder, images.jpeg_with_profile((30, 200, 30), profile=profile), tmp_path)
    assert all(abs(found - wanted) < 8 for found, wanted in zip(web.getpixel((50, 50)), (30, 200, 30), strict=True))
    assert "icc_profile" not in web.info


def test_transparency_becomes_white_when_the_photo_has_any(decoder: Decoder, tmp_path: Path) -> None:
    _, web, _ = rendered(decoder, images.transparent_png(), tmp_path)
    assert min(web.getpixel((10, 10))) > 250


def test_capture_time_is_read_when_the_camera_wrote_it(decoder: Decoder, tmp_path: Path) -> None:
    for data in (images.jpeg(gps=True), images.heic(gps=True), images.png(gps=True), images.webp(gps=True)):
        facts, *_ = rendered(decoder, data, tmp_path)
        assert facts.taken_local == datetime(2026, 7, 18, 18, 30)  # noqa: DTZ001  # camera time
        assert facts.taken_offset == "+03:00"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (images.png_bomb(), TOO_MANY_PIXELS),
        (images.jpeg_claiming(60_000, 60_000), TOO_MANY_PIXELS),
    ],
    ids=["png", "jpeg"],
)
def test_photo_is_rejected_when_it_unfolds_to_too_much(
    decoder: Decoder, tmp_path: Path, data: bytes, reason: str
) -> None:
    with pytest.raises(ImageRejected) as caught:
        rendered(decoder, data, tmp_path)
    assert caught.value.reason == reason
    assert len(data) < 1_000_000


def test_next_photo_is_rendered_when_one_killed_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = Decoder(timeout_seconds=60)
    try:
        rendered(decoder, images.jpeg(), tmp_path)
        assert decoder._process is not None
        decoder._process.kill()
        decoder._process.wait()
        facts, *_ = rendered(decoder, images.jpeg(), tmp_path)
        assert facts.width == 640
    finally:
        decoder.close()


def test_photo_is_rejected_when_it_takes_too_long(tmp_path: Path) -> None:
    decoder = Decoder(timeout_seconds=0.001)
    try:
        with pytest.raises(ImageRejected) as caught:
            rendered(decoder, images.jpeg(4032, 3024), tmp_path)
        assert caught.value.reason == TOO_COSTLY
        assert decoder._process is None
    finally:
        decoder.close()


def test_process_is_gone_when_it_was_not_asked_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = Decoder(timeout_seconds=60)
    rendered(decoder, images.jpeg(), tmp_path)
    decoder.rest()
    assert decoder._process is not None
    monkeypatch.setattr(decoder_module, "_IDLE_SECONDS", 0.0)
    decoder.rest()
    assert decoder._process is None


def test_decoding_process_gets_no_secret_when_the_worker_has_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSTER_DATABASE_URL", "postgresql://canary")
    decoder = Decoder(timeout_seconds=60)
    try:
        rendered(decoder, images.jpeg(), tmp_path)
        assert decoder._process is not None
        environment = Path(f"/proc/{decoder._process.pid}/environ").read_bytes()
        assert b"canary" not in environment
        assert b"PYTHONPATH" in environment
    finally:
        decoder.close()
