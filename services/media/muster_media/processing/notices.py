"""What S3 says of arrivals: which keys, whatever else is in there."""

from typing import Any
from urllib.parse import unquote_plus

from muster_media.uploads.signing import QUARANTINE


def arrived_keys(body: dict[str, Any], *, bucket: str) -> list[str]:
    """The quarantine keys that an S3 notification names as created in `bucket`, each once.

    A test event, another bucket, another kind of event and what is not understood name none.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    records = body.get("Records")
    keys: dict[str, None] = {}
    for record in records if isinstance(records, list) else []:
        if not isinstance(record, dict) or "ObjectCreated:" not in str(record.get("eventName", "")):
            continue
        described = record.get("s3")
        if not isinstance(described, dict):
            continue
        named, stored = described.get("bucket"), described.get("object")
        if not isinstance(named, dict) or not isinstance(stored, dict) or named.get("name") != bucket:
            continue
        # Keys come URL-encoded, with plus for a space.
        key = unquote_plus(str(stored.get("key", "")))
        if key.startswith(QUARANTINE) and len(key) > len(QUARANTINE):
            keys[key] = None
    return list(keys)
