"""What a file is by its bytes: one whole image of a known format and nothing beside it.

No image library is at work here: a file that is two things at once (a polyglot) is told by walking its parts.
"""

import re
import struct
import zlib
from enum import StrEnum

from muster_media.imaging.errors import (
    DAMAGED,
    INCOMPLETE,
    MORE_THAN_A_PHOTO,
    NOT_A_PHOTO,
    TOO_MANY_WEBP_PIXELS,
    ImageRejected,
)
from muster_media.limits import MAX_WEBP_PIXELS


class Format(StrEnum):
    """The formats taken."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIC = "heic"


EXTENSIONS = {Format.JPEG: "jpg", Format.PNG: "png", Format.WEBP: "webp", Format.HEIC: "heic"}
CONTENT_TYPES = {
    Format.JPEG: "image/jpeg",
    Format.PNG: "image/png",
    Format.WEBP: "image/webp",
    Format.HEIC: "image/heic",
}

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis"}
_HEIF_BRANDS = _HEIC_BRANDS | {b"mif1", b"msf1"}
# A marker within the entropy-coded data: neither a stuffed zero, nor a restart marker, nor a fill byte.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_HTML = re.compile(rb"<(?:script|html|!doctype html|iframe|\?php)", re.IGNORECASE)
_SCANNED_BYTES = 64 * 1024
_ZIP_END = b"PK\x05\x06"
_ZIP_END_BYTES = 22
_LONGEST_ZIP_TAIL = 65535 + _ZIP_END_BYTES
_MOST_IMAGES = 8


def format_of(data: bytes) -> Format:
    """The format of a whole file, once it is known to be that and nothing else. Raises `ImageRejected`."""
    if data.startswith(b"\xff\xd8\xff"):
        found, end = Format.JPEG, _jpeg_end(data, 0)
    elif data.startswith(_PNG_SIGNATURE):
        found, end = Format.PNG, _png_end(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        found, end = Format.WEBP, _riff_end(data)
        _check_webp_size(data)
    elif data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        found, end = Format.HEIC, _heic_end(data)
    else:
        raise ImageRejected(NOT_A_PHOTO)
    _check_trailer(data, end)
    _check_hidden(data)
    return found


def _jpeg_end(data: bytes, start: int) -> int:
    """Where the JPEG that begins at `start` ends (ITU-T T.81, B.1)."""
    position = start + 2
    while True:
        while data[position : position + 2] == b"\xff\xff":
            position += 1
        if position + 2 > len(data):
            raise ImageRejected(INCOMPLETE)
        if data[position] != 0xFF:
            raise ImageRejected(DAMAGED)
        marker = data[position + 1]
        position += 2
        if marker == 0xD9:
            return position
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            continue
        if position + 2 > len(data):
            raise ImageRejected(INCOMPLETE)
        (length,) = struct.unpack_from(">H", data, position)
        if length < 2:
            raise ImageRejected(DAMAGED)
        position += length
        if marker == 0xDA:
            found = _JPEG_MARKER.search(data, position)
            if found is None:
                raise ImageRejected(INCOMPLETE)
            position = found.start()


def _png_end(data: bytes) -> int:
    """Where the PNG ends; every chunk's checksum is checked."""
    position, view = len(_PNG_SIGNATURE), memoryview(data)
    while True:
        if position + 12 > len(data):
            raise ImageRejected(INCOMPLETE)
        length, kind = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        end = position + 12 + length
        if end > len(data):
            raise ImageRejected(INCOMPLETE)
        (checksum,) = struct.unpack_from(">I", data, end - 4)
        if zlib.crc32(view[position + 4 : end - 4]) != checksum:
            raise ImageRejected(DAMAGED)
        if kind == b"IEND":
            return end
        position = end


def _riff_end(data: bytes) -> int:
    length = int.from_bytes(data[4:8], "little")
    end = 8 + length + (length & 1)
    # Some writers leave out the last padding byte.
    if end - 1 == len(data) and length & 1:
        return len(data)
    if end > len(data):
        raise ImageRejected(INCOMPLETE)
    return end


def _check_webp_size(data: bytes) -> None:
    """Looked up here, for the decoder takes memory for the whole image as soon as it sees the header (RFC 9649)."""
    kind = data[12:16]
    if kind == b"VP8X":
        width = 1 + int.from_bytes(data[24:27], "little")
        height = 1 + int.from_bytes(data[27:30], "little")
    elif kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 ":
        width = int.from_bytes(data[26:28], "little") & 0x3FFF
        height = int.from_bytes(data[28:30], "little") & 0x3FFF
    else:
        raise ImageRejected(DAMAGED)
    if width * height > MAX_WEBP_PIXELS:
        raise ImageRejected(TOO_MANY_WEBP_PIXELS)


def _heic_end(data: bytes) -> int:
    """Where the last box ends (ISO/IEC 14496-12, 4.2)."""
    brands = data[8 : int.from_bytes(data[:4], "big")]
    if not any(brands[place : place + 4] in _HEIC_BRANDS for place in range(0, len(brands), 4)):
        raise ImageRejected(NOT_A_PHOTO)
    return _boxes_end(data, 0)


def _boxes_end(data: bytes, start: int) -> int:
    position = start
    while position < len(data):
        if position + 8 > len(data):
            return position
        length, kind = struct.unpack_from(">I4s", data, position)
        if not kind.isalnum():
            return position
        if length == 0:
            return len(data)
        if length == 1:
            if position + 16 > len(data):
                raise ImageRejected(INCOMPLETE)
            (length,) = struct.unpack_from(">Q", data, position + 8)
        if length < 8:
            raise ImageRejected(DAMAGED)
        if position + length > len(data):
            raise ImageRejected(INCOMPLETE)
        position += length
    return position


def _check_trailer(data: bytes, end: int) -> None:
    """What phones write after the image is let pass, anything else refused.

    That is: further JPEGs (depth and gain maps, CIPA DC-007), the film of a motion photo, Samsung's own trailer.
    Only the first image is decoded, and nothing of the trailer is ever served.
    """
    position = end
    for _ in range(_MOST_IMAGES):
        padding_end = position
        while padding_end < len(data) and data[padding_end] == 0:
            padding_end += 1
        if padding_end == len(data):
            return
        # A box begins with its length, whose first bytes look like padding.
        film = data.find(b"ftyp", position, padding_end + 8) - 4
        if film >= position:
            position = _boxes_end(data, film)
        elif data.startswith(b"\xff\xd8\xff", padding_end):
            position = _jpeg_end(data, padding_end)
        elif data.endswith(b"SEFT") and b"SEFH" in data[-_SCANNED_BYTES:]:
            return
        else:
            break
    raise ImageRejected(MORE_THAN_A_PHOTO)


def _check_hidden(data: bytes) -> None:
    """Refuses what another program would take for a page, an archive or a document."""
    if _HTML.search(data[:_SCANNED_BYTES]) or _HTML.search(data[-_SCANNED_BYTES:]):
        raise ImageRejected(MORE_THAN_A_PHOTO)
    if b"%PDF-" in data[:1024]:
        raise ImageRejected(MORE_THAN_A_PHOTO)
    tail = data[-_LONGEST_ZIP_TAIL:]
    place = tail.rfind(_ZIP_END)
    if place >= 0 and place + _ZIP_END_BYTES <= len(tail):
        (comment,) = struct.unpack_from("<H", tail, place + 20)
        if place + _ZIP_END_BYTES + comment <= len(tail):
            raise ImageRejected(MORE_THAN_A_PHOTO)
