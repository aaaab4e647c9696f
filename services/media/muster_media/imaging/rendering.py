"""The sizes made of a photo. Imported only by the decoding process: nobody else loads an image library.

One decode for all sizes. JPEGs are decoded at the fraction of their size that still suffices; everything else is
brought down in bands, so that no second copy of a large image is ever in memory.
"""

import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pillow_heif
from PIL import Image, ImageCms

from muster_media.imaging.errors import DAMAGED, TOO_MANY_PIXELS, ImageRejected
from muster_media.imaging.structure import Format, format_of
from muster_media.limits import MAX_PIXELS

WEB_PIXELS = 2048
THUMBNAIL_PIXELS = 480
# A JPEG that scales to within a tenth of the web size as it is decoded needs no resampling after.
_NEAR_ENOUGH = 0.9
_WEB_QUALITY = 82
_THUMBNAIL_QUALITY = 76
_BAND_ROWS = 512
_PLAIN_MODES = {"L", "RGB", "CMYK"}
_ORIENTATION = 0x0112
_EXIF_IFD = 0x8769
_TIMES = ((0x9003, 0x9011), (0x9004, 0x9012))
_TURNS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}

# The limit is our own, checked before anything is decoded.
Image.MAX_IMAGE_PIXELS = None
pillow_heif.options.DECODE_THREADS = 2

Bands = Iterator[tuple[int, Image.Image]]


def render(source: Path, folder: Path) -> dict[str, Any]:
    """Writes `web.jpg` and `thumbnail.jpg` into `folder`; gives what is known of the photo.

    The sizes carry no metadata: they are turned the right way up, in sRGB, and that is all there is in them.
    Raises `ImageRejected`.
    """
    data = source.read_bytes()
    kind = format_of(data)
    del data
    web, facts = (_heic if kind is Format.HEIC else _pillow)(source, kind)
    web.save(folder / "web.jpg", "JPEG", quality=_WEB_QUALITY, subsampling="4:2:0")
    thumbnail = _resized(web, THUMBNAIL_PIXELS)
    thumbnail.save(folder / "thumbnail.jpg", "JPEG", quality=_THUMBNAIL_QUALITY, subsampling="4:2:0")
    return {"format": kind.value, **facts}


def _pillow(source: Path, kind: Format) -> tuple[Image.Image, dict[str, Any]]:
    try:
        image = Image.open(source, formats=[kind.value.upper()])
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageRejected(DAMAGED) from error
    with image:
        width, height = image.size
        _check_size(width, height)
        exif = _exif_of(image.getexif)
        profile = image.info.get("icc_profile")
        if kind is Format.JPEG:
            scale = min(1.0, WEB_PIXELS * _NEAR_ENOUGH / max(width, height))
            image.draft(image.mode, (max(1, int(width * scale)), max(1, int(height * scale))))
        image.load()
        transparency = "transparency" in image.info
        small: Image.Image = image
        if transparency or image.mode not in _PLAIN_MODES:
            small = _brought_down(image.size, _bands_of(image), transparency=transparency)
    orientation = _orientation(exif)
    finished = _turned(_to_srgb(_resized(small, WEB_PIXELS), profile), orientation)
    if orientation >= 5:
        width, height = height, width
    return finished, {"width": width, "height": height, "taken": _taken(exif)}


def _heic(source: Path, _kind: Format) -> tuple[Image.Image, dict[str, Any]]:
    """As `_pillow`. The decoder turns the image itself, so its orientation tag counts for nothing."""
    try:
        container = pillow_heif.open_heif(source, convert_hdr_to_8bit=True)
        image = container[container.primary_index]
        width, height = image.size
        _check_size(width, height)
        view, stride, mode = memoryview(image.data), image.stride, image.mode
    except (OSError, ValueError, EOFError, RuntimeError, SyntaxError) as error:
        raise ImageRejected(DAMAGED) from error
    exif_bytes, profile = (_bytes_or_none(image.info.get(name)) for name in ("exif", "icc_profile"))
    exif = _exif_of(lambda: _loaded_exif(exif_bytes)) if exif_bytes else None

    def bands() -> Bands:
        _, most = _fraction((width, height))
        for top in range(0, height, most):
            rows = min(most, height - top)
            part = view[top * stride : (top + rows) * stride]
            yield top, Image.frombuffer(mode, (width, rows), bytes(part), "raw", mode, stride, 1)

    small = _brought_down((width, height), bands(), transparency=False)
    finished = _to_srgb(_resized(small, WEB_PIXELS), profile)
    return finished, {"width": width, "height": height, "taken": _taken(exif)}


