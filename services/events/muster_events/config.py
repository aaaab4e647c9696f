"""Settings of the events service."""

from muster_shared.settings import Secret, Settings


class EventsSettings(Settings):
    """Beyond the common ones: the secret of capability links, and what the pages and webhooks need.

    `cdn_distribution_id` unset: there is no CDN to tell of a new page. `webhook_key` unset: a key derived from
    `cache_secret` encrypts the webhooks' secrets. `webhook_allow_private` is for tests and local trials.
    """

    link_secret: Secret
    media_url: str = "http://127.0.0.1:8004"
    cdn_distribution_id: str | None = None
    webhook_key: Secret | None = None
    webhook_allow_private: bool = False
