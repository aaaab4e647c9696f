"""Demo data: `make demo`. An operator's week, made through the public API as its users would.

A charter company with a manager, a roster, charters that are over, running and to come, crew who said yes, no and
nothing, guests' photos; a removal firm's job; a public meetup with attendees. Prints how to sign in.
"""

import os
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import requests
from PIL import Image, ImageDraw, ImageFilter

PASSWORD = "sunny harbour 42"
OWNER = ("Olga Marinou", "olga@blueharbour.example.com")
MANAGER = ("Petros Vlachos", "petros@blueharbour.example.com")
ATHENS, BERLIN = ZoneInfo("Europe/Athens"), ZoneInfo("Europe/Berlin")
_TIMEOUT_SECONDS = 20
_WAIT_SECONDS = 40


class DemoFailed(Exception):
    """The data could not be made; the text is one line that says at which step."""


@dataclass
class Client:
    """Somebody who uses the public origin."""

    origin: str
    token: str | None = None
    http: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, body: Any = None, **rest: Any) -> Any:
        """The JSON of the answer, None when it is empty. Raises `DemoFailed` for an error."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= rest.pop("headers", {})
        url = path if path.startswith("http") else self.origin + path
        try:
            answer = self.http.request(method, url, json=body, headers=headers, timeout=_TIMEOUT_SECONDS, **rest)
        except requests.RequestException as error:
            raise DemoFailed(f"{method} {path}: no answer ({type(error).__name__})") from error
        if answer.status_code >= 400:
            raise DemoFailed(f"{method} {path.split('?')[0]}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content and "json" in answer.headers.get("Content-Type", "") else None

    def link_in_mail(self, address: str, path: str) -> str:
        """The newest link to `path` in the mails to `address`, once there is one."""

        def found() -> str | None:
            mails = self.call("GET", f"/api/notifications/outbox?to={address}&limit=20")["items"]
            links = [
                re.search(r"https?://\S*" + re.escape(path) + r"[^\s\"<>)]+", mail["text"] or "") for mail in mails
            ]
            return next((link[0] for link in links if link), None)

        return str(wait_for(found, what=f"the mail with {path}"))


def wait_for(found: Callable[[], Any], *, what: str) -> Any:
    """What `found` gives once it gives something. Raises `DemoFailed` after a while."""
    end = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < end:
        if (result := found()) is not None:
            return result
        time.sleep(0.1)
    raise DemoFailed(f"{what} did not come")


def account(origin: str, who: tuple[str, str]) -> Client:
    """Registers, verifies, signs in."""
    client, (name, address) = Client(origin), who
    client.call("POST", "/api/auth/register", {"name": name, "email": address, "password": PASSWORD})
    link = client.link_in_mail(address, "/verify-email?token=")
    client.call("POST", "/api/auth/verify-email", {"token": link.split("token=")[1]})
    client.token = client.call("POST", "/api/auth/login", {"email": address, "password": PASSWORD})["access_token"]
    return client


def picture(number: int, size: tuple[int, int] = (2000, 1500)) -> bytes:
    """A JPEG of sea and sky, another for every number."""
    horizon, hue = size[1] * (4 + number % 3) // 9, (37 * number) % 90
    image = Image.new("RGB", size, (110 + hue, 165, 215))
    pencil = ImageDraw.Draw(image)
    for row in range(horizon):
        shade = row * 90 // max(horizon, 1)
        pencil.line([(0, row), (size[0], row)], fill=(90 + hue + shade // 2, 140 + shade // 2, 235 - shade))
    pencil.rectangle([0, horizon, *size], fill=(20, 70 + hue // 2, 120 + hue // 3))
    sun = 200 + (number * 317) % (size[0] - 400)
    pencil.ellipse([sun - 90, horizon - 260, sun + 90, horizon - 80], fill=(255, 226, 150))
    image = image.filter(ImageFilter.GaussianBlur(6))
    pencil, boat = ImageDraw.Draw(image), (number * 523) % (size[0] - 700) + 300
    pencil.polygon(
        [
            (boat - 140, horizon + 60),
            (boat + 160, horizon + 60),
            (boat + 100, horizon + 120),
            (boat - 100, horizon + 120),
        ],
        fill=(250, 250, 250),
    )
    pencil.polygon([(boat, horizon + 50), (boat, horizon - 260), (boat + 130, horizon + 50)], fill=(245, 240, 230))
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=82)
    return buffer.getvalue()


def add_photo(origin: str, code: str, number: int) -> None:
    """A guest's photo, straight to the store."""
    guest, data = Client(origin), picture(number)
    name = f"IMG_{4200 + number}.jpg"
    body = {"filename": name, "content_type": "image/jpeg", "size": len(data), "name": "Anna"}
    intent = guest.call("POST", f"/api/media/guest/{code}/uploads", body)
    sent = requests.post(
        intent["upload"]["url"],
        data=intent["upload"]["fields"],
        files={"file": (name, data, "image/jpeg")},
        timeout=_TIMEOUT_SECONDS,
    )
    if sent.status_code >= 400:
        raise DemoFailed(f"a photo was refused by the store: {sent.status_code}")


