#!/bin/sh
# The role of this container, as process 1 so that it gets the signals itself.
set -eu
case "${1:-api}" in
api) exec gunicorn --config /app/gunicorn.conf.py "muster_${MUSTER_SERVICE}.app:create_app()" ;;
worker) exec python -m muster_shared.worker "muster_${MUSTER_SERVICE}" ;;
migrate) exec python -m muster_shared.migrate "muster_${MUSTER_SERVICE}" ;;
*)
    echo "the role is api, worker or migrate" >&2
    exit 64
    ;;
esac
