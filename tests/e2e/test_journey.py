"""The whole journey: an operator, an integration, a crew, guests; through real parts, from the outside."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.photos import heic, jpeg_with_position, metadata_of, png, size_of
from tests.e2e.user import Mail, Visitor, fresh_address, sign_up, until

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(300)]

REVENUE, CAPTAIN_FEE = 123_457_89, 345_679_1


@dataclass
class Charter:
    """What the operator and the integration have made."""

    operator: Visitor
    integration: Visitor
    org_id: str
    event: dict[str, Any]
    addresses: list[str]
    mails_seconds: float


def make_charter(base_url: str) -> Charter:
    """An operator signs up, makes an organisation and a key; an integration with the key makes a charter."""
    operator = sign_up(base_url, name="Olga Operator", address=fresh_address("olga"))
    organization = operator.post("/api/organizations", {"name": f"Blue Harbour {uuid4().hex[:6]}"})
    org_id = organization["id"]
    assert organization["role"] == "owner"
    scopes = ["events:read", "events:write", "finance:write", "finance:read", "crew:read", "crew:write"]
    scopes += ["calendar:write", "media:read", "media:write", "notifications:read"]
    made = operator.post(f"/api/organizations/{org_id}/service-keys", {"name": "booking engine", "scopes": scopes})
    assert re.fullmatch(r"msk_[0-9a-f]{32}_[A-Za-z0-9_-]{43}", made["key"])
    integration = Visitor(base_url, key=made["key"])

    people = [("Kostas Captain", "captain"), ("Dora Deckhand", "deckhand"), ("Stelios Steward", "steward")]
    addresses = [fresh_address(name.split()[0].lower()) for name, _ in people]
    crew = [
        integration.post("/api/crew", {"name": name, "email": address, "skills": [role]}, expect=201)
        for (name, role), address in zip(people, addresses, strict=True)
    ]
    starts_at = (datetime.now(UTC) + timedelta(hours=3)).replace(microsecond=0)
    body = {
        "kind": "charter",
        "title": "Sunset charter to Aegina",
        "description": "Three hours under sail.",
        "starts_at": starts_at.isoformat(),
        "duration_minutes": 180,
        "timezone": "Europe/Athens",
        "venue": {"type": "in_person", "name": "Marina Zeas, pier 4", "address": "Akti Moutsopoulou, Piraeus"},
        "crew_notes": "Bring the blue jackets.",
        "finance": {"currency": "EUR", "revenue": REVENUE, "captain_fee": CAPTAIN_FEE, "internal_memo": "pays late"},
        "crew": [
            {"crew_member_id": member["id"], "role": role} for member, (_, role) in zip(crew, people, strict=True)
        ],
        "publish": True,
    }
    began = time.monotonic()
    headers = {"Idempotency-Key": str(uuid4())}
    event = integration.post("/api/events", body, expect=201, headers=headers)
    again = integration.call("POST", "/api/events", json=body, expect=201, headers=headers)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json()["id"] == event["id"]
    for address in addresses:
        integration.mail_to(address, having="/c/")
    seconds = time.monotonic() - began
    return Charter(operator, integration, org_id, event, addresses, seconds)


@pytest.fixture(scope="module")
def charter(base_url: str) -> Charter:
    return make_charter(base_url)


def link_of(charter: Charter, number: int) -> str:
    """The magic link in a crew member's mail, as a path."""
    link = charter.integration.mail_to(charter.addresses[number], having="/c/").link("/c/")
    assert link.startswith(charter.integration.base_url)
    return link


def assignment_of(charter: Charter, number: int) -> dict[str, Any]:
    event = charter.operator.get(f"/api/events/{charter.event['id']}")
    assignment: dict[str, Any] = event["crew"][number]
    return assignment


def test_each_crew_member_gets_one_mail_when_the_charter_is_made(charter: Charter) -> None:
    print(f"three mails accepted within {charter.mails_seconds:.2f} s of the POST")
    for address in charter.addresses:
        mails = charter.integration.mails_to(address)
        assert len(mails) == 1
        assert "Sunset charter to Aegina" in mails[0].text
    links = {link_of(charter, number) for number in range(3)}
    assert len(links) == 3


def test_no_money_stands_anywhere_a_crew_member_or_guest_can_see(charter: Charter) -> None:
    texts = []
    for number, address in enumerate(charter.addresses):
        link = link_of(charter, number)
        texts.append(charter.integration.call("GET", link).text)
        texts.append(charter.integration.call("GET", "/api/crew/links/" + link.rsplit("/", 1)[1]).text)
        texts += [mail.text + mail.html + str(mail.headers) for mail in charter.integration.mails_to(address)]
    texts.append(guest_page(charter, charter.event["guest_page"]["code"]))
    texts.append(
        Visitor(charter.operator.base_url).call("GET", f"/api/media/guest/{charter.event['guest_page']['code']}").text
    )
    canaries = [str(REVENUE), str(CAPTAIN_FEE), "123,457", "123.457", "34,567", "34.567", "34567.91"]
    canaries += ["pays late", "revenue"]
    for text in texts:
        assert not [canary for canary in canaries if canary in text]
    finance = charter.operator.get(f"/api/events/{charter.event['id']}/finance")
    assert finance["revenue"] == REVENUE
    assert finance["net"] == REVENUE - CAPTAIN_FEE


