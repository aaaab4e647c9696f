"""Pages in the site bucket: what they hold, and that the newest wins whatever order the messages come in."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from muster_events.config import EventsSettings
from muster_events.events.models import Kind
from muster_events.events.views import Addresses
from muster_events.pages.publishing import Publisher
from muster_events.pages.texts import LANGUAGES
from muster_events.worker import build_worker
from muster_shared.aws.clients import Clients
from muster_shared.db import Database
from muster_shared.messages.auth import OrganizationChanged
from muster_shared.messages.events import EventChanged
from muster_shared.messages.media import PhotoChanged
from muster_shared.messaging.dispatch import Context
from muster_shared.testing.aws import AwsStandIn
from muster_shared.wiring import Wiring
from services.events.tests.support import MakeEvent, People, in_days, messages_of

CONTEXT = Context(queue="q", message_id="m")


@pytest.fixture
def clients(aws_stand_in: AwsStandIn) -> Clients:
    return aws_stand_in.clients()


@pytest.fixture
def bucket(clients: Clients) -> Iterator[str]:
    name = f"site-{uuid4().hex[:12]}"
    clients.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return name


@pytest.fixture
def publisher(database: Database, wiring: Wiring, clients: Clients, bucket: str) -> Publisher:
    return Publisher(
        database=database,
        clients=clients,
        organizations=wiring.organizations,
        addresses=Addresses(public_origin="http://localhost:8080", media_origin="http://localhost:8081"),
        bucket=bucket,
    )


class Site:
    """The bucket as the CDN reads it."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._s3, self._bucket = clients.s3, bucket

    def keys(self) -> set[str]:
        listed = self._s3.list_objects_v2(Bucket=self._bucket).get("Contents", [])
        return {item["Key"] for item in listed}

    def html(self, name: str) -> str:
        found = self._s3.get_object(Bucket=self._bucket, Key=f"g/{name}")
        assert found["ContentType"] == "text/html; charset=utf-8"
        return found["Body"].read().decode()


@pytest.fixture
def site(clients: Clients, bucket: str) -> Site:
    return Site(clients, bucket)


def deliver(publisher: Publisher, database: Database, *, number: int = -1) -> None:
    """Hands one of the messages told so far to the handler."""
    payload = messages_of(database, "event.changed.v1")[number]
    publisher.on_event_changed(database, EventChanged.model_validate(payload), CONTEXT)


def test_both_addresses_show_the_event_when_published(
    publisher: Publisher, site: Site, database: Database, make_event: MakeEvent
) -> None:
    event = make_event(
        title="Sail <b>& swim</b>",
        kind="charter",
        starts_at="2030-07-18T18:00:00+03:00",
        description="First line\nsecond\n\nNew paragraph",
        crew_notes="secret-notes",
        booking_ref="secret-ref",
        guest_page={"slug": "sail-and-swim"},
        finance={"currency": "EUR", "revenue": 987_654_321},
    )
    deliver(publisher, database)
    code = event["guest_page"]["code"]
    assert site.keys() == {f"g/{code}", "g/sail-and-swim"}
    html = site.html(code)
    assert html == site.html("sail-and-swim")
    assert "Sail &lt;b&gt;&amp; swim&lt;/b&gt;" in html
    assert "Blue Harbour Charters" in html
    assert "Thursday 18 July 2030, 18:00" in html
    assert "First line<br>second" in html
    assert f'data-media-api="/api/media/guest/{code}"' in html
    for hidden in ("secret-notes", "secret-ref", "987654321", "<script>", "style=", "onclick"):
        assert hidden not in html


