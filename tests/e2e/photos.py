"""Photos as phones take them, made by code: with a position in their metadata, sideways, as HEIC."""

from io import BytesIO

import pillow_heif
from PIL import ExifTags, Image, ImageDraw

GPS_LATITUDE = (37.0, 56.0, 12.5)


def _scene(size: tuple[int, int], *, words: str) -> Image.Image:
    gradient = Image.linear_gradient("L").resize(size)
    picture = Image.merge("RGB", (gradient, gradient.rotate(180), Image.new("L", size, 160)))
    pencil = ImageDraw.Draw(picture)
    pencil.ellipse([size[0] // 3, size[1] // 3, size[0] // 2, size[1] // 2], fill=(250, 220, 120))
    pencil.text((40, 40), words, fill=(255, 255, 255), font_size=size[0] // 20)
    return picture


def _exif(*, orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Muster Test Camera"
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:06:01 18:30:00"
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", GPS_LATITUDE
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", (23.0, 38.0, 45.0)
    return exif


def jpeg_with_position(size: tuple[int, int] = (4032, 3024), *, words: str = "jpeg") -> bytes:
    """A 12 MP JPEG that was taken sideways (orientation 6), with GPS and a camera's name in it."""
    buffer = BytesIO()
    _scene(size, words=words).save(buffer, "JPEG", quality=85, exif=_exif(orientation=6))
    return buffer.getvalue()


def heic(size: tuple[int, int] = (1200, 900)) -> bytes:
    """A HEIC, as iPhones make them, with the same metadata."""
    buffer = BytesIO()
    pillow_heif.from_pillow(_scene(size, words="heic")).save(buffer, quality=70, exif=_exif().tobytes())
    return buffer.getvalue()


def png(size: tuple[int, int] = (1600, 1000)) -> bytes:
    """A PNG."""
    buffer = BytesIO()
    _scene(size, words="png").save(buffer, "PNG")
    return buffer.getvalue()


def metadata_of(data: bytes) -> dict[str, object]:
    """What a stranger could read out of a picture beside the picture."""
    with Image.open(BytesIO(data)) as picture:
        exif = picture.getexif()
        found: dict[str, object] = {str(tag): value for tag, value in exif.items()}
        if position := exif.get_ifd(ExifTags.IFD.GPSInfo):
            found["gps"] = dict(position)
        found |= {name: picture.info[name] for name in ("xmp", "comment", "exif") if name in picture.info}
        return found


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height in pixels."""
    with Image.open(BytesIO(data)) as picture:
        return picture.size
