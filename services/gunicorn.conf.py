"""How gunicorn serves every API: threads of few processes, small settings from the environment."""

import os
from pathlib import Path

from muster_shared import logs, telemetry

_service = os.environ.get("MUSTER_SERVICE", "muster")
logs.configure(service=_service, role="api", level=os.environ.get("MUSTER_LOG_LEVEL", "INFO"))
telemetry.start(_service)

bind = os.environ.get("MUSTER_BIND", "0.0.0.0:8000")
worker_class = "gthread"
workers = int(os.environ.get("MUSTER_WORKERS", "1"))
threads = int(os.environ.get("MUSTER_THREADS", "8"))
# Loaded once and shared by workers; with one worker there is nothing to share it with.
preload_app = os.environ.get("MUSTER_PRELOAD", "1") == "1"

# A stopping task finishes what it has begun; the container's own limit lies above this one.
graceful_timeout = int(os.environ.get("MUSTER_GRACEFUL_SECONDS", "60"))
timeout = 60
# Longer than the load balancer keeps an idle connection, so that it is never the one to lose the race.
keepalive = 75

# A heartbeat on a slow disk looks like a hung worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # a memory file system, not a shared folder
control_socket_disable = True

accesslog = None  # the application writes one line a request, with ids
errorlog = "-"
loglevel = "warning"

limit_request_line = 8190
limit_request_fields = 64


def post_worker_init(_worker: object) -> None:
    """What a worker needs a thread for: those of before the fork are gone."""
    logs.write_behind()
