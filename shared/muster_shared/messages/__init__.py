"""Every message type of Muster; `routing.json` says which services' queues each goes to."""

from muster_shared.messages import auth, events, media, notifications

__all__ = ["auth", "events", "media", "notifications"]
