"""The worker's side of the decoding process: starts it, hands it photos, ends it when it takes too long."""

import json
import os
import select
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from muster_media.imaging.errors import TOO_COSTLY, DecoderUnavailable, ImageRejected
from muster_media.imaging.structure import Format
from muster_shared.logs import log

_IDLE_SECONDS = 20.0
_log = log(__name__)


@dataclass(frozen=True)
class Rendered:
    """What was made: `web.jpg` and `thumbnail.jpg` lie in the folder. Sizes are the photo's own, upright.

    `taken_local` is naive camera time; `taken_offset` its offset (`+02:00`) where the camera knew one.
    """

    format: Format
    width: int
    height: int
    taken_local: datetime | None
    taken_offset: str | None


class Decoder:
    """One decoding process, used by one thread at a time; it is started when needed and ends when idle.

    It gets no secrets: its environment is a path and nothing else. `peak_kilobytes` is the most memory that any of
    them ever held.
    """

    def __init__(self, *, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._used_at = 0.0
        self.peak_kilobytes = 0

    def render(self, source: Path, folder: Path) -> Rendered:
        """Has the sizes of `source` written into `folder`.

        Raises `ImageRejected`, or `DecoderUnavailable` when no process could be had.
        """
        with self._lock:
            try:
                for attempt in (1, 2):
                    answer = self._ask(source, folder)
                    if answer is not None:
                        return _read(answer)
                    _log.warning("decoder_died", attempt=attempt)
            finally:
                self._used_at = time.monotonic()
        # Twice dead at the same photo, the second time in a fresh process: it is the photo.
        raise ImageRejected(TOO_COSTLY)

    def rest(self) -> None:
        """Ends the process when nothing was asked of it for a while."""
        if time.monotonic() - self._used_at > _IDLE_SECONDS and self._lock.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._lock.release()

    def close(self) -> None:
        """Ends the process."""
        with self._lock:
            self._end()

    def _ask(self, source: Path, folder: Path) -> dict[str, Any] | None:
        process = self._process or self._start()
        job = json.dumps({"source": str(source), "folder": str(folder)}).encode() + b"\n"
        try:
            os.write(process.stdin.fileno(), job)  # type: ignore[union-attr]  # both are pipes
        except OSError:
            self._end()
            return None
        line = self._answer(process)
        answer: dict[str, Any] | None = json.loads(line) if line.endswith(b"\n") else None
        if answer is not None:
            self.peak_kilobytes = max(self.peak_kilobytes, answer["peak_kilobytes"])
        if answer is None or answer["last"]:
            self._end()
        return answer

    def _answer(self, process: subprocess.Popen[bytes]) -> bytes:
        """The answering line; what there is of it when the process dies. Raises `ImageRejected` in the end."""
        deadline, received = time.monotonic() + self._timeout_seconds, b""
        output = process.stdout.fileno()  # type: ignore[union-attr]  # a pipe
        while not received.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([output], [], [], left)[0]:
                self._end()
                raise ImageRejected(TOO_COSTLY)
            piece = os.read(output, 65536)
            if not piece:
                break
            received += piece
        return received

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "muster_media.imaging.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                env={
                    "PATH": os.environ.get("PATH", ""),
                    "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    # One arena: less address space lost between threads.
                    "MALLOC_ARENA_MAX": "1",
                },
            )
        except OSError as error:
            raise DecoderUnavailable from error
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.kill()
        process.wait()


def _read(answer: dict[str, Any]) -> Rendered:
    if "rejected" in answer:
        if error := answer.get("error"):
            _log.info("decoder_failed", error=error)
        raise ImageRejected(answer["rejected"])
    facts = answer["rendered"]
    taken = facts["taken"] or {}
    return Rendered(
        format=Format(facts["format"]),
        width=facts["width"],
        height=facts["height"],
        taken_local=_camera_time(taken.get("local")),
        taken_offset=taken.get("offset"),
    )


def _camera_time(text: str | None) -> datetime | None:
    """EXIF's own spelling (`2026:07:18 18:30:00`), which many a camera fills with zeros or blanks."""
    if text is None:
        return None
    try:
        return datetime.strptime(text.strip("\x00 ")[:19], "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007  # camera time
    except ValueError:
        return None
