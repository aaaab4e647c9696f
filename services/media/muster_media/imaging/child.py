"""The decoding process: takes one photo a line on stdin, answers one line on stdout, within hard limits.

What an image does to a decoder happens here: a bomb runs into the limit and kills this process alone.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Any

from muster_media.imaging.errors import DAMAGED, TOO_COSTLY, ImageRejected

# Enough for 50 megapixels of every format but WebP (see `limits`); with the worker itself, under half a gigabyte.
MEMORY_BYTES = 420 * 1024 * 1024
CPU_SECONDS = 30
_FILE_BYTES = 64 * 1024 * 1024
_TIRED_KILOBYTES = 160 * 1024


def main() -> None:
    """Reads `{"source": path, "folder": path}` until stdin ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from muster_media.imaging.rendering import render

    for line in sys.stdin:
        job = json.loads(line)
        _grant_cpu()
        answer: dict[str, Any]
        try:
            answer = {"rendered": render(Path(job["source"]), Path(job["folder"]))}
        except ImageRejected as error:
            answer = {"rejected": error.reason}
        except MemoryError:
            answer = {"rejected": TOO_COSTLY}
        except Exception as error:  # noqa: BLE001  # decoders fail in every way there is
            answer = {"rejected": DAMAGED, "error": type(error).__name__}
        # Memory that one large photo took is not given back: a fresh process is cheaper to keep.
        answer["peak_kilobytes"] = _peak_kilobytes()
        answer["last"] = answer["peak_kilobytes"] > _TIRED_KILOBYTES
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        if answer["last"]:
            return


def _peak_kilobytes() -> int:
    """The most memory this process ever had. (`ru_maxrss` would count what its parent had before the exec.)"""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    return int(status.partition("VmHWM:")[2].split()[0])


def _grant_cpu() -> None:
    """Seconds for this photo, counted from what was used so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
