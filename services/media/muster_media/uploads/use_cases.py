"""The intent row: written and counted in one statement, before anybody gets the signature."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from muster_media.config import MediaSettings
from muster_media.errors import QuotaReached
from muster_media.gatherings.queries import EventRecord
from muster_media.photos.models import Purpose, UploaderType
from muster_media.uploads.policies import allowances
from muster_media.uploads.signing import UploadSigner, new_quarantine_key
from muster_shared import clock
from muster_shared.aws.presign import MAX_LIFETIME_SECONDS, Upload
from muster_shared.db import Database, Prepared
from muster_shared.ids import new_id

# How long after the request the reconciler first looks whether S3's event was lost.
FIRST_CHECK = timedelta(seconds=60)
_RECEIPT_BYTES = 32

# The arguments of the function, in their order. It (see the migrations) counts the photo under every quota and writes
# it, or does neither.
_TYPES = {
    "kinds": "text[]",
    "subjects": "uuid[]",
    "photo_limits": "bigint[]",
    "byte_limits": "bigint[]",
    "id": "uuid",
    "org_id": "uuid",
    "event_id": "uuid",
    "purpose": "text",
    "name": "text",
    "content_type": "text",
    "size": "bigint",
    "sha256": "text",
    "key": "text",
    "uploader_type": "text",
    "uploader_id": "uuid",
    "uploader_name": "text",
    "receipt_hash": "text",
    "request_key": "text",
    "expires_at": "timestamptz",
    "check_at": "timestamptz",
}
_INTEND = Prepared(
    "intend_upload",
    _TYPES,
    f"SELECT intend_upload({', '.join(f'%({name})s' for name in _TYPES)})",
)
_QUOTA_REACHED = "MQ001"
_LOCK_REQUEST = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_REPEATED = text(
    """
    UPDATE photos SET expires_at = greatest(expires_at, CAST(:expires_at AS timestamptz))
    WHERE uploader_id = :uploader_id AND request_key = :request_key
    RETURNING id, status, quarantine_key, content_type, announced_bytes
    """
)

_FULL = {
    "assignment": "as many photos as one crew member may add have been added",
    "event": "the event has as many photos as it may have",
    "guest_page": "this page has as many photos as guests may add",
    "organization": "the organisation has as many photos as it may have",
}


@dataclass(frozen=True)
class FileToCome:
    """What the caller says of the file."""

    name: str
    content_type: str
    size_bytes: int
    sha256: str | None
    method: str


@dataclass(frozen=True)
class Uploader:
    """Who sends it. `id` is the user, key or assignment; None for a guest. `request_key`: see `repeat_intent`."""

    type: UploaderType
    id: UUID | None = None
    name: str | None = None
    request_key: str | None = None


@dataclass(frozen=True)
class Intent:
    """The photo to come, how to send it, and the guest's receipt."""

    photo_id: UUID
    upload: Upload
    receipt: str | None = None
    status: str = "pending"


def hash_of(receipt: str) -> str:
    """What is kept of a receipt: it has 256 random bits, so a plain hash keeps it secret."""
    return hashlib.sha256(receipt.encode()).hexdigest()


def intend_upload(
    database: Database,
    session: Session | None,
    *,
    signer: UploadSigner,
    settings: MediaSettings,
    event: EventRecord,
    uploader: Uploader,
    purpose: Purpose,
    file: FileToCome,
) -> Intent:
    """Writes the intent and counts it, exactly, under every quota. Raises `QuotaReached`.

    One statement: a transaction by itself, which holds the counters' rows for the shortest time, or part of that of
    `session` when there is one.

    The signature is made first, so that the counters' rows are held no longer than the commit takes; it leaves
    the service only with the committed answer.
    """
    key = new_quarantine_key()
    upload = signer.sign(method=file.method, key=key, content_type=file.content_type, size_bytes=file.size_bytes)
    counted = allowances(event, uploader_type=uploader.type, uploader_id=uploader.id, settings=settings)
    receipt = secrets.token_urlsafe(_RECEIPT_BYTES) if uploader.type is UploaderType.GUEST else None
    photo_id = new_id()
    issued_at = upload.expires_at - timedelta(seconds=MAX_LIFETIME_SECONDS)
    values = {
        "kinds": [allowance.kind for allowance in counted],
        "subjects": [str(allowance.subject) for allowance in counted],
        "photo_limits": [allowance.photos for allowance in counted],
        "byte_limits": [allowance.bytes for allowance in counted],
        "id": str(photo_id),
        "org_id": str(event.org_id),
        "event_id": str(event.event_id),
        "purpose": purpose.value,
        "name": file.name,
        "content_type": file.content_type,
        "size": file.size_bytes,
        "sha256": file.sha256,
        "key": key,
        "uploader_type": uploader.type.value,
        "uploader_id": str(uploader.id) if uploader.id else None,
        "uploader_name": uploader.name,
        "receipt_hash": hash_of(receipt) if receipt else None,
        "request_key": hash_of(uploader.request_key) if uploader.request_key else None,
        "expires_at": upload.expires_at,
        "check_at": issued_at + FIRST_CHECK,
    }
    try:
        if session is None:
            database.commit(_INTEND, values)
        else:
            _INTEND.within(session, values)
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) != _QUOTA_REACHED:
            raise
        full = str(getattr(error.orig, "diag").message_primary)  # noqa: B009  # only psycopg2's errors have it
        raise QuotaReached(_FULL[full]) from None
    return Intent(photo_id=photo_id, upload=upload, receipt=receipt)


def repeat_intent(session: Session, *, signer: UploadSigner, uploader: Uploader) -> Intent | None:
    """The intent that this uploader's `request_key` made before, signed anew; None when there is none.

    Two requests with one key wait for each other here, until the end of the transaction.
    """
    kept = hash_of(uploader.request_key or "")
    session.execute(_LOCK_REQUEST, {"name": f"{uploader.id}:{kept}"})
    expires_at = clock.now() + timedelta(seconds=MAX_LIFETIME_SECONDS)
    row = session.execute(
        _REPEATED, {"uploader_id": uploader.id, "request_key": kept, "expires_at": expires_at}
    ).first()
    if row is None:
        return None
    upload = signer.sign(
        method="POST", key=row.quarantine_key, content_type=row.content_type, size_bytes=row.announced_bytes
    )
    return Intent(photo_id=row.id, upload=upload, status=row.status)