def at(days: int, hour: int, zone: ZoneInfo, minute: int = 0) -> str:
    """An hour of a day from today, in `zone`, with its offset."""
    day = datetime.now(zone) + timedelta(days=days)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0).isoformat()


ROSTER = [
    ("Kostas Andreou", "kostas", ["captain", "diving"]),
    ("Dora Pappa", "dora", ["deckhand"]),
    ("Stelios Nikas", "stelios", ["steward", "cook"]),
    ("Maria Lekka", "maria", ["captain"]),
    ("Yannis Rallis", "yannis", ["deckhand", "engineer"]),
    ("Eleni Sarri", "eleni", ["steward"]),
]
CHARTERS: list[dict[str, Any]] = [
    {
        "title": "Sunset charter to Aegina",
        "description": "Three hours under sail, a swim in the bay of Moni, supper on board.",
        "starts_at": at(0, 17, ATHENS),
        "duration_minutes": 240,
        "crew": [("kostas", "captain"), ("dora", "deckhand"), ("stelios", "steward")],
        "revenue": 1_450_00,
        "captain_fee": 220_00,
    },
    {
        "title": "Day trip to Poros",
        "description": "Out in the morning, lunch ashore, home by dusk.",
        "starts_at": at(1, 9, ATHENS),
        "duration_minutes": 600,
        "crew": [("maria", "captain"), ("yannis", "deckhand"), ("eleni", "steward")],
        "revenue": 2_900_00,
        "captain_fee": 350_00,
    },
    {
        "title": "Engagement on the water",
        "description": "Two guests, one question, a bottle on ice.",
        "starts_at": at(3, 18, ATHENS, 30),
        "duration_minutes": 150,
        "crew": [("kostas", "captain"), ("yannis", "deckhand")],
        "revenue": 980_00,
        "captain_fee": 180_00,
    },
    {
        "title": "Three islands, three days",
        "description": "Hydra, Spetses, Dokos.",
        "starts_at": at(6, 8, ATHENS),
        "duration_minutes": 60 * 60,
        "crew": [("maria", "captain"), ("dora", "deckhand"), ("stelios", "cook")],
        "revenue": 8_700_00,
        "captain_fee": 1_200_00,
    },
]
ANSWERS = {"Sunset charter to Aegina": ["confirm", "confirm", None], "Day trip to Poros": ["confirm", "decline", None]}


def make_charters(origin: str, owner: Client, org_id: str) -> None:
    """The roster, the charters, what the crew answered, and the guests' photos of the first."""
    roster = {}
    for name, short, skills in ROSTER:
        body = {"org_id": org_id, "name": name, "email": f"{short}@crew.example.com", "skills": skills}
        roster[short] = owner.call("POST", "/api/crew", body)["id"]
    for number, charter in enumerate(CHARTERS):
        fees = [{"name": "Fuel", "amount": 120_00}, {"name": "Berth", "amount": 45_00}]
        made = owner.call(
            "POST",
            "/api/events",
            {
                "org_id": org_id,
                "kind": "charter",
                **{key: charter[key] for key in ("title", "description", "starts_at", "duration_minutes")},
                "timezone": "Europe/Athens",
                "visibility": "private",
                "venue": {
                    "type": "in_person",
                    "name": "Marina Zeas, pier 4",
                    "address": "Akti Moutsopoulou 1, Piraeus",
                },
                "crew_notes": "Blue jackets. Be on board half an hour before.",
                "booking_ref": f"BH-{2041 + number}",
                "crew": [{"crew_member_id": roster[short], "role": role} for short, role in charter["crew"]],
                "finance": {
                    "currency": "EUR",
                    "revenue": charter["revenue"],
                    "captain_fee": charter["captain_fee"],
                    "fees": fees,
                    "internal_memo": "Deposit paid.",
                },
                "publish": True,
            },
        )
        answer_for(owner, charter, ANSWERS.get(charter["title"], []))
        if number == 0:
            add_gallery(origin, made)


