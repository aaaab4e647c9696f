"""The services as the dashboard meets them, with the week of `data` in them."""

from __future__ import annotations

from typing import Any

from services.dashboard.tests import data
from services.dashboard.tests.site import Call, Reply, Site

ORG = data.ORG["id"]
EVENT = data.EVENT_ID
NOTHING = Reply(None, status=204)


def serve(site: Site) -> Site:
    """Everything that a page asks for when it is opened."""
    site.on(
        "GET",
        r"/p/(?P<number>\d+)/\w+\.jpg",
        lambda call, number: Reply(data.jpeg(int(number)), headers={"Content-Type": "image/jpeg"}),
    )
    site.on("POST", "/api/auth/browser/refresh", Reply({"access_token": "token", "id_token": "id", "expires_in": 600}))
    site.on("POST", "/api/auth/browser/login", Reply({"access_token": "token", "id_token": "id", "expires_in": 600}))
    site.on("POST", "/api/auth/browser/logout", NOTHING)
    _account(site)
    _organisation(site)
    _events(site)
    _public(site)
    _deliveries(site)
    _calendar(site)
    return site


def _account(site: Site) -> None:
    site.on("GET", "/api/auth/me", Reply(data.ME))
    sessions = [
        {
            "id": "s1",
            "device": "Firefox on Linux",
            "address": "192.0.2.7",
            "kind": "browser",
            "created_at": data.at(-200),
            "last_used_at": data.at(0),
            "expires_at": data.at(99),
            "current": True,
        },
        {
            "id": "s2",
            "device": "Safari on iPhone",
            "address": "192.0.2.0",
            "kind": "browser",
            "created_at": data.at(-90),
            "last_used_at": data.at(-5),
            "expires_at": data.at(99),
            "current": False,
        },
    ]
    site.on("GET", "/api/auth/sessions", Reply(data.page(sessions)))
    site.on("DELETE", "/api/auth/sessions.*", NOTHING)
    site.on("GET", "/api/auth/totp", Reply({"enabled": False, "recovery_codes_left": 0, "recommended": True}))
    square = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M1 1h6v6h-6z"/></svg>'
    site.on(
        "POST", "/api/auth/totp", Reply({"secret": "JBSWY3DPEHPK3PXP", "uri": "otpauth://totp/x", "qr_svg": square})
    )
    site.on("POST", "/api/auth/totp/confirm", Reply({"recovery_codes": [f"abcd-{number:04d}" for number in range(10)]}))
    site.on("POST", "/api/auth/(register|password/forgot)", Reply({}, status=202))
    site.on("POST", "/api/auth/(verify-email|password/reset|password/change)", NOTHING)


def _organisation(site: Site) -> None:
    base = f"/api/organizations/{ORG}"
    site.on("GET", "/api/organizations", Reply(data.page([{**data.ORG, "settings": {"remind_after_hours": 24}}])))
    members = [
        {
            "user_id": data.ME["id"],
            "name": data.ME["name"],
            "email": data.ME["email"],
            "role": "owner",
            "totp_enabled": True,
            "joined_at": data.at(-900),
        },
        {
            "user_id": "u2",
            "name": "Nikos Andreou",
            "email": "nikos@example.com",
            "role": "manager",
            "totp_enabled": False,
            "joined_at": data.at(-30),
        },
    ]
    site.on("GET", f"{base}/members", Reply(data.page(members)))
    invitations = [
        {
            "id": "i1",
            "email": "sofia@example.com",
            "role": "manager",
            "created_at": data.at(-2),
            "expires_at": data.at(160),
        }
    ]
    site.on("GET", f"{base}/invitations", Reply(data.page(invitations)))
    keys = [
        {
            "id": "k1",
            "name": "Booking site",
            "scopes": ["events:read", "events:write", "finance:write"],
            "status": "live",
            "created_at": data.at(-99),
            "expires_at": data.at(9000),
            "revoked_at": None,
            "last_used_at": data.at(-1),
        },
        {
            "id": "k2",
            "name": "Old site",
            "scopes": ["events:read"],
            "status": "revoked",
            "created_at": data.at(-999),
            "expires_at": data.at(900),
            "revoked_at": data.at(-50),
            "last_used_at": None,
        },
    ]
    site.on("GET", f"{base}/service-keys", Reply(data.page(keys)))
    site.on(
        "POST",
        f"{base}/service-keys",
        lambda call: Reply(
            {**keys[0], "id": "k3", "name": call.json["name"], "key": "msk_0198a000_" + "x" * 43}, status=201
        ),
    )
    entries = [
        {
            "id": f"e{number}",
            "occurred_at": data.at(-number),
            "service": "auth",
            "actor_kind": "user",
            "actor_id": "u",
            "actor_name": "Ada Lindqvist",
            "action": action,
            "target_kind": "key",
            "target_id": None,
            "changes": changes,
            "request_id": "r",
        }
        for number, (action, changes) in enumerate(
            [
                ("service_key.created", {"name": "Booking site"}),
                ("member.role_changed", {"role": "owner"}),
                ("organization.changed", {"fields": ["settings.reply_to"]}),
                ("crew_member.removed", {}),
                ("photo.approved", {"event_id": data.EVENT_ID}),
            ]
        )
    ]
    site.on("GET", f"{base}/audit", Reply(data.page(entries)))
    site.on(
        "POST",
        "/api/organizations/invitations/preview",
        Reply(
            {
                "org_id": ORG,
                "organization": data.ORG["name"],
                "role": "manager",
                "email": "sofia@example.com",
                "inviter": "Ada Lindqvist",
                "expires_at": data.at(99),
            }
        ),
    )
    site.on("POST", "/api/organizations/invitations/accept", Reply({**data.ORG, "settings": {}}))


