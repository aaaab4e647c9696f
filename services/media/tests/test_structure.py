"""What a file is by its bytes."""

import struct

import pytest

from muster_media.imaging.errors import (
    DAMAGED,
    INCOMPLETE,
    MORE_THAN_A_PHOTO,
    NOT_A_PHOTO,
    TOO_MANY_WEBP_PIXELS,
    ImageRejected,
)
from muster_media.imaging.structure import Format, format_of
from services.media.tests import images

WHOLE = {
    Format.JPEG: images.jpeg(),
    Format.PNG: images.png(),
    Format.WEBP: images.webp(),
    Format.HEIC: images.heic(),
}
BOTH_FORMATS = pytest.mark.parametrize("kind", list(WHOLE), ids=str)


def refusal_of(data: bytes) -> str:
    with pytest.raises(ImageRejected) as caught:
        format_of(data)
    return caught.value.reason


@BOTH_FORMATS
def test_format_is_told_when_the_file_is_whole(kind: Format) -> None:
    assert format_of(WHOLE[kind]) is kind


@BOTH_FORMATS
@pytest.mark.parametrize(
    "tail",
    [images.HTML, images.zip_tail(), b"#!/bin/sh\nrm -rf /\n", b"%PDF-1.7 ", b"\x00\x00" + images.SVG, b"x" * 70_000],
    ids=["html", "zip", "script", "pdf", "svg", "padding"],
)
def test_file_is_refused_when_something_follows_the_image(kind: Format, tail: bytes) -> None:
    assert refusal_of(WHOLE[kind] + tail) in {MORE_THAN_A_PHOTO, INCOMPLETE}


@BOTH_FORMATS
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_file_is_refused_when_it_breaks_off(kind: Format, part: float) -> None:
    data = WHOLE[kind]
    assert refusal_of(data[: int(len(data) * part)]) in {INCOMPLETE, DAMAGED}


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", images.SVG, images.HTML, b"GIF89a" + b"\0" * 50, b"%PDF-1.7", images.zip_tail(), b"\0" * 100],
    ids=["empty", "byte", "svg", "html", "gif", "pdf", "zip", "zeros"],
)
def test_file_is_refused_when_it_is_no_photo(data: bytes) -> None:
    assert refusal_of(data) == NOT_A_PHOTO


def test_jpeg_is_refused_when_a_page_hides_in_its_comment() -> None:
    assert refusal_of(images.jpeg(comment=images.HTML)) == MORE_THAN_A_PHOTO
    assert format_of(images.jpeg(comment=b"a fine day")) is Format.JPEG


def test_jpeg_is_taken_when_phones_append_what_phones_append() -> None:
    film = struct.pack(">I4s4sI", 16, b"ftyp", b"mp42", 0) + struct.pack(">I4s", 16, b"mdat") + b"\1" * 8
    samsung = b"\0\0\1\2SEFH" + b"\3" * 40 + b"SEFT"
    for trailer in (images.jpeg(64, 48), b"\0" * 30, film, samsung, images.jpeg(64, 48) + film):
        assert format_of(images.jpeg() + trailer) is Format.JPEG


def test_jpeg_is_refused_when_an_appended_film_is_followed_by_an_archive() -> None:
    film = struct.pack(">I4s4sI", 16, b"ftyp", b"mp42", 0)
    assert refusal_of(images.jpeg() + film + images.zip_tail()) == MORE_THAN_A_PHOTO


def test_png_is_refused_when_a_checksum_is_wrong() -> None:
    data = bytearray(images.png())
    data[40] ^= 1
    assert refusal_of(bytes(data)) == DAMAGED


def test_webp_is_refused_when_its_header_claims_too_many_pixels() -> None:
    header = b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\0" * 4
    size = (10_000 - 1).to_bytes(3, "little")
    assert refusal_of(header + size + size) == TOO_MANY_WEBP_PIXELS


def test_avif_is_refused_when_it_calls_itself_a_heif() -> None:
    data = struct.pack(">I4s4sI4s", 20, b"ftyp", b"mif1", 0, b"avif") + b"\0" * 20
    assert refusal_of(data) == NOT_A_PHOTO