def test_opening_changes_nothing_and_a_press_confirms(charter: Charter) -> None:
    link = link_of(charter, 0)
    visitor = Visitor(charter.operator.base_url)
    for method in ("HEAD", "GET", "GET", "GET", "HEAD"):
        page = visitor.call(method, link)
    page = visitor.call("GET", link)
    assert "Sunset charter to Aegina" in page.text
    assert "Bring the blue jackets." in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert assignment_of(charter, 0)["status"] == "invited"
    for _ in range(2):
        visitor.call("POST", f"{link}/confirm", expect=(200, 303), allow_redirects=False)
    confirmed = assignment_of(charter, 0)
    assert confirmed["status"] == "confirmed"
    assert confirmed["responded_at"]


def test_refusal_reaches_the_operator_with_its_reason(charter: Charter) -> None:
    link = link_of(charter, 1)
    visitor = Visitor(charter.operator.base_url)
    visitor.call("POST", f"{link}/decline", data={"reason": "My boat is in the yard"}, expect=(200, 303))
    declined = assignment_of(charter, 1)
    assert (declined["status"], declined["decline_reason"]) == ("declined", "My boat is in the yard")


def test_delivery_is_shown_beside_each_crew_member(charter: Charter) -> None:
    for number in range(3):
        until(
            lambda n=number: assignment_of(charter, n)["delivery"] in {"sent", "delivered"} or None,  # type: ignore[misc]
            what="the delivery to be known",
        )


def test_event_stands_in_the_calendar(charter: Charter) -> None:
    entries = charter.operator.get(
        "/api/calendar/entries", params={"org_id": charter.org_id, "from": charter.event["starts_at"]}
    )["items"]
    assert "Sunset charter to Aegina" in [entry["title"] for entry in entries]


def guest_page(charter: Charter, name: str) -> str:
    visitor = Visitor(charter.operator.base_url)

    def page() -> str | None:
        answer = visitor.call("GET", f"/g/{name}", expect=(200, 404))
        return answer.text if answer.status_code == 200 else None

    return until(page, what="the guest page")


def test_guest_page_stands_at_its_code_and_its_slug(charter: Charter) -> None:
    event = charter.operator.call("GET", f"/api/events/{charter.event['id']}")
    slug = f"aegina-{uuid4().hex[:8]}"
    charter.operator.call(
        "PATCH",
        f"/api/events/{charter.event['id']}",
        json={"guest_page": {"slug": slug}},
        headers={"If-Match": event.headers["ETag"]},
    )
    by_code = guest_page(charter, charter.event["guest_page"]["code"])
    by_slug = guest_page(charter, slug)
    assert "Sunset charter to Aegina" in by_code
    assert "Sunset charter to Aegina" in by_slug
    assert "Bring the blue jackets." not in by_code + by_slug


def upload(visitor: Visitor, code: str, *, name: str, kind: str, data: bytes) -> str:
    """Adds a photo as a guest's browser does: asks, then sends straight to S3."""
    asked = {"filename": name, "content_type": kind, "size": len(data)}
    intent = visitor.post(f"/api/media/guest/{code}/uploads", asked, expect=201)
    sent = visitor.call(
        "POST",
        intent["upload"]["url"],
        data=intent["upload"]["fields"],
        files={"file": (name, data, kind)},
        expect=(200, 201, 204),
    )
    assert visitor.base_url not in sent.url
    photo_id: str = intent["photo"]["id"]
    return photo_id


@pytest.fixture(scope="module")
def gallery(charter: Charter) -> list[dict[str, Any]]:
    """Three photos of a guest, once all are ready."""
    guest, code = Visitor(charter.operator.base_url), charter.event["guest_page"]["code"]
    until(
        lambda: guest.call("GET", f"/api/media/guest/{code}", expect=(200, 404)).status_code == 200 or None,
        what="the guest page's media",
    )
    ids = [
        upload(guest, code, name="IMG_0001.jpg", kind="image/jpeg", data=jpeg_with_position()),
        upload(guest, code, name="IMG_0002.heic", kind="image/heic", data=heic()),
        upload(guest, code, name="screen.png", kind="image/png", data=png()),
    ]

    def ready() -> list[dict[str, Any]] | None:
        items = guest.get(f"/api/media/guest/{code}/photos")["items"]
        found = {item["id"]: item for item in items if item["status"] == "ready"}
        return [found[photo_id] for photo_id in ids] if set(ids) <= set(found) else None

    return until(ready, what="three photos to be ready", seconds=60)