def roster() -> list[dict[str, Any]]:
    names = [
        ("Kostas Papadakis", ["Captain"]),
        ("Maria Nikolaou", ["Deckhand", "Diver"]),
        ("Jonas Weber", ["Deckhand"]),
        ("Eleni Georgiou", []),
        ("Tom Byrne", ["Host"]),
        ("Yiannis Makris", ["Driver"]),
    ]
    return [
        {
            "id": f"0198a000-0000-7000-8000-00000000c{number:03d}",
            "org_id": ORG,
            "name": name,
            "email": f"{name.split()[0].lower()}@example.com",
            "phone": "+30 210 0000000",
            "skills": skills,
            "language": "en",
            "notes": "",
            "version": 1,
            "created_at": data.at(-9),
            "updated_at": data.at(-9),
        }
        for number, (name, skills) in enumerate(names, start=1)
    ]


def _events(site: Site) -> None:
    site.on("GET", "/api/events/mine", Reply(data.page(data.week(), "more")))
    site.on("GET", f"/api/events/{EVENT}", lambda call: Reply(data.event(), headers={"ETag": '"v4"'}))
    site.on(
        "GET",
        f"/api/events/{EVENT}/finance",
        Reply(
            {
                "currency": "EUR",
                "revenue": 184_000,
                "fees": [{"name": "Fuel", "amount": 21_500}],
                "captain_fee": 30_000,
                "net": 132_500,
                "internal_memo": "Deposit paid.",
            }
        ),
    )
    photos = [data.photo(number, site.media_origin) for number in range(5)]
    photos += [
        data.photo(6, site.media_origin, status="hidden", hidden_reason="reported"),
        data.photo(9, site.media_origin, status="hidden", hidden_reason="moderation"),
        data.photo(7, site.media_origin, status="processing", thumbnail_url=None, url=None, urls_expire_at=None),
        data.photo(
            8,
            site.media_origin,
            status="rejected",
            reason="This file is not the picture it says it is.",
            thumbnail_url=None,
            url=None,
            urls_expire_at=None,
        ),
    ]
    site.on("GET", "/api/media/photos", Reply(data.page(photos)))
    site.on("GET", "/api/crew", Reply(data.page(roster())))


def _public(site: Site) -> None:
    hidden = {"crew", "crew_notes", "booking_ref", "guest_page", "photo_policy", "cancel_reason"}
    shown = [
        {name: value for name, value in each.items() if name not in hidden}
        for each in data.week()
        if each["status"] == "published"
    ]
    shown[0]["questions"] = [
        {"id": "diet", "label": "Any food you avoid?", "type": "text", "required": False, "options": []},
        {
            "id": "swim",
            "label": "How well do you swim?",
            "type": "choice",
            "required": True,
            "options": ["Well", "A little"],
        },
    ]
    site.on("GET", "/api/events", lambda call: Reply(data.page([] if call.query.get("q") == ["nothing"] else shown)))
    site.on("GET", "/api/events/0198-public", Reply(shown[0]))
    ticket = {"code": "T7QX-2MKD", "qr_svg_url": "/favicon.svg"}
    confirmed = {
        "id": "r1",
        "status": "confirmed",
        "position": None,
        "ticket": ticket,
        "name": "Nadia",
        "email": "nadia@example.com",
        "event": shown[0],
    }
    site.on("POST", f"/api/events/{EVENT}/registrations", Reply(confirmed, status=201))
    site.on("GET", "/api/events/registered", Reply(data.page([confirmed])))
    site.on("GET", "/api/events/registrations/tok", Reply(confirmed))


