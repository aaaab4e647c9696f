"""finance-canary: a number of its own in every money and memo field of events that live a whole life; then everything
that anybody else gets to see is searched for them, in all four services.

That is every answer, page, calendar, table of attendees, message, mail, webhook call, stored object, log line and row
that is not finance's own. Owner and manager must find every canary under finance, and a canary planted in titles and
names must be found in each of these kinds of places: or the search proves nothing.
"""

import re
import secrets
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from muster_events.registrations.queries import LINK_AUDIENCE
from muster_shared import logs
from muster_shared.auth import links
from muster_shared.auth.principal import SCOPES
from muster_shared.ids import new_id
from muster_shared.testing.postgres import Cluster, running_cluster
from muster_shared.web.app import operations_of
from muster_shared.web.routes import Operation
from services.auth.tests.people import Person
from tests.experiments.whole import LINK_SECRET, Whole, whole

_EVENTS = "/api/events"
# Where a leak would have to show, if one were there.
KINDS = frozenset(
    {"json", "page", "calendar", "table of attendees", "message", "mail", "webhook", "object", "log", "row"}
)
# The mailbox of local mode, which is not on here; the mails themselves are searched.
_NOT_HERE = frozenset({"/api/notifications/outbox"})
_KINDS_OF_TYPES = {"text/html": "page", "text/calendar": "calendar", "text/csv": "table of attendees"}


@dataclass(frozen=True)
class Canaries:
    """Numbers and words that occur nowhere else."""

    revenue: int = field(default_factory=lambda: 800_000_000 + secrets.randbelow(99_999_999))
    fee: int = field(default_factory=lambda: 700_000_000 + secrets.randbelow(9_999_999))
    captain_fee: int = field(default_factory=lambda: 60_000_000 + secrets.randbelow(9_999_999))
    memo: str = field(default_factory=lambda: f"memo-{secrets.token_hex(12)}")
    fee_name: str = field(default_factory=lambda: f"fee-{secrets.token_hex(12)}")

    @property
    def net(self) -> int:
        """What follows from the others, and would give them away."""
        return self.revenue - self.fee - self.captain_fee

    def body(self) -> dict[str, Any]:
        """The finance of an event."""
        return {
            "currency": "EUR",
            "revenue": self.revenue,
            "fees": [{"name": self.fee_name, "amount": self.fee}],
            "captain_fee": self.captain_fee,
            "internal_memo": self.memo,
        }

    def forms(self) -> dict[str, list[str]]:
        """Each canary in the ways it might be written."""
        numbers = {n: getattr(self, n) for n in ("revenue", "fee", "captain_fee", "net")}
        written = {
            name: [str(n), f"{n:,}", f"{n:_}", f"{n:,}".replace(",", "."), f"{n / 100:.2f}", f"{n // 100:,}", f"{n:x}"]
            for name, n in numbers.items()
        }
        return {**written, "memo": [self.memo], "fee_name": [self.fee_name]}

    def found_in(self, haystack: str) -> set[str]:
        """Which canaries are in a text. A number inside a longer one (an id, a digest) is none."""
        return {
            name
            for name, forms in self.forms().items()
            if any(
                form in haystack and re.search(rf"(?<![0-9a-f]){re.escape(form)}(?![0-9a-f])", haystack)
                for form in forms
            )
        }


@dataclass(frozen=True)
class Place:
    """Something that somebody other than owner and manager may come to see."""

    kind: str
    name: str
    text: str


@dataclass
class Story:
    """What was done, by whom, and what they were answered; `values` are those of path parameters."""

    made: Whole
    canaries: Canaries
    owner: Person
    manager: Person
    people: dict[str, Mapping[str, str]]
    # What people call things; the control plants a canary here.
    word: str = "Sunset"
    values: dict[str, str] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)

    def call(self, method: str, path: str, body: Any = None, *, who: str = "owner", wants: int = 2, **rest: Any) -> Any:
        """One call as somebody, whose answer is looked at later but for that of finance itself."""
        service = {"media": "media", "notifications": "notifications", "organizations": "auth"}.get(path.split("/")[2])
        client = self.made.apps[service or "events"].test_client()
        headers = {**self.people[who], **rest.pop("headers", {})}
        answer = client.open(path, method=method, json=body, headers=headers, **rest)
        assert answer.status_code // 100 == wants, (method, path, answer.status_code, answer.text)
        if not (path.endswith("/finance") and wants == 2):
            self.see(f"{who}: {method} {path}", answer)
        return answer.get_json(silent=True) or {}

    def see(self, name: str, answer: Any) -> None:
        """Keeps an answer, headers and all."""
        kind = _KINDS_OF_TYPES.get(answer.mimetype, "json")
        self.places.append(Place(kind, name, f"{answer.headers}{answer.get_data(as_text=True)}"))

    def link(self, audience: str, subject: str, *, version: int = 1) -> str:
        """A link as in a mail."""
        ends_at = datetime.now(UTC) + timedelta(days=9)
        subject_id = UUID(subject)
        return links.mint(
            secret=LINK_SECRET, audience=audience, subject=subject_id, version=version, expires_at=ends_at
        )


