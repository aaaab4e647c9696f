"""Sample data for previews: one made-up event and its people."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from muster_notifications.templates.registry import TEMPLATES, Audience, Link

_EVENT = UUID("01980000-0000-7000-8000-000000000001")
_ORGANIZATION = UUID("01980000-0000-7000-8000-000000000002")
ORGANIZATION = "Harbour Charters"
PERSON = "Ines Duarte"
_STARTS = datetime(2027, 6, 5, 7, 0, tzinfo=UTC)


def _event(*, starts_at: datetime = _STARTS, pier: str = "Pier 4") -> dict[str, Any]:
    return {
        "event_id": str(_EVENT),
        "org_id": str(_ORGANIZATION),
        "version": 3,
        "kind": "charter",
        "status": "published",
        "visibility": "public",
        "title": "Sunset charter around the bay",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=4)).isoformat(),
        "timezone": "Europe/Lisbon",
        "venue": {"type": "in_person", "name": pier, "address": "Doca de Alcântara, Lisbon", "url": None},
        "ics_sequence": 2,
    }


def context(name: str) -> dict[str, Any]:
    """What a delivery of template `name` would hold."""
    template = TEMPLATES[name]
    if template.audience is Audience.ACCOUNT:
        variables = {
            "invitation": {"inviter": "Rui Castro", "role": "manager"},
            "totp_changed": {"state": "on"},
            "refresh_reuse": {"device": "Firefox on Linux"},
        }
        return {"variables": variables.get(name, {})}
    held: dict[str, Any] = {"event": _event()}
    if template.audience is Audience.CREW:
        held |= {
            "role": "captain",
            "notes": "Boarding at 07:30 by the green gate.\nLife jackets are aboard.",
            "others": ["Ana Lopes (deckhand)", "Tom Reid (cook)"],
            "reason": "removed" if name == "crew_released" else "assigned",
        }
        if name == "crew_changed":
            held |= {"before": _event(starts_at=_STARTS - timedelta(hours=2), pier="Pier 2"), "asks_again": True}
    if template.audience is Audience.PLANNER:
        held |= {
            "crew_name": "Ana Lopes",
            "role": "deckhand",
            "reason": "I am away that week." if name == "planner_declined" else "",
        }
    if template.audience is Audience.ATTENDEE:
        held |= {"position": 3 if name == "registration_waitlisted" else None}
    return held


def link(name: str, origin: str) -> str | None:
    """An address of the right shape that opens nothing."""
    paths = {
        Link.NONE: None,
        Link.CALL_SHEET: "/c/preview",
        Link.REGISTRATION: "/registrations/preview",
        Link.DASHBOARD_EVENT: f"/events/{_EVENT}",
        Link.SIGN_IN: "/sign-in",
        Link.FORGOT_PASSWORD: "/forgot-password",
        Link.VERIFY_EMAIL: "/verify-email?token=preview",
        Link.RESET_PASSWORD: "/reset-password?token=preview",
        Link.INVITATION: "/invitations?token=preview",
    }
    path = paths[TEMPLATES[name].link]
    return None if path is None else origin + path