def test_the_old_address_is_gone_when_the_slug_changes(
    publisher: Publisher, site: Site, database: Database, client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    event = make_event(guest_page={"slug": "old-name"})
    deliver(publisher, database)
    change = {"guest_page": {"slug": "new-name"}}
    client.patch(f"/api/events/{event['id']}", json=change, headers=people.alice)
    deliver(publisher, database)
    assert site.keys() == {f"g/{event['guest_page']['code']}", "g/new-name"}


def test_the_newest_stands_when_messages_are_late_doubled_and_out_of_order(
    publisher: Publisher, site: Site, database: Database, client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    event = make_event(guest_page={"slug": "first-slug"})
    for title, slug in (("Second", "second-slug"), ("Third", "third-slug")):
        change = {"title": title, "guest_page": {"slug": slug}}
        client.patch(f"/api/events/{event['id']}", json=change, headers=people.alice)
    for number in (2, 0, 1, 1, 0, 2):
        deliver(publisher, database, number=number)
    code = event["guest_page"]["code"]
    assert site.keys() == {f"g/{code}", "g/third-slug"}
    assert "Third" in site.html(code)


def test_a_page_written_from_an_old_reading_is_made_anew_when_the_event_moved_on(
    publisher: Publisher, site: Site, database: Database, client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    event = make_event()
    original = publisher._put

    def edit_meanwhile(wanted: Any) -> list[str]:
        if wanted.revision == 1:
            url = f"/api/events/{event['id']}"
            assert client.patch(url, json={"title": "Meanwhile"}, headers=people.alice).status_code == 200
        return original(wanted)

    publisher._put = edit_meanwhile  # type: ignore[method-assign]
    deliver(publisher, database, number=0)
    assert "Meanwhile" in site.html(event["guest_page"]["code"])


def test_the_page_says_so_when_cancelled_and_is_gone_when_disabled(
    publisher: Publisher, site: Site, database: Database, client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    event = make_event(kind="charter", guest_page={"slug": "a-charter"})
    url, code = f"/api/events/{event['id']}", event["guest_page"]["code"]
    client.patch(url, json={"guest_page": {"enabled": False}}, headers=people.alice)
    deliver(publisher, database)
    assert site.keys() == set()
    client.patch(url, json={"guest_page": {"enabled": True}}, headers=people.alice)
    client.post(f"{url}/cancel", json={}, headers=people.alice)
    deliver(publisher, database)
    assert "This charter was cancelled." in site.html(code)
    assert "guest.js" not in site.html(code)


def test_a_drafts_friendly_address_stays_empty_until_published(
    publisher: Publisher, site: Site, database: Database, client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    event = make_event(publish=False, guest_page={"slug": "not-yet"})
    deliver(publisher, database)
    assert site.keys() == {f"g/{event['guest_page']['code']}"}
    client.post(f"/api/events/{event['id']}/publish", headers=people.alice)
    deliver(publisher, database)
    assert len(site.keys()) == 2
    assert "draft" not in site.html("not-yet")


def test_everything_is_gone_when_a_draft_is_deleted(
    publisher: Publisher, site: Site, database: Database, client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    event = make_event(publish=False)
    deliver(publisher, database)
    client.delete(f"/api/events/{event['id']}", headers=people.alice)
    deliver(publisher, database)
    assert site.keys() == set()
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM published_pages")).scalar() == 0


def test_a_lost_message_is_made_up_for_when_the_sweep_comes_by(
    publisher: Publisher, site: Site, database: Database, make_event: MakeEvent
) -> None:
    event = make_event()
    with database.transaction() as session:
        session.execute(text("UPDATE events SET updated_at = now() - interval '5 minutes'"))
    publisher.publish_behind()
    assert site.keys() == {f"g/{event['guest_page']['code']}"}


def test_the_banner_shows_when_media_has_made_it_ready(
    settings: EventsSettings,
    wiring: Wiring,
    clients: Clients,
    publisher: Publisher,
    site: Site,
    database: Database,
    client: FlaskClient,
    people: People,
    make_event: MakeEvent,
) -> None:
    event = make_event()
    handler: Any = build_worker(settings, wiring, clients=clients).handlers[PhotoChanged]

    def tell(photo_id: UUID, version: int, status: str, path: str | None) -> None:
        message = PhotoChanged(
            photo_id=photo_id,
            event_id=UUID(event["id"]),
            org_id=people.org_id,
            version=version,
            purpose="banner",
            status=status,
            public_path=path,
            occurred_at=in_days(0),
        )
        with database.transaction() as session:
            handler(session, message, CONTEXT)

    def banner() -> Any:
        return client.get(f"/api/events/{event['id']}", headers=people.alice).get_json()["banner_url"]

    older, newer = UUID(int=1), UUID(int=2)
    tell(newer, 1, "ready", "b/new.jpg")
    tell(older, 1, "ready", "b/old.jpg")
    assert banner() == "http://localhost:8080/b/new.jpg"
    deliver(publisher, database)
    assert 'src="http://localhost:8080/b/new.jpg"' in site.html(event["guest_page"]["code"])
    tell(newer, 2, "deleted", None)
    tell(newer, 1, "ready", "b/new.jpg")
    assert banner() is None


def test_the_organisations_new_name_shows_when_it_is_renamed(
    settings: EventsSettings,
    wiring: Wiring,
    clients: Clients,
    publisher: Publisher,
    site: Site,
    database: Database,
    people: People,
    make_event: MakeEvent,
) -> None:
    event = make_event()
    deliver(publisher, database)
    handler: Any = build_worker(settings, wiring, clients=clients).handlers[OrganizationChanged]
    renamed = OrganizationChanged(org_id=people.org_id, version=2, name="Red Harbour", slug="red")
    with database.transaction() as session:
        handler(session, renamed, CONTEXT)
    publisher.publish(UUID(event["id"]))
    assert "Red Harbour" in site.html(event["guest_page"]["code"])


def test_a_jobs_page_shows_how_far_the_crew_is_when_it_reports(
    publisher: Publisher, site: Site, database: Database, people: People, make_event: MakeEvent
) -> None:
    from muster_events.events.use_cases import record_progress

    event = make_event(kind="job")
    for step in ("on_my_way", "on_my_way"):
        with database.transaction() as session:
            record_progress(
                session,
                org_id=people.org_id,
                event_id=UUID(event["id"]),
                step=step,
                at=in_days(0) + timedelta(minutes=1),
            )
    deliver(publisher, database)
    html = site.html(event["guest_page"]["code"])
    assert 'data-state="done">Booked' in html
    assert 'data-state="current">On the way <time' in html
    assert len(messages_of(database, "event.changed.v1")) == 2


@pytest.mark.parametrize(
    ("language", "shown", "words"),
    [
        ("de", "de", ["Worum es geht", "Fotos", "Stand", "Gebucht", "Gemacht mit Muster", "Zum Inhalt"]),
        ("fr", "fr", ["À propos", "Photos", "Avancement", "Réservé", "Fait avec Muster", "Aller au contenu"]),
        ("es", "es", ["De qué se trata", "Fotos", "Progreso", "Reservado", "Hecho con Muster", "Ir al contenido"]),
        ("el", "en", ["About", "Photos", "Progress", "Booked", "Made with Muster", "Skip to content"]),
    ],
)
def test_the_page_speaks_the_organisations_language_where_there_are_texts_in_it(
    publisher: Publisher,
    site: Site,
    database: Database,
    make_event: MakeEvent,
    people: People,
    language: str,
    shown: str,
    words: list[str],
) -> None:
    with database.transaction() as session:
        values = {"language": language, "id": people.org_id}
        session.execute(text("UPDATE organization_copies SET language = :language WHERE id = :id"), values)
    event = make_event(kind="job", description="Two rooms")
    deliver(publisher, database)
    page = site.html(event["guest_page"]["code"])
    assert f'<html lang="{shown}">' in page
    assert [word for word in words if word not in page] == []


@pytest.mark.parametrize("name", sorted(LANGUAGES))
def test_no_text_is_left_out_of_a_language(name: str) -> None:
    for texts in vars(LANGUAGES[name]).values():
        assert set(texts) == set(Kind) if isinstance(texts, dict) else texts.strip()