def live(story: Story) -> None:
    """Events from draft to end, with crew, guests, attendees, a webhook and money."""
    call, canaries, org = story.call, story.canaries, {"org_id": story.values["org_id"]}
    webhook_id = str(new_id())
    with story.made.databases["events"].transaction() as session:
        # An address is looked up when a webhook is made; nothing is called here.
        secret = story.made.box.seal("whsec_" + "A" * 32)
        session.execute(
            text(
                "INSERT INTO webhooks (id, org_id, url, secret, created_by, created_at)"
                " VALUES (:webhook_id, :org_id, 'https://example.org/', :secret, 'canary', now())"
            ),
            {**org, "webhook_id": webhook_id, "secret": secret},
        )
    crew = [
        call("POST", "/api/crew", {**org, "name": f"{name} {story.word}", "email": f"{name}@example.org"})["id"]
        for name in ("kostas", "maria")
    ]
    whole_event = {
        **org,
        "kind": "job",
        "title": f"{story.word} removal",
        "starts_at": (datetime.now(UTC) + timedelta(days=5)).isoformat(),
        "duration_minutes": 120,
        "timezone": "Europe/Athens",
        "visibility": "public",
        "capacity": 5,
        "crew": [{"crew_member_id": crew[0], "role": "Captain"}],
        "finance": canaries.body(),
    }
    event = call("POST", _EVENTS, {**whole_event, "publish": True}, headers={"Idempotency-Key": "first"})
    base = f"{_EVENTS}/{event['id']}"
    assignment = event["crew"][0]["id"]
    call("PUT", f"{base}/finance", canaries.body(), headers={"Idempotency-Key": "canary"})
    _be_refused(story, base)
    story.made.settle()
    call("PATCH", base, {"description": "Bring a coat", "duration_minutes": 150})
    call("POST", f"{base}/assignments", {"crew_member_id": crew[1], "role": "Cook"})
    person = {"name": f"Ada {story.word}", "email": "ada@example.org"}
    registration = call("POST", f"{base}/registrations", person)
    call("POST", f"{base}/registrations", {}, who="attendee")
    call("POST", f"{base}/check-ins", {"code": registration["ticket"]["code"]})
    door = call("POST", f"{base}/staff-links", {"label": "Gate"})
    feed = call("POST", "/api/calendar/feeds", org)
    entry = {"title": story.word, "starts_at": whole_event["starts_at"], "ends_at": whole_event["starts_at"]}
    entry["ends_at"] = (datetime.now(UTC) + timedelta(days=6)).isoformat()
    entries = call("POST", "/api/calendar/entries", {**org, **entry, "timezone": "Europe/Athens"})
    photo = {"event_id": event["id"], "filename": "a.jpg", "content_type": "image/jpeg", "size": 1000}
    story.made.settle()
    uploaded = call("POST", "/api/media/uploads", photo)
    with story.made.databases["events"].read() as connection:
        version = connection.execute(
            text("SELECT link_version FROM crew_assignments WHERE id = :id"), {"id": assignment}
        ).scalar_one()
    crew_link = story.link("crew-link", assignment, version=version)
    call("POST", f"/c/{crew_link}/confirm", {}, who="anonymous")
    call("POST", f"/c/{crew_link}/confirm", {}, who="anonymous", headers={"Accept": "text/html"}, wants=3)
    for copied in (call("POST", f"{base}/duplicate", {}), call("POST", _EVENTS, whole_event)):
        other = f"{_EVENTS}/{copied['id']}"
        call("PUT", f"{other}/finance", canaries.body())
        call("POST", f"{other}/publish", {})
        story.made.settle()
        call("POST", f"{other}/cancel", {"reason": "Weather"})
    call("POST", f"{_EVENTS}/series", {**whole_event, "rrule": "FREQ=DAILY;COUNT=2"})
    call("POST", f"{_EVENTS}/{call('POST', _EVENTS, whole_event)['id']}/duplicate", {}, who="key")
    call("DELETE", f"{_EVENTS}/{call('POST', _EVENTS, whole_event)['id']}")
    story.made.settle()
    with story.made.databases["notifications"].read() as connection:
        delivery = connection.execute(
            text("SELECT id FROM deliveries WHERE event_id = :id ORDER BY id LIMIT 1"), {"id": event["id"]}
        ).scalar_one()
    story.values |= {
        "event_id": event["id"],
        "crew_member_id": crew[0],
        "assignment_id": assignment,
        "registration_id": registration["id"],
        "entry_id": entries["id"],
        "photo_id": uploaded["photo"]["id"],
        "delivery_id": str(delivery),
        "webhook_id": webhook_id,
        "code": registration["ticket"]["code"],
        "guest code": event["guest_page"]["code"],
        "name": "crew_request",
        "door": door["url"].rsplit("/", 1)[1],
        "feed": feed["url"].rsplit("/", 1)[1].removesuffix(".ics"),
        "crew": crew_link,
        "unsubscribe": story.link("unsubscribe", str(delivery)),
        "registration": story.link(LINK_AUDIENCE, registration["id"]),
    }


