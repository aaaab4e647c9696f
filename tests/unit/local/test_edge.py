"""The edge's two roles, over a bucket in memory."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from werkzeug.test import Client, TestResponse

from local.edge.app import ROLE_HEADER, Edge
from local.edge.media import Media
from local.edge.site import Site
from local.edge.storage import Found, StorageDown
from muster_shared import clock
from muster_shared.aws.cloudfront import Signer

PUBLIC, MEDIA = "http://localhost:8080", "http://localhost:8081"
PAGE = b"<!doctype html><title>Muster</title>" + b"x" * 600


@dataclass
class Bucket:
    """Objects by bucket and key; notes what it was asked."""

    objects: dict[tuple[str, str], tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    asked: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)
    down: bool = False

    def put(self, bucket: str, key: str, body: bytes, **headers: str) -> None:
        self.objects[bucket, key] = body, headers

    def read(self, bucket: str, key: str, *, etag: str | None = None, span: str | None = None) -> Found:
        self.asked.append((bucket, key, etag, span))
        if self.down:
            raise StorageDown("down")
        if (bucket, key) not in self.objects:
            return Found(404)
        body, headers = self.objects[bucket, key]
        if etag == '"tag"':
            return Found(304, {"ETag": '"tag"'})
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        common = {"ETag": '"tag"', "Content-Type": "text/html; charset=utf-8"} | named
        if span == "bytes=0-3":
            body = body[:4]
            common["Content-Range"] = "bytes 0-3/10"
        common["Content-Length"] = str(len(body))
        return Found(206 if span else 200, common, _chunks(body))


def _chunks(body: bytes) -> Iterator[bytes]:
    yield from (body[at : at + 100] for at in range(0, len(body), 100))


@dataclass
class Mails:
    """A mailbox that notes what it was asked."""

    asked: list[tuple[str | None, int]] = field(default_factory=list)

    def newest(self, *, to: str | None, limit: int) -> list[dict[str, Any]]:
        self.asked.append((to, limit))
        return [{"id": "1"}]


@pytest.fixture
def bucket() -> Bucket:
    made = Bucket()
    made.put("site", "index.html", gzip.compress(PAGE), Content_Encoding="gzip")
    made.put("site", "mailbox.html", b"mailbox")
    made.put("site", "assets/app.js", b"js", Content_Type="text/javascript; charset=utf-8")
    made.put("site", "g/abc", b"<h1>Guest page</h1>")
    made.put("media", "p/1/web.jpg", b"0123456789", Content_Type="image/jpeg")
    made.put("media", "o/1", b"original")
    return made


@pytest.fixture
def mails() -> Mails:
    return Mails()


KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def client(bucket: Bucket, mails: Mails) -> Client:
    return _client(bucket, mails, public_origin=PUBLIC)


def _client(bucket: Bucket, mails: Mails, *, public_origin: str) -> Client:
    site = Site(storage=bucket, bucket="site", public_origin=public_origin, media_origin=MEDIA)
    media = Media(
        storage=bucket,
        bucket="media",
        public_origin=public_origin,
        media_origin=MEDIA,
        keys={"K": KEY.public_key()},
    )
    return Client(Edge(site, media, mails))


def _site(client: Client, path: str, *, method: str = "GET", **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open(path, method=method, headers={ROLE_HEADER: "site", **named})


def _media(client: Client, target: str, *, method: str = "GET", **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open(
        target, method=method, headers={ROLE_HEADER: "media", **named}, environ_overrides={"RAW_URI": target}
    )


PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


def _signed(path: str) -> str:
    return Signer(key_id="K", private_pem=PEM, origin=MEDIA).sign(path).url.removeprefix(MEDIA)


@pytest.mark.parametrize("path", ["/", "/events", "/events/0190", "/registrations/token", "/missing.txt"])
def test_site_gives_the_dashboard_when_the_path_is_its_own(client: Client, path: str) -> None:
    answer = _site(client, path, Accept_Encoding="gzip")
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data) == PAGE


@pytest.mark.parametrize("path", ["/g/none", "/g/", "/assets/none.js", "/pages/none.css"])
def test_site_gives_404_when_a_page_or_script_is_missing(client: Client, path: str) -> None:
    answer = _site(client, path)
    assert answer.status_code == 404
    assert PAGE not in answer.data
    assert answer.headers["Cache-Control"] == "no-store"


def test_site_gives_the_published_page_when_it_is_there(client: Client) -> None:
    assert _site(client, "/g/abc").data == b"<h1>Guest page</h1>"


def test_site_gives_the_mailbox_when_asked_by_its_short_name(client: Client) -> None:
    assert _site(client, "/mailbox").data == b"mailbox"


def test_site_never_reaches_the_mail_api_when_its_path_is_asked(client: Client, mails: Mails) -> None:
    _site(client, "/_local/mails")
    assert mails.asked == []


def test_site_unpacks_when_the_reader_takes_no_gzip(client: Client) -> None:
    answer = _site(client, "/", Accept_Encoding="identity")
    assert answer.data == PAGE
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["ETag"].startswith("W/")


@pytest.mark.parametrize("tag", ['"tag"', 'W/"tag"'])
def test_site_answers_304_when_the_reader_has_it(client: Client, tag: str) -> None:
    answer = _site(client, "/g/abc", If_None_Match=tag)
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == '"tag"'


def test_site_sends_no_body_when_asked_for_the_head(client: Client) -> None:
    answer = _site(client, "/g/abc", method="HEAD")
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == "19"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("role", ["site", "media"])
def test_edge_refuses_when_the_method_writes(client: Client, bucket: Bucket, method: str, role: str) -> None:
    answer = client.open("/g/abc", method=method, headers={ROLE_HEADER: role})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert bucket.asked == []


def test_site_forbids_inline_script_and_framing_when_it_serves_anything(client: Client) -> None:
    for path in ("/", "/g/abc", "/g/none", "/mailbox", "/assets/app.js"):
        answer = _site(client, path)
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
        assert policy["script-src"] == "'self'"
        assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize("path", ["/g/abc", "/registrations/token", "/verify-email?token=t", "/invitations?token=t"])
def test_site_sends_no_referrer_when_the_address_holds_a_secret(client: Client, path: str) -> None:
    assert _site(client, path).headers["Referrer-Policy"] == "no-referrer"


def test_site_demands_tls_when_the_origin_has_it(bucket: Bucket, mails: Mails) -> None:
    answer = _site(_client(bucket, mails, public_origin="https://muster.example"), "/")
    assert "max-age=" in answer.headers["Strict-Transport-Security"]


def test_edge_answers_503_when_the_bucket_is_away(client: Client, bucket: Bucket) -> None:
    bucket.down = True
    for answer in (_site(client, "/"), _media(client, _signed("/p/1/web.jpg"))):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "2"


def test_media_serves_when_the_url_is_signed(client: Client) -> None:
    answer = _media(client, _signed("/p/1/web.jpg"))
    assert (answer.status_code, answer.data) == (200, b"0123456789")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    kept_seconds = int(answer.headers["Cache-Control"].removeprefix("private, max-age="))
    assert 0 < kept_seconds <= 900


def test_media_refuses_when_the_url_has_expired(client: Client, bucket: Bucket) -> None:
    target = _signed("/p/1/web.jpg")
    with clock.frozen(clock.now() + timedelta(minutes=15)):
        assert _media(client, target).status_code == 403
    assert bucket.asked == []


def test_media_serves_a_part_when_a_range_is_asked(client: Client) -> None:
    answer = _media(client, _signed("/p/1/web.jpg"), Range="bytes=0-3")
    assert (answer.status_code, answer.data) == (206, b"0123")
    assert answer.headers["Content-Range"] == "bytes 0-3/10"


def test_media_refuses_when_unsigned(client: Client, bucket: Bucket) -> None:
    answer = _media(client, "/p/1/web.jpg")
    assert answer.status_code == 403
    assert bucket.asked == []


def test_media_refuses_when_any_one_character_was_altered(client: Client, bucket: Bucket) -> None:
    target = _signed("/p/1/web.jpg")
    for position, character in enumerate(target):
        changed = "b" if character != "b" else "c"
        answer = _media(client, target[:position] + changed + target[position + 1 :])
        assert answer.status_code == 403, position
    assert bucket.asked == []


@pytest.mark.parametrize("addition", ["&x=1", "&Expires=9999999999", "#x"])
def test_media_refuses_when_the_query_says_more(client: Client, bucket: Bucket, addition: str) -> None:
    assert _media(client, _signed("/p/1/web.jpg") + addition).status_code == 403
    assert bucket.asked == []


@pytest.mark.parametrize("path", ["/o/1", "/quarantine/1", "/pictures/1"])
def test_media_refuses_when_the_object_is_never_served(client: Client, bucket: Bucket, path: str) -> None:
    assert _media(client, _signed(path)).status_code == 403
    assert bucket.asked == []


def test_mails_are_given_when_a_process_of_the_stack_asks(client: Client, mails: Mails) -> None:
    answer = client.get("/_local/mails?to=a@b.example&limit=500")
    assert answer.json == {"items": [{"id": "1"}]}
    assert mails.asked == [("a@b.example", 200)]


def test_edge_answers_404_when_the_role_is_missing(client: Client) -> None:
    for path in ("/", "/g/abc", "/p/1/web.jpg"):
        assert client.get(path).status_code == 404


def test_edge_returns_the_request_id_when_it_is_one(client: Client) -> None:
    assert _site(client, "/g/abc", X_Request_Id="abcdef-123").headers["X-Request-Id"] == "abcdef-123"
    assert "X-Request-Id" not in _site(client, "/g/abc", X_Request_Id="a b").headers