def _deliveries(site: Site) -> None:
    names = [
        ("crew_invitation", "kostas@example.com", "delivered"),
        ("crew_invitation", "tom@example.com", "bounced"),
        ("crew_reminder", "maria@example.com", "sent"),
    ]
    mails = [
        {
            "id": f"d{number}",
            "template": template,
            "recipient": to,
            "recipient_name": "",
            "status": status,
            "reason": "mailbox_unknown" if status == "bounced" else None,
            "event_id": EVENT,
            "assignment_id": None,
            "created_at": data.at(-3),
            "sent_at": data.at(-3),
            "delivered_at": None,
            "opened_by_machine_at": None,
            "acted_at": None,
        }
        for number, (template, to, status) in enumerate(names)
    ]
    steps: list[tuple[str, dict[str, Any]]] = [
        ("queued", {}),
        ("sent", {"attempt": 1}),
        ("bounced", {"reason": "mailbox_unknown"}),
        ("opened_by_machine", {}),
    ]
    trace = [{"at": data.at(-3), "kind": kind, "detail": detail} for kind, detail in steps]
    site.on("GET", "/api/notifications", Reply(data.page(mails)))

    def one(call: Call, mail_id: str) -> Reply:
        return Reply(
            {**next(mail for mail in mails if mail["id"] == mail_id), "trace": trace, "attempts": 1, "can_resend": True}
        )

    site.on("GET", r"/api/notifications/(?P<mail_id>d\d)", one)


def _calendar(site: Site) -> None:
    shared = {"org_id": ORG, "notes": "", "timezone": "Europe/Athens"}
    entries = [
        {
            **shared,
            "id": f"c{number}",
            "type": "event",
            "event_id": each["id"],
            "location": "Marina Zeas",
            **{name: each[name] for name in ("title", "starts_at", "ends_at", "status")},
        }
        for number, each in enumerate(data.week())
    ]
    haul_out = {
        "id": "c9",
        "type": "entry",
        "event_id": None,
        "title": "Haul-out",
        "location": "",
        "status": "entry",
        "starts_at": data.at(210),
        "ends_at": data.at(215),
    }
    site.on("GET", "/api/calendar/entries", Reply(data.page([*entries, {**shared, **haul_out}])))
    feed = {"id": "f1", "kind": "organization", "org_id": ORG, "label": "", "created_at": data.at(-99)}
    site.on("GET", "/api/calendar/feeds", Reply(data.page([feed])))
    site.on(
        "POST",
        "/api/calendar/feeds",
        Reply({**feed, "url": f"{site.origin}/calendar/x.ics", "webcal_url": "webcal://x"}, status=201),
    )
    attendees = [
        {
            "id": f"r{number}",
            "status": status,
            "name": name,
            "email": f"{name.lower()}@example.com",
            "answers": {"swim": "Well"},
            "ticket_code": "T",
            "queue_number": number,
            "created_at": data.at(-9),
            "promoted_at": None,
            "cancelled_at": None,
            "checked_in_at": data.at(-1) if number == 1 else None,
            "checked_in_by": "Ada" if number == 1 else None,
        }
        for number, (name, status) in enumerate(
            [("Nadia", "confirmed"), ("Ben", "confirmed"), ("Chloe", "waitlisted"), ("Dan", "cancelled")]
        )
    ]
    site.on("GET", f"/api/events/{EVENT}/registrations", Reply(data.page(attendees)))
    link = {
        "id": "l1",
        "label": "Front entrance",
        "created_at": data.at(-2),
        "expires_at": data.at(90),
        "revoked_at": None,
    }
    site.on("GET", f"/api/events/{EVENT}/staff-links", Reply(data.page([link])))
    hook = {
        "id": "w1",
        "org_id": ORG,
        "url": "https://example.com/hook",
        "types": ["event.created"],
        "description": "",
        "created_at": data.at(-9),
    }
    site.on("GET", "/api/events/webhooks", Reply(data.page([{**hook, "disabled_at": None, "disabled_reason": None}])))