def answer_for(owner: Client, charter: dict[str, Any], answers: list[str | None]) -> None:
    """The crew press their buttons, each from their own mail."""
    for (short, _role), answer in zip(charter["crew"], answers, strict=False):
        if answer is None:
            continue
        link = owner.link_in_mail(f"{short}@crew.example.com", "/c/")
        body = {"reason": "My sister marries that day"} if answer == "decline" else {}
        Client(owner.origin).call("POST", f"{link}/{answer}", body, headers={"Accept": "application/json"})


def add_gallery(origin: str, event: dict[str, Any]) -> None:
    """Six photos of guests, and waits until they can be seen."""
    code = event["guest_page"]["code"]
    guest = Client(origin)

    def known() -> bool | None:
        answer = guest.http.get(f"{origin}/api/media/guest/{code}", timeout=_TIMEOUT_SECONDS)
        return True if answer.status_code == 200 else None

    wait_for(known, what="the guest page")
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda number: add_photo(origin, code, number), range(6)))

    def shown() -> bool | None:
        items = guest.call("GET", f"/api/media/guest/{code}/photos")["items"]
        return True if sum(item["status"] == "ready" for item in items) >= 6 else None

    wait_for(shown, what="the photos")


def make_removals(owner: Client, org_id: str) -> None:
    """A removal firm: one job tomorrow with a driver."""
    driver = owner.call(
        "POST",
        "/api/crew",
        {"org_id": org_id, "name": "Jonas Brandt", "email": "jonas@crew.example.com", "skills": ["driver"]},
    )
    owner.call(
        "POST",
        "/api/events",
        {
            "org_id": org_id,
            "kind": "job",
            "title": "Clear the cellar, Lindenstraße 12",
            "starts_at": at(1, 8, BERLIN),
            "duration_minutes": 240,
            "timezone": "Europe/Berlin",
            "visibility": "private",
            "venue": {"type": "in_person", "name": "Lindenstraße 12", "address": "Lindenstraße 12, 10969 Berlin"},
            "crew_notes": "Key at the neighbour's, second floor. Photos before and after.",
            "crew": [{"crew_member_id": driver["id"], "role": "driver"}],
            "finance": {"currency": "EUR", "revenue": 480_00, "captain_fee": 0, "internal_memo": ""},
            "publish": True,
        },
    )


MEETUPS = [
    ("Sailing club evening: knots and maps", "sailing", 2, 19, 40),
    ("Harbour clean-up", "volunteering", 5, 10, 120),
    ("Winter storage: how to lay up a boat", "sailing", 12, 18, 25),
]


def make_meetups(origin: str, owner: Client, org_id: str) -> None:
    """Public meetups, and people who registered for the first with only an address."""
    for number, (title, category, days, hour, capacity) in enumerate(MEETUPS):
        event = owner.call(
            "POST",
            "/api/events",
            {
                "org_id": org_id,
                "kind": "meetup",
                "title": title,
                "description": "Everybody is welcome. Doors open half an hour before.",
                "category": category,
                "starts_at": at(days, hour, ATHENS),
                "duration_minutes": 120,
                "timezone": "Europe/Athens",
                "visibility": "public",
                "venue": {"type": "in_person", "name": "Club house", "address": "Mikrolimano, Piraeus"},
                "capacity": capacity,
                "publish": True,
            },
        )
        if number == 0:
            for name in ("Anna Keller", "Ben Okafor", "Chloé Martin"):
                body = {"name": name, "email": f"{name.split()[0].lower()}@guests.example.com"}
                Client(origin).call("POST", f"/api/events/{event['id']}/registrations", body)


def make(origin: str) -> str:
    """Makes it all; returns what to tell the person."""
    owner = account(origin, OWNER)
    harbour = owner.call("POST", "/api/organizations", {"name": "Blue Harbour Charters"})["id"]
    removals = owner.call("POST", "/api/organizations", {"name": "Swift Removals"})["id"]
    invitation = {"email": MANAGER[1], "role": "manager"}
    owner.call("POST", f"/api/organizations/{harbour}/invitations", invitation)
    manager = account(origin, MANAGER)
    link = owner.link_in_mail(MANAGER[1], "/invitations?token=")
    manager.call("POST", f"/api/organizations/{harbour}/invitations/accept", {"token": link.split("token=")[1]})
    make_charters(origin, owner, harbour)
    make_removals(owner, removals)
    make_meetups(origin, owner, harbour)
    return f"owner: {OWNER[1]}, manager: {MANAGER[1]}, password of both: {PASSWORD}"


def main() -> int:
    """The command."""
    origin = os.environ.get("MUSTER_PUBLIC_ORIGIN") or f"http://localhost:{os.environ.get('MUSTER_PORT', '8080')}"
    try:
        summary = make(origin)
    except DemoFailed as error:
        sys.stderr.write(f"muster: the demo data was not made: {error}\n")
        return 1
    sys.stdout.write(summary + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
