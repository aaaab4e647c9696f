"""Signing an upload for exactly one object in quarantine. Local work: it calls nobody."""

import secrets

from muster_media.config import MediaSettings
from muster_shared.aws.clients import Clients
from muster_shared.aws.presign import Upload, presigned_post, presigned_put

QUARANTINE = "quarantine/"


def new_quarantine_key() -> str:
    """A key that nobody can guess; it says nothing of the event or the file."""
    return QUARANTINE + secrets.token_hex(20)


class UploadSigner:
    """Signs what browsers and integrations send."""

    def __init__(self, *, clients: Clients, settings: MediaSettings) -> None:
        self._clients = clients
        self._bucket = settings.bucket_uploads
        self._endpoint = settings.s3_public_endpoint

    def sign(self, *, method: str, key: str, content_type: str, size_bytes: int) -> Upload:
        """An upload of this type to this key: 1 to `size_bytes` bytes by POST, exactly so many by PUT."""
        if method == "PUT":
            return presigned_put(
                self._clients,
                bucket=self._bucket,
                key=key,
                content_type=content_type,
                size_bytes=size_bytes,
                public_endpoint=self._endpoint,
            )
        return presigned_post(
            self._clients,
            bucket=self._bucket,
            key=key,
            content_type=content_type,
            max_bytes=size_bytes,
            public_endpoint=self._endpoint,
        )
