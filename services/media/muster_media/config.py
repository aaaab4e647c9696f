"""Settings of media."""

from pydantic import Field, SecretStr

from muster_shared.settings import Settings

_GIB = 1024**3


class MediaSettings(Settings):
    """What media reads beside the common settings.

    `cdn_private_key` is the PEM of the EC P-256 key whose public half the CDN trusts as `cdn_key_id`. The limits
    count photos that are kept or on their way, and the bytes announced for them.
    """

    cdn_key_id: str = Field(pattern="^[A-Za-z0-9]{1,64}$")
    cdn_private_key: SecretStr
    organization_photo_limit: int = Field(default=200_000, ge=0)
    organization_byte_limit: int = Field(default=1024 * _GIB, ge=0)
    event_photo_limit: int = Field(default=10_000, ge=0)
    event_byte_limit: int = Field(default=100 * _GIB, ge=0)
    assignment_photo_limit: int = Field(default=200, ge=0)
    assignment_byte_limit: int = Field(default=4 * _GIB, ge=0)
    guest_page_byte_limit: int = Field(default=20 * _GIB, ge=0)
    guest_uploads_per_minute: int = Field(default=300, ge=1)
    guest_reads_per_minute: int = Field(default=1200, ge=1)
    guest_reports_per_hour: int = Field(default=20, ge=1)
    event_memory_seconds: float = Field(default=1.0, ge=0)
    reconcile_seconds: float = Field(default=10.0, gt=0)
    decode_timeout_seconds: float = Field(default=40.0, gt=0)
