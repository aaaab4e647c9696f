"""A week at a small charter company, as the services would tell it."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image

ORG = {
    "id": "0198a000-0000-7000-8000-000000000001",
    "name": "Blue Harbour Charters",
    "slug": "blue-harbour",
    "role": "owner",
}
ME = {
    "id": "0198a000-0000-7000-8000-0000000000aa",
    "name": "Ada Lindqvist",
    "email": "ada@example.com",
    "email_verified": True,
    "totp_enabled": False,
}
EVENT_ID = "0198a000-0000-7000-8000-0000000000e1"


def at(hours: float) -> str:
    """An instant so many hours from now, on the full hour, as the services write it."""
    moment = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)
    return moment.isoformat().replace("+00:00", "Z")


def page(items: list[Any], cursor: str | None = None) -> dict[str, Any]:
    return {"items": items, "next_cursor": cursor}


def assignment(number: int, name: str, role: str, status: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"0198a000-0000-7000-8000-00000000a{number:03d}",
        "crew_member": {"id": f"0198a000-0000-7000-8000-00000000c{number:03d}", "name": name},
        "role": role,
        "status": status,
        "delivery": "delivered",
        "responded_at": None,
        "decline_reason": None,
        "clashes": [],
        "standby_rank": None,
        "field_status": None,
        "worked_minutes": None,
        **more,
    }


CREW = [
    assignment(1, "Kostas Papadakis", "Captain", "confirmed", responded_at=at(-3)),
    assignment(2, "Maria Nikolaou", "Deckhand", "invited"),
    assignment(
        3,
        "Jonas Weber",
        "Deckhand",
        "declined",
        responded_at=at(-1),
        decline_reason="I am at my sister's wedding that weekend.",
    ),
    assignment(4, "Eleni Georgiou", "Deckhand", "standby", delivery=None),
    assignment(
        5,
        "Tom Byrne",
        "Host",
        "invited",
        delivery="bounced",
        clashes=[
            {
                "event_id": "0198a000-0000-7000-8000-0000000000e9",
                "title": "Morning sail to Aegina",
                "starts_at": at(46),
                "ends_at": at(50),
            }
        ],
    ),
]


def event(**more: Any) -> dict[str, Any]:
    return {
        "id": EVENT_ID,
        "org_id": ORG["id"],
        "kind": "charter",
        "status": "published",
        "title": "Sunset charter to Poros",
        "organizer": {"name": "Blue Harbour Charters", "slug": "blue-harbour"},
        "questions": [],
        "cancel_reason": None,
        "photo_policy": {
            "open_before_hours": None,
            "close_after_hours": 336,
            "reveal_at": None,
            "moderated": False,
            "guest_quota": 500,
        },
        "description": "Three hours along the coast, a swim stop, and dinner in the harbour.",
        "category": "sailing",
        "visibility": "public",
        "starts_at": at(48),
        "ends_at": at(51),
        "timezone": "Europe/Athens",
        "venue": {
            "type": "in_person",
            "name": "Marina Zeas, pier 4",
            "address": "Akti Moutsopoulou 1, Piraeus",
            "url": None,
        },
        "capacity": 12,
        "registered_count": 9,
        "waitlisted_count": 0,
        "banner_url": None,
        "booking_ref": "BH-2041",
        "crew_notes": "Bring the spare life vests. Guests include two children.",
        "guest_page": {
            "code": "K7QM2XWD",
            "slug": "sunset-poros",
            "url": "/g/K7QM2XWD",
            "qr_svg_url": "/qr.svg",
            "enabled": True,
        },
        "crew": CREW,
        "version": 4,
        "created_at": at(-200),
        "updated_at": at(-2),
        **more,
    }


def week() -> list[dict[str, Any]]:
    """The events of the list page."""
    confirmed = [assignment(1, "Kostas Papadakis", "Captain", "confirmed")]
    return [
        event(),
        event(
            id=EVENT_ID[:-1] + "2",
            title="Attic clearance, Kifissia",
            kind="job",
            starts_at=at(70),
            ends_at=at(74),
            crew=confirmed,
        ),
        event(
            id=EVENT_ID[:-1] + "3",
            title="Harbour photographers' meetup: long exposures after dark, with tripods",
            kind="meetup",
            starts_at=at(98),
            ends_at=at(100),
            crew=[],
        ),
        event(
            id=EVENT_ID[:-1] + "4",
            title="Full-day charter to Hydra",
            starts_at=at(140),
            ends_at=at(150),
            status="draft",
            crew=[],
        ),
        event(
            id=EVENT_ID[:-1] + "5",
            title="Corporate regatta",
            starts_at=at(190),
            ends_at=at(200),
            status="cancelled",
            timezone="America/New_York",
            crew=[],
        ),
    ]


def photo(number: int, media_origin: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"0198a000-0000-7000-8000-0000000f{number:04d}",
        "status": "ready",
        "reason": None,
        "hidden_reason": None,
        "name": f"IMG_{2040 + number}.jpg",
        "purpose": "photo",
        "width": 4000,
        "height": 3000,
        "size": 4_200_000,
        "sha256": None,
        "uploaded_by": {"type": "guest", "name": "Nadia"},
        "taken_at": None,
        "created_at": at(-1),
        "caption": None,
        "thumbnail_url": f"{media_origin}/p/{number}/thumb.jpg?sig=a",
        "url": f"{media_origin}/p/{number}/web.jpg?sig=a",
        "urls_expire_at": at(1),
        **more,
    }


def jpeg(number: int = 0, *, width: int = 320, height: int = 320) -> bytes:
    """A small picture, another one for each number."""
    sky = Image.linear_gradient("L").resize((width, height))
    hues = [(255, 170, 90), (90, 160, 220), (240, 120, 110), (120, 190, 150), (190, 150, 230)]
    tint = Image.new("RGB", (width, height), hues[number % len(hues)])
    deep = Image.new("RGB", (width, height), (10, 40, 70))
    held = io.BytesIO()
    Image.composite(deep, tint, sky).save(held, "JPEG", quality=80)
    return held.getvalue()