def _be_refused(story: Story, base: str) -> None:
    """What is wrong about money is told without the money, and a key without the scope has no way to it."""
    canaries, body = story.canaries, story.canaries.body()
    for wrong in (
        {"revenue": f"{canaries.revenue}"},
        {"captain_fee": -canaries.captain_fee},
        {"internal_memo": [canaries.memo]},
        {"fees": [{"name": canaries.fee_name, "amount": f"{canaries.fee}"}]},
        {"fees": {canaries.fee_name: canaries.fee}},
        {"currency": canaries.memo},
    ):
        story.call("PUT", f"{base}/finance", {**body, **wrong}, wants=4)
    for who in ("key", "stranger", "attendee", "anonymous"):
        story.call("PUT", f"{base}/finance", body, who=who, wants=4)
        story.call("GET", f"{base}/finance", who=who, wants=4)
    for method, path in (("PATCH", base), ("POST", _EVENTS)):
        story.call(method, path, {"title": "Other", "finance": body}, who="key", wants=4)


def _address(story: Story, operation: Operation) -> tuple[str, dict[str, str]]:
    """The path of a GET with its parameters filled in, and the query that it cannot do without."""
    values, path = story.values, operation.path
    named = {
        "/registrations/<token>": "registration",
        "/t/staff": "door",
        "/calendar/<token>": "feed",
        "/u/<token>": "unsubscribe",
    }
    token = next((values[name] for part, name in named.items() if part in path), values["crew"])
    code = values["guest code"] if "guest" in path else values["code"]
    for name, value in {**values, "token": token, "code": code}.items():
        path = re.sub(rf"<(\w+:)?{name}>", value, path)
    fields = operation.query.model_fields if operation.query is not None else {}
    return path, {name: values[name] for name, given in fields.items() if given.is_required()}


def read_all(story: Story, *, who: str) -> Iterator[tuple[Operation, Any]]:
    """What somebody gets from every GET there is."""
    for app in story.made.apps.values():
        for operation in operations_of(app):
            is_ours = operation.path.startswith("/internal/") or operation.path in _NOT_HERE
            if operation.method == "GET" and not is_ours:
                path, query = _address(story, operation)
                for accept in ("application/json", "text/csv"):
                    headers = {**story.people[who], "Accept": accept}
                    yield operation, app.test_client().get(path, query_string=query, headers=headers)


def left_behind(story: Story) -> Iterator[Place]:
    """What left a service, and what lies in it."""
    made = story.made
    for number, message in enumerate(made.messages):
        yield Place("message", f"batch {number} to SQS", message)
    for number, called in enumerate(made.calls):
        yield Place("webhook", f"call {number}", called)
    for sent in made.mails:
        parts = [str(part.get_content()) for part in sent.mail.walk() if part.get_content_maintype() == "text"]
        yield Place("mail", f"to {sent.recipient}", "\n".join([str(sent.mail.items()), *parts]))
    for key, content in made.objects():
        yield Place("object", key, content.decode("utf-8", "replace"))
    for service, database in made.databases.items():
        with database.read() as connection:
            tables = connection.execute(
                text("SELECT tablename FROM pg_tables WHERE schemaname = :name"), {"name": service}
            )
            for table in tables.scalars().all():
                rows = connection.execute(text(f"SELECT t::text FROM {table} t")).scalars()  # its own tables
                yield Place("row", f"{service}.{table}", "\n".join(rows))
    yield Place("log", "of all services", made.log.getvalue())