def test_gallery_shows_what_guests_added_upright_and_without_metadata(
    charter: Charter, gallery: list[dict[str, Any]]
) -> None:
    guest = Visitor(charter.operator.base_url)
    for photo in gallery:
        for address in (photo["thumbnail_url"], photo["url"]):
            answer = guest.call("GET", address)
            assert answer.headers["Content-Type"] == "image/jpeg"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert metadata_of(answer.content) == {}
    width, height = size_of(guest.call("GET", gallery[0]["url"]).content)
    assert height > width
    operators = charter.operator.get("/api/media/photos", params={"event_id": charter.event["id"]})["items"]
    assert {photo["id"] for photo in gallery} <= {item["id"] for item in operators}


def test_signed_url_is_refused_when_unsigned_altered_or_expired(
    charter: Charter, gallery: list[dict[str, Any]]
) -> None:
    guest, address = Visitor(charter.operator.base_url), gallery[0]["thumbnail_url"]
    plain, _, query = address.partition("?")
    assert guest.call("GET", address).content
    guest.call("GET", plain, expect=403)
    places = [*range(len(plain) - 8, len(plain)), *range(len(plain) + 1, len(address), 7)]
    for place in places:
        character = "A" if address[place] != "A" else "B"
        guest.call("GET", address[:place] + character + address[place + 1 :], expect=403)
    expires = re.search(r"Expires=(\d+)", query)
    assert expires is not None
    longer = address.replace(expires[0], f"Expires={int(expires[1]) + 3600}")
    past = address.replace(expires[0], f"Expires={int(time.time()) - 10}")
    guest.call("GET", longer, expect=403)
    guest.call("GET", past, expect=403)


def test_forged_upload_is_refused_by_the_store(charter: Charter) -> None:
    guest, code = Visitor(charter.operator.base_url), charter.event["guest_page"]["code"]
    data = png((64, 64))
    asked = {"filename": "a.png", "content_type": "image/png", "size": len(data)}
    intent = guest.post(f"/api/media/guest/{code}/uploads", asked, expect=201)
    url, fields = intent["upload"]["url"], intent["upload"]["fields"]

    def send(changed: dict[str, str], body: bytes = data) -> int:
        files = {"file": ("a.png", body, "image/png")}
        return guest.http.post(url, data={**fields, **changed}, files=files, timeout=20).status_code

    assert send({"key": "quarantine/mine"}) == 403
    assert send({"Content-Type": "text/html"}) == 403
    assert send({}, data + b"x" * (26 * 1024 * 1024)) in {400, 403, 413}
    assert send({"policy": fields["policy"][:-8] + "AAAAAAAA"}) in {400, 403}
    assert send({}) in {200, 201, 204}


def test_what_was_done_is_in_the_organisation_s_audit_log(charter: Charter) -> None:
    wanted = {
        ("auth", "service_key.created", "Olga Operator"),
        ("events", "crew_member.added", "booking engine"),
        ("events", "event.created", "booking engine"),
        ("events", "event.finance_set", "booking engine"),
    }

    def told() -> list[dict[str, Any]] | None:
        entries = charter.operator.get(f"/api/organizations/{charter.org_id}/audit", params={"limit": 100})["items"]
        found = {(entry["service"], entry["action"], entry["actor_name"]) for entry in entries}
        return entries if wanted <= found else None

    entries = until(told, what="the entries of every service")
    assert not [private for private in ("@", str(REVENUE), "pays late") if private in str(entries)]


def test_settings_of_the_organisation_reach_its_guest_pages_and_mails(charter: Charter) -> None:
    page, organization = (
        f"/api/media/guest/{charter.event['guest_page']['code']}",
        f"/api/organizations/{charter.org_id}",
    )
    answers = f"desk@{uuid4().hex[:6]}.example.com"

    def reminders(count: int) -> list[Mail] | None:
        found = charter.operator.mails_to(charter.addresses[2])
        return found if len(found) > count else None

    def change(**settings: Any) -> None:
        charter.operator.call("PATCH", organization, json={"settings": settings})

    change(moderate_photos=True, reply_to=answers)
    until(lambda: charter.operator.get(page)["moderated"] or None, what="the guest page to be moderated")
    reminded = f"/api/events/{charter.event['id']}/assignments/{assignment_of(charter, 2)['id']}/remind"
    # Each service hears of the settings by itself: the first mail may be as quick as they are.
    for number in range(1, 4):
        charter.integration.post(reminded, expect=202)
        mails = until(partial(reminders, number), what="the reminder")
        if "Reply-To" in mails[0].headers:
            break
    assert answers in mails[0].headers["Reply-To"]
    change(moderate_photos=None, reply_to=None)
    until(lambda: not charter.operator.get(page)["moderated"] or None, what="the guest page to be as it was")