def _bytes_or_none(value: object) -> bytes | None:
    return value if isinstance(value, bytes) else None


def _check_size(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise ImageRejected(DAMAGED)
    if width * height > MAX_PIXELS:
        raise ImageRejected(TOO_MANY_PIXELS)


def _fraction(size: tuple[int, int]) -> tuple[int, int]:
    """By which whole number an image is brought down, to the web size or above; and how many rows make a band."""
    factor = max(1, max(size) // WEB_PIXELS)
    return factor, factor * max(1, _BAND_ROWS // factor)


def _bands_of(image: Image.Image) -> Bands:
    (width, height), (_, rows) = image.size, _fraction(image.size)
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(top + rows, height)))


def _brought_down(size: tuple[int, int], bands: Bands, *, transparency: bool) -> Image.Image:
    """The image at a whole fraction of its size, without transparency; `bands` are those of `_fraction`."""
    (width, height), (factor, _) = size, _fraction(size)
    small: Image.Image | None = None
    for top, band in bands:
        plain = _plain(band, transparency=transparency)
        piece = plain.reduce(factor) if factor > 1 else plain
        if small is None:
            small = Image.new(piece.mode, (-(-width // factor), -(-height // factor)))
        small.paste(piece, (0, top // factor))
    if small is None:
        raise ImageRejected(DAMAGED)
    return small


def _plain(image: Image.Image, *, transparency: bool) -> Image.Image:
    """In a mode that JPEG and colour management know: what shines through becomes white."""
    if image.mode.startswith("I"):
        # 16 bits of grey: the upper eight are kept.
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or transparency:
        see_through = image.convert("RGBA")
        ground = Image.new("RGB", image.size, (255, 255, 255))
        ground.paste(see_through, mask=see_through.getchannel("A"))
        return ground
    return image if image.mode in _PLAIN_MODES else image.convert("RGB")


def _resized(image: Image.Image, longest: int) -> Image.Image:
    width, height = image.size
    if max(width, height) <= longest:
        return image
    scale = longest / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """In sRGB, with nothing attached. A profile that cannot be read counts as none."""
    converted: Image.Image | None = None
    if profile and b"sRGB" not in profile[:4096]:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    finished = converted or (image if image.mode == "RGB" else image.convert("RGB"))
    # JPEG's writer takes profile and comment from here when nobody says otherwise.
    finished.info = {}
    return finished


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    for turn in _TURNS.get(orientation, ()):
        image = image.transpose(turn)
    image.info = {}
    return image


def _loaded_exif(raw: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif.load(raw)
    return exif


def _exif_of(read: Callable[[], Image.Exif]) -> Image.Exif | None:
    """The EXIF data; None for what cannot be read, which is no reason to refuse a photo."""
    try:
        return read()
    except Exception:  # noqa: BLE001  # parsers of hostile metadata fail in every way there is
        return None


def _orientation(exif: Image.Exif | None) -> int:
    value = exif.get(_ORIENTATION) if exif is not None else None
    return value if isinstance(value, int) and value in _TURNS else 1


def _taken(exif: Image.Exif | None) -> dict[str, str | None] | None:
    """When it was taken, as the camera wrote it: local time, and the offset from UTC where it knew one."""
    if exif is None:
        return None
    try:
        tags = exif.get_ifd(_EXIF_IFD)
    except Exception:  # noqa: BLE001  # see `_exif_of`
        return None
    for time_tag, offset_tag in _TIMES:
        if isinstance(local := tags.get(time_tag), str):
            offset = tags.get(offset_tag)
            return {"local": local[:32], "offset": offset[:8] if isinstance(offset, str) else None}
    return None
