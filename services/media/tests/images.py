"""Images for tests, made here: nothing binary is kept in the repository."""

import io
import struct
import zlib
from fractions import Fraction
from functools import cache

import pillow_heif
from PIL import Image

GPS_LATITUDE = (Fraction(37), Fraction(56), Fraction(1234, 100))
SECRET_MAKER = "GPS-CANARY-7f3a"


def scene(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Red in the top left quarter, blue elsewhere, with a gradient so that it does not compress to nothing."""
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    image = Image.blend(image, Image.new("RGB", image.size, (20, 40, 200)), 0.7)
    image.paste((220, 20, 20), (0, 0, width // 2, height // 2))
    return image.convert(mode)


def exif_with_gps(*, orientation: int = 1, offset: str | None = "+03:00") -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = SECRET_MAKER
    exif[0x0112] = orientation
    details = exif.get_ifd(0x8769)
    details[0x9003] = "2026:07:18 18:30:00"
    if offset is not None:
        details[0x9011] = offset
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", GPS_LATITUDE, "E", GPS_LATITUDE
    return exif


@cache
def jpeg(
    width: int = 640,
    height: int = 480,
    *,
    orientation: int = 1,
    gps: bool = False,
    offset: str | None = "+03:00",
    quality: int = 85,
    progressive: bool = False,
    comment: bytes | None = None,
) -> bytes:
    target = io.BytesIO()
    more = {"exif": exif_with_gps(orientation=orientation, offset=offset)} if gps or orientation != 1 else {}
    if comment is not None:
        more["comment"] = comment
    scene(width, height).save(target, "JPEG", quality=quality, progressive=progressive, **more)
    return target.getvalue()


def swapped_profile() -> bytes:
    """A colour profile (ICC.1, matrix and gamma) in which the numbers of red mean blue, and the other way round."""

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def colour(*values: float) -> bytes:
        return b"XYZ " + bytes(4) + b"".join(fixed(value) for value in values)

    red, green, blue = (0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)
    gamma = b"curv" + bytes(4) + struct.pack(">IH", 1, int(2.2 * 256)) + bytes(2)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(79)
    tags = {
        b"desc": text,
        b"cprt": b"text" + bytes(4) + b"none\0" + bytes(3),
        b"wtpt": colour(0.9642, 1.0, 0.8249),
        b"rXYZ": colour(*blue),
        b"gXYZ": colour(*green),
        b"bXYZ": colour(*red),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), gamma),
    }
    table, body, place = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", place + len(body), len(data))
        body += data
    header = struct.pack(">I4sI4s4s4s", 128 + len(table) + len(body), b"test", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + fixed(0.9642) + fixed(1.0) + fixed(0.8249)
    return header.ljust(128, b"\0") + table + body


@cache
def jpeg_with_profile(colour: tuple[int, int, int], *, profile: bytes) -> bytes:
    """A plain JPEG of one colour, as its profile has it."""
    target = io.BytesIO()
    Image.new("RGB", (100, 100), colour).save(target, "JPEG", icc_profile=profile, quality=95)
    return target.getvalue()


@cache
def png(width: int = 320, height: int = 240, *, mode: str = "RGB", gps: bool = False) -> bytes:
    target = io.BytesIO()
    more = {"exif": exif_with_gps()} if gps else {}
    scene(width, height, "RGB").convert(mode).save(target, "PNG", **more)
    return target.getvalue()


@cache
def png_16_bit(width: int = 64, height: int = 64) -> bytes:
    target = io.BytesIO()
    Image.new("I;16", (width, height), 40_000).save(target, "PNG")
    return target.getvalue()


@cache
def transparent_png(width: int = 300, height: int = 200) -> bytes:
    target = io.BytesIO()
    Image.new("RGBA", (width, height), (0, 0, 0, 0)).save(target, "PNG")
    return target.getvalue()


@cache
def webp(width: int = 320, height: int = 240, *, gps: bool = False) -> bytes:
    target = io.BytesIO()
    more = {"exif": exif_with_gps()} if gps else {}
    scene(width, height).save(target, "WEBP", **more)
    return target.getvalue()


@cache
def heic(width: int = 640, height: int = 480, *, gps: bool = False) -> bytes:
    target = io.BytesIO()
    file = pillow_heif.from_pillow(scene(width, height))
    more = {"exif": exif_with_gps().tobytes()} if gps else {}
    file.save(target, quality=60, **more)
    return target.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@cache
def png_bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A small file that unfolds to gigabytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = b"\0" * (width * 3 + 1)
    body = b"".join(packer.compress(row) for _ in range(min(height, 200))) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def jpeg_claiming(width: int, height: int) -> bytes:
    """A JPEG whose header claims another size than it has."""
    data = bytearray(jpeg(64, 64))
    place = data.index(b"\xff\xc0")
    data[place + 5 : place + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def zip_tail() -> bytes:
    """A small ZIP, as it would be appended."""
    import zipfile

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.txt", "hello")
    return target.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><html><script>alert(1)</script></html>"