@dataclass
class Verdict:
    """What was searched and found; `unread` are GETs that nobody was given anything by."""

    places: list[Place] = field(default_factory=list)
    hits: list[tuple[Place, str]] = field(default_factory=list)
    seen: dict[str, set[str]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    @property
    def passed(self) -> bool:
        """Nobody else found any, those who may found all, and everything was read."""
        everything = set(Canaries().forms())
        return not self.hits and not self.unread and self.seen == {"owner": everything, "manager": everything}

    @property
    def kinds_hit(self) -> set[str]:
        """The kinds of places that something was found in."""
        return {place.kind for place, _ in self.hits}

    def line(self) -> str:
        """The facts."""
        kinds = {kind: sum(place.kind == kind for place in self.places) for kind in sorted(KINDS)}
        return (
            f"{len(self.places)} places searched {kinds}, {len(self.hits)} hits, {len(self.unread)} GETs unread;"
            f" owner sees {len(self.seen['owner'])} canaries, manager {len(self.seen['manager'])}"
        )


def _begin(made: Whole, *, planted: bool) -> Story:
    """An owner and a manager, a key with every scope but finance's, an attendee, a stranger."""
    canaries = Canaries()
    word = canaries.memo if planted else "Sunset"
    owner = made.people.new(f"Olga {word}", email="olga@example.org")
    org_id = owner.make_organization("Quay Charters")["id"]
    manager = made.people.join(owner, org_id, role="manager")
    stranger, attendee = made.people.new("Sam"), made.people.new("Abe")
    stranger.make_organization("Elsewhere")
    scopes = sorted(scope for scope in SCOPES if not scope.startswith("finance:"))
    key = owner.post(f"/api/organizations/{org_id}/service-keys", {"name": "k", "scopes": scopes}).json or {}
    made.settle()
    people: dict[str, Mapping[str, str]] = {
        "owner": owner.headers,
        "manager": manager.headers,
        "key": {"X-Dashboard-Token": key["key"]},
        "attendee": attendee.headers,
        "stranger": stranger.headers,
        "anonymous": {},
    }
    story = Story(made, canaries, owner, manager, people, word=word)
    story.values |= {"org_id": org_id, "key_id": key["id"], "user_id": str(manager.id)}
    return story


def run(cluster: Cluster, *, planted: bool = False) -> Verdict:
    """The experiment; `planted` is its control, with a canary where everybody may see it."""
    verdict = Verdict()
    with whole(cluster) as made:
        story = _begin(made, planted=planted)
        live(story)
        if planted:
            logs.log("control").info("planted", memo=story.canaries.memo)
        read: dict[str, bool] = {}
        for who in story.people:
            verdict.seen.setdefault(who, set())
            for operation, answer in read_all(story, who=who):
                name = f"GET {operation.path}"
                read[name] = read.get(name, False) or answer.status_code == 200
                if operation.path.endswith("/finance") and who in {"owner", "manager"}:
                    verdict.seen[who] |= story.canaries.found_in(answer.get_data(as_text=True))
                else:
                    story.see(f"{who}: {name}", answer)
        verdict.seen = {who: verdict.seen[who] for who in ("owner", "manager")}
        verdict.unread = {name for name, was_read in read.items() if not was_read}
        verdict.places = [*story.places, *left_behind(story)]
        verdict.hits = [
            (place, canary) for place in verdict.places for canary in sorted(story.canaries.found_in(place.text))
        ]
    return verdict


def main() -> int:
    """Prints what was found; 1 when anything was, or when the search could not have."""
    with running_cluster() as cluster:
        verdict, control = run(cluster), run(cluster, planted=True)
    for place, canary in verdict.hits:
        sys.stdout.write(f"{place.kind}: {place.name}: {canary}\n")
    for name in sorted(verdict.unread):
        sys.stdout.write(f"nobody was given anything by {name}\n")
    sys.stdout.write(f"finance-canary: {verdict.line()}\n")
    blind = sorted(KINDS - control.kinds_hit)
    sys.stdout.write(f"control: {len(control.hits)} hits of a planted canary; kinds of places without one: {blind}\n")
    return 0 if verdict.passed and not blind else 1


if __name__ == "__main__":
    sys.exit(main())
