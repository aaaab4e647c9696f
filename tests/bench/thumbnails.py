"""`thumbnails`: a 12 megapixel JPEG to all sizes, against a bare Pillow loop doing the same; memory for 50 megapixels.

Ours hands each file to the decoding process, which walks its parts, reads its metadata, checks its size and only then
does what the loop does. One core each: the loop here, the decoding process there.
"""

import io
import statistics
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from muster_media.imaging.decoder import Decoder
from tests.bench._media import interleaved, ratio, say

ROUNDS = 9
PHOTOS = 6
REACH = 0.85
PEAK_KILOBYTES = 256 * 1024
_WEB, _THUMBNAIL = 2048, 480


def photo(width: int, height: int) -> bytes:
    """A JPEG as a phone takes it: noise and all."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2026:07:18 18:30:00"
    noise = Image.effect_noise((width // 4, height // 4), 40)
    image = Image.merge("RGB", (noise, noise.rotate(90, expand=False), noise.rotate(180))).resize((width, height))
    target = io.BytesIO()
    image.save(target, "JPEG", quality=88, exif=exif)
    return target.getvalue()


def bare(source: Path, folder: Path) -> None:
    """The baseline: one decode at the scale that suffices, both sizes, turned, written without metadata."""
    with Image.open(source) as image:
        scale = _WEB * 0.9 / max(image.size)
        image.draft(None, (int(image.size[0] * scale), int(image.size[1] * scale)))
        image.load()
        web = image.transpose(Image.Transpose.ROTATE_270)
    if max(web.size) > _WEB:
        web.thumbnail((_WEB, _WEB), Image.Resampling.BICUBIC)
    web.info = {}
    web.save(folder / "web.jpg", "JPEG", quality=82, subsampling="4:2:0")
    thumbnail = web.copy()
    thumbnail.thumbnail((_THUMBNAIL, _THUMBNAIL), Image.Resampling.BICUBIC, reducing_gap=2.0)
    thumbnail.save(folder / "thumbnail.jpg", "JPEG", quality=76, subsampling="4:2:0")


def main() -> int:
    """Prints photos a second, their ratio and the memory; 1 when it falls short."""
    decoder = Decoder(timeout_seconds=60)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, large = folder / "12mp.jpg", folder / "50mp.jpg"
        source.write_bytes(photo(4032, 3024))
        large.write_bytes(photo(8660, 5772))

        def rate(work: object) -> float:
            began = time.perf_counter()
            for _ in range(PHOTOS):
                work(source, folder)  # type: ignore[operator]
            return PHOTOS / (time.perf_counter() - began)

        measures = {"ours": lambda: rate(decoder.render), "bare": lambda: rate(bare)}
        interleaved(1, **measures)
        found = interleaved(ROUNDS, **measures)
        began = time.perf_counter()
        decoder.render(large, folder)
        seconds = time.perf_counter() - began
        decoder.close()
    for kind, rates in found.items():
        say(f"thumbnails {kind}: {statistics.median(rates):.1f} photos/s of 12 megapixels on one core")
    reached = ratio(found["ours"], found["bare"])
    say(f"thumbnails: {reached:.2f} of the bare loop (to reach: {REACH})")
    say(
        f"thumbnails: 50 megapixels in {seconds:.2f} s, peak {decoder.peak_kilobytes / 1024:.0f} MiB"
        f" (at most {PEAK_KILOBYTES // 1024})"
    )
    return 0 if reached >= REACH and decoder.peak_kilobytes <= PEAK_KILOBYTES else 1


if __name__ == "__main__":
    sys.exit(main())
