"""uploads: forged requests to the store, files that are not what they say, and a guest who floods.

Nothing is stored past what was signed, nothing served knows a place, the quota is exact, and the worker stays under
half a gigabyte whatever it is fed.
"""

import base64
import io
import sys
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any

from PIL import Image

from muster_shared import clock
from services.media.tests import images
from tests.experiments.checker import Verdict
from tests.experiments.media_stage import MediaStage, media_stage
from tests.experiments.stage import wait_until

_OPEN = "SELECT id FROM photos WHERE status IN ('pending', 'processing')"
_MEMORY_BYTES = 512 * 1024 * 1024
_OPEN_POLICY = base64.b64encode(b'{"expiration": "2099-01-01T00:00:00Z", "conditions": []}').decode()
_FORGERIES: dict[str, dict[str, str]] = {
    "another key": {"key": "quarantine/other"},
    "outside quarantine": {"key": "index.html"},
    "a name of the client's": {"key": "quarantine/${filename}"},
    "another type": {"Content-Type": "text/html"},
    "an open policy": {"policy": _OPEN_POLICY},
    "no good signature": {"x-amz-signature": "0" * 64},
    "a public file": {"acl": "public-read"},
    "a redirect": {"success_action_redirect": "https://example.org"},
    "another bucket": {"bucket": "experiment-media"},
}


@dataclass(frozen=True)
class Scale:
    """How large the large ones are, and how many requests the flood has."""

    megapixels: int
    quota: int
    flood: int
    seconds: float


FULL = Scale(megapixels=49, quota=200, flood=1000, seconds=300)
SHORT = Scale(megapixels=12, quota=40, flood=100, seconds=90)


def run(scale: Scale) -> Verdict:
    """The three attacks, one after the other."""
    with media_stage(guest_quota=scale.quota) as stage:
        verdict = Verdict("uploads", attempted=0, accepted=0, lost=0, duplicated=0, unexpected=0)
        _forge(stage, verdict)
        stage.worker.start()
        _feed(stage, verdict, scale)
        _flood(stage, verdict, scale)
        stage.worker.stop()
        verdict.facts["worker at most, MiB"] = stage.worker.peak_bytes // 1024 // 1024
        verdict.require(0 < stage.worker.peak_bytes <= _MEMORY_BYTES, "the worker took too much memory")
        return verdict


def _forge(stage: MediaStage, verdict: Verdict) -> None:
    """Every forged upload beside the one that is as signed."""
    data = images.jpeg()
    control = stage.ask(data)
    verdict.require(stage.send(control["upload"], data) == 201, "the good upload was refused")
    forged: dict[str, int] = {}
    for name, fields in _FORGERIES.items():
        upload = stage.ask(data)["upload"]
        upload["fields"].update(fields)
        forged[name] = stage.send(upload, data)
    for name, body in {"a byte too many": data + b"x", "nothing": b""}.items():
        forged[name] = stage.send(stage.ask(data)["upload"], body)
    forged["too late"] = stage.send(_late(stage, data), data)
    stored = [key for key in stage.keys(stage.config.bucket_uploads) if key != control["upload"]["fields"]["key"]]
    stored += stage.keys(stage.config.bucket_media) + stage.keys(stage.config.bucket_site)
    verdict.attempted += len(forged) + 1
    verdict.accepted += 1
    verdict.unexpected += len(stored) + sum(status < 400 for status in forged.values())
    verdict.facts["forged uploads refused"] = f"{sum(status >= 400 for status in forged.values())} of {len(forged)}"
    stage.run("UPDATE photos SET expires_at = now() - interval '1 hour', check_at = now()")


def _late(stage: MediaStage, data: bytes) -> dict[str, Any]:
    from datetime import timedelta

    with clock.frozen(clock.now() - timedelta(minutes=16)):
        upload: dict[str, Any] = stage.ask(data)["upload"]
    return upload


def _feed(stage: MediaStage, verdict: Verdict, scale: Scale) -> None:
    """Files that are more than a photo, or none, or far too much of one; and good ones with a place in them."""
    side = int((scale.megapixels * 1_000_000) ** 0.5)
    large = images.jpeg(side, side, quality=50)
    bad = {
        "SVG": images.SVG,
        "HTML": images.HTML,
        "ZIP behind": images.jpeg() + images.zip_tail(),
        "page behind": images.png() + images.HTML,
        "page within": images.jpeg(comment=images.HTML),
        "PNG bomb": images.png_bomb(),
        "JPEG bomb": images.jpeg_claiming(60_000, 60_000),
        "cut off": images.jpeg()[:-5000],
        "noise": bytes(range(256)) * 40,
    }
    good = {
        "JPEG": images.jpeg(4032, 3024, gps=True),
        "turned": images.jpeg(800, 600, gps=True, orientation=6),
        "HEIC": images.heic(gps=True),
        "PNG": images.png(gps=True),
        "WebP": images.webp(gps=True),
        "large": large,
        "large, progressive": images.jpeg(side, side, quality=50, progressive=True),
        "large PNG": images.png(side, side, mode="RGBA"),
    }
    ids = {}
    for name, data in {**bad, **good}.items():
        asked = stage.ask(data)
        ids[name] = asked["photo"]["id"]
        verdict.require(stage.send(asked["upload"], data) == 201, f"{name} was not stored")
    wait_until(lambda: not stage.rows(_OPEN), seconds=scale.seconds)
    found = {str(row.id): row for row in stage.rows("SELECT id, status, reason FROM photos")}
    wrong = [name for name in bad if found[ids[name]].status != "rejected" or not found[ids[name]].reason]
    wrong += [name for name in good if found[ids[name]].status != "ready"]
    places = [key for key, data in stage.served() if not _is_bare(data)]
    verdict.attempted += len(ids)
    verdict.accepted += len(good)
    verdict.unexpected += len(wrong) + len(places)
    verdict.facts["bad files rejected"] = f"{sum(found[ids[name]].status == 'rejected' for name in bad)} of {len(bad)}"
    verdict.facts["served objects"] = sum(1 for _ in stage.served())
    verdict.facts["of them with a place or a maker"] = len(places)
    verdict.require(not wrong, f"judged wrongly: {', '.join(wrong)}")


def _is_bare(data: bytes) -> bool:
    if data[:2] == b"PK":
        return images.SECRET_MAKER.encode() not in data
    with Image.open(io.BytesIO(data)) as image:
        return not dict(image.getexif()) and images.SECRET_MAKER.encode() not in data


def _flood(stage: MediaStage, verdict: Verdict, scale: Scale) -> None:
    """Many at once, for what is left of the quota: exactly that is taken."""
    taken = stage.rows("SELECT photos FROM usage WHERE kind = 'guest_page'")[0].photos
    statuses: Counter[int] = Counter()
    lock, gate, threads = threading.Lock(), threading.Barrier(20), []

    def ask() -> None:
        gate.wait()
        for _ in range(scale.flood // 20):
            status = stage.ask(b"x" * 1000)["status_code"]
            with lock:
                statuses[status] += 1

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict.attempted += scale.flood
    verdict.accepted += statuses[201]
    verdict.unexpected += abs(statuses[201] - (scale.quota - taken)) + scale.flood - statuses[201] - statuses[409]
    verdict.facts["flood"] = f"{statuses[201]} taken of {scale.flood}, room for {scale.quota - taken}"
    counted = stage.rows("SELECT photos FROM usage WHERE kind = 'guest_page'")[0].photos
    verdict.require(counted == scale.quota, "the quota is not exact")


def main() -> int:
    """The full size."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
