"""What stands in front: where requests go, what never gets through, what is kept, and what is logged."""

import threading
import time

import pytest
import requests

from tests.integration.local.conftest import Front, until

TIMEOUT_SECONDS = 10
TOKEN = "Zm9vYmFyLXRva2VuLXNlY3JldA"


def _get(front: Front, path: str, **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(front.url(path), headers=named, timeout=TIMEOUT_SECONDS)


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/api/auth/login", "auth"),
        ("/api/organizations", "auth"),
        ("/api/organizations/1/members", "auth"),
        ("/.well-known/jwks.json", "auth"),
        ("/api/events", "events"),
        ("/api/events/1/registrations", "events"),
        ("/api/crew", "events"),
        ("/api/crew/links/t", "events"),
        ("/api/calendar/entries", "events"),
        ("/calendar/t.ics", "events"),
        ("/c/t", "events"),
        ("/c/t/confirm", "events"),
        ("/t/x", "events"),
        ("/api/media/uploads", "media"),
        ("/api/notifications", "notifications"),
        ("/api/notifications/outbox", "notifications"),
        ("/u/t", "notifications"),
        ("/", "edge"),
        ("/g/code", "edge"),
        ("/events/1", "edge"),
        ("/calendar", "edge"),
        ("/assets/app.js", "edge"),
        ("/registrations/t", "edge"),
    ],
)
def test_request_reaches_its_service_when_the_route_is_known(front: Front, path: str, service: str) -> None:
    answer = _get(front, f"{path}?a=1&b=%2F").json()
    assert (answer["upstream"], answer["target"]) == (service, f"{path}?a=1&b=%2F")


@pytest.mark.parametrize("path", ["/api/eventsx", "/api/unknown", "/api", "/.well-known/security.txt"])
def test_answer_is_a_problem_when_no_service_owns_the_route(front: Front, path: str) -> None:
    answer = _get(front, path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/not-found")


@pytest.mark.parametrize(
    "target",
    [
        "/internal/memberships/1/2",
        "/internal",
        "//internal/x",
        "/%69nternal/x",
        "/api/events/../../internal/x",
        "/api/events/%2e%2e/%2e%2e/internal/x",
        "/c/../internal/x",
        "/livez",
        "/readyz",
        "/_local/mails",
        "/./_local/mails",
    ],
)
def test_inner_paths_are_closed_when_asked_from_outside(front: Front, target: str) -> None:
    status, _ = front.raw(target)
    assert status == 404
    assert all(upstream.asked == [] for upstream in front.upstreams.values())


def test_claims_about_the_client_are_replaced_when_it_makes_them(front: Front) -> None:
    headers = _get(
        front,
        "/api/events",
        X_Forwarded_For="6.6.6.6",
        X_Forwarded_Proto="https",
        X_Forwarded_Host="evil.example",
        X_Real_IP="6.6.6.6",
        Forwarded="for=6.6.6.6",
        X_Muster_Edge="media",
    ).json()["headers"]
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-host"] == f"127.0.0.1:{front.public}"
    assert not {"x-real-ip", "forwarded", "x-muster-edge"} & headers.keys()


def test_role_of_the_edge_is_ours_when_the_client_names_another(front: Front) -> None:
    site = _get(front, "/x", X_Muster_Edge="media", Cookie="a=b", Authorization="Bearer t").json()["headers"]
    media = requests.get(front.media_url("/p/1"), headers={"X-Muster-Edge": "site"}, timeout=TIMEOUT_SECONDS).json()
    assert (site["x-muster-edge"], media["headers"]["x-muster-edge"]) == ("site", "media")
    assert not {"cookie", "authorization"} & site.keys()


def test_request_id_goes_on_when_it_is_one_and_is_made_when_not(front: Front) -> None:
    assert _get(front, "/api/crew", X_Request_Id="abc-123-def").json()["headers"]["x-request-id"] == "abc-123-def"
    made = _get(front, "/api/crew", X_Request_Id="a b").json()["headers"]["x-request-id"]
    assert len(made) == 32


@pytest.mark.parametrize(
    "path",
    [
        f"/c/{TOKEN}",
        f"/c/{TOKEN}/confirm",
        f"/u/{TOKEN}",
        f"/t/{TOKEN}",
        f"/t/staff/{TOKEN}",
        f"/t/staff/{TOKEN}/check-ins",
        f"/api/media/guest/code/photos/{TOKEN}",
        f"/calendar/{TOKEN}.ics",
        f"/%63/{TOKEN}",
        f"/registrations/{TOKEN}",
        f"/api/crew/links/{TOKEN}",
        f"/api/events/registrations/{TOKEN}",
        f"/verify-email?token={TOKEN}",
        f"/reset-password?token={TOKEN}",
        f"/invitations?token={TOKEN}",
    ],
)
def test_token_stays_out_of_the_log_when_the_address_holds_it(front: Front, path: str) -> None:
    _get(front, path, Referer=f"http://localhost{path}", X_Request_Id="find-this-line")
    until(lambda: "find-this-line" in front.log())
    assert TOKEN not in front.log()


def test_token_stays_out_of_the_log_when_the_service_is_away(front: Front) -> None:
    front.upstreams["events"].stop()
    front.upstreams["events"].start()  # elsewhere: nginx asks where nobody listens
    answer = _get(front, f"/c/{TOKEN}", X_Request_Id="find-this-line")
    assert answer.status_code == 503
    until(lambda: "find-this-line" in front.log())
    assert TOKEN not in front.log()


def test_path_is_in_the_log_when_it_holds_no_token(front: Front) -> None:
    _get(front, "/api/events/0190?q=dinner")
    until(lambda: '"path":"/api/events/0190"' in front.log())
    assert "dinner" not in front.log()


def test_answer_is_a_problem_with_a_time_when_the_service_is_away(front: Front) -> None:
    front.upstreams["media"].stop()
    front.upstreams["media"].start()
    answer = _get(front, "/api/media/photos")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.json()["type"].endswith("/unavailable")


def test_answer_of_the_service_is_left_alone_when_it_is_an_error(front: Front) -> None:
    front.upstreams["events"].status = 503
    front.upstreams["events"].text = '{"its":"own"}'
    assert _get(front, "/api/crew").json() == {"its": "own"}


def test_body_is_refused_when_it_is_too_large(front: Front) -> None:
    answer = requests.post(front.url("/api/crew"), data=b"x" * (3 * 1024 * 1024 + 1), timeout=TIMEOUT_SECONDS)
    assert answer.status_code == 413
    assert answer.json()["type"].endswith("/too-large")
    assert front.upstreams["events"].asked == []


def test_file_cannot_be_named_by_a_service_when_it_tries(front: Front) -> None:
    front.upstreams["events"].headers = {"X-Accel-Redirect": "/internal/x"}
    assert _get(front, "/api/crew").status_code == 200


def _early_in_a_second() -> None:
    """Waits for time enough until answers are no longer kept: they are for the second that they were asked in."""
    until(lambda: time.time() % 1 < 0.3)


PUBLIC = {"Cache-Control": "public, max-age=0, s-maxage=1, stale-while-revalidate=1"}


def test_public_answer_is_kept_when_it_says_so(front: Front) -> None:
    front.upstreams["events"].headers = PUBLIC
    _early_in_a_second()
    first = _get(front, "/api/events?limit=20", Cookie="a=1")
    second = _get(front, "/api/events?limit=20", Cookie="b=2")
    assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("MISS", "HIT")
    assert len(front.upstreams["events"].asked) == 1
    assert _get(front, "/api/events?limit=21").headers["X-Cache"] == "MISS"


@pytest.mark.parametrize(
    "control",
    [
        None,
        "no-store",
        "public, max-age=60",
        "s-maxage=60",
        "private, s-maxage=60",
        "public, s-maxage=60, no-store",
        "public, s-maxage=0",
    ],
)
def test_answer_is_fetched_anew_when_it_is_not_public(front: Front, control: str | None) -> None:
    front.upstreams["events"].headers = {"Cache-Control": control} if control else {}
    for _ in range(2):
        _get(front, "/api/events/1")
    assert len(front.upstreams["events"].asked) == 2


@pytest.mark.parametrize("header", ["Authorization", "X-Dashboard-Token"])
def test_kept_answer_is_not_for_those_with_a_credential_when_they_ask(front: Front, header: str) -> None:
    events = front.upstreams["events"]
    events.headers = PUBLIC
    events.text = "public"
    _early_in_a_second()
    assert _get(front, "/api/events/1").text == "public"
    events.text = "for the owner"
    assert _get(front, "/api/events/1", **{header.replace("-", "_"): "Bearer t"}).text == "for the owner"
    assert _get(front, "/api/events/1").text == "public"


def test_answer_that_sets_a_cookie_is_not_kept_when_it_is_public(front: Front) -> None:
    front.upstreams["events"].headers = PUBLIC | {"Set-Cookie": "a=b"}
    for _ in range(2):
        _get(front, "/api/events/1")
    assert len(front.upstreams["events"].asked) == 2


def test_other_services_are_always_asked_when_their_answers_are_public(front: Front) -> None:
    front.upstreams["auth"].headers = PUBLIC
    for _ in range(2):
        _get(front, "/.well-known/jwks.json")
    assert len(front.upstreams["auth"].asked) == 2


@pytest.mark.parametrize("seconds", [1, 600])
def test_change_is_seen_soon_when_the_old_answer_is_kept(front: Front, seconds: int) -> None:
    events = front.upstreams["events"]
    events.headers = {"Cache-Control": f"public, s-maxage={seconds}"}
    events.text = "old"
    assert _get(front, "/api/events/1").text == "old"
    events.text = "new"
    until(lambda: _get(front, "/api/events/1").text == "new", seconds=10)


def test_service_is_asked_once_when_many_want_the_same(front: Front) -> None:
    events = front.upstreams["events"]
    events.headers = PUBLIC
    events.gate.clear()
    _early_in_a_second()
    answers: list[int] = []
    readers = [
        threading.Thread(target=lambda: answers.append(_get(front, "/api/events").status_code)) for _ in range(20)
    ]
    for reader in readers:
        reader.start()
    until(lambda: len(events.asked) == 1)
    events.gate.set()
    for reader in readers:
        reader.join(TIMEOUT_SECONDS)
    assert answers == [200] * 20
    assert len(events.asked) == 1


@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_upload_reaches_s3_with_its_host_when_sent_to_the_uploads_bucket(front: Front, method: str) -> None:
    answer = requests.request(
        method,
        front.media_url("/muster-uploads"),
        data=b"x" * 2_000_000,
        headers={"Host": "localhost:8081"},
        timeout=TIMEOUT_SECONDS,
    ).json()
    assert (answer["upstream"], answer["method"], answer["bytes"]) == ("s3", method, 2_000_000)
    assert answer["headers"]["host"] == "localhost:8081"


def test_put_reaches_s3_when_it_is_presigned(front: Front) -> None:
    path = "/muster-uploads/quarantine/1?X-Amz-Algorithm=A&X-Amz-Signature=abc"
    answer = requests.put(front.media_url(path), data=b"x", timeout=TIMEOUT_SECONDS).json()
    assert (answer["upstream"], answer["target"]) == ("s3", path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/muster-uploads/quarantine/1"),
        ("GET", "/muster-uploads/quarantine/1"),
        ("GET", "/muster-uploads?list-type=2"),
        ("HEAD", "/muster-uploads"),
        ("DELETE", "/muster-uploads/quarantine/1"),
        ("PATCH", "/muster-uploads/quarantine/1"),
    ],
)
def test_uploads_bucket_is_closed_when_it_is_not_an_upload(front: Front, method: str, path: str) -> None:
    assert requests.request(method, front.media_url(path), timeout=TIMEOUT_SECONDS).status_code == 403
    assert front.upstreams["s3"].asked == []


@pytest.mark.parametrize("path", ["/muster-media/p/1.jpg", "/muster-site/index.html", "/", "/muster-uploadsx/1"])
def test_other_buckets_are_not_reached_when_named(front: Front, path: str) -> None:
    requests.get(front.media_url(path), timeout=TIMEOUT_SECONDS)
    assert front.upstreams["s3"].asked == []
    assert len(front.upstreams["edge"].asked) == 1


def test_upload_is_refused_when_it_is_over_the_limit(front: Front) -> None:
    answer = requests.post(front.media_url("/muster-uploads"), data=b"x" * (27 << 20), timeout=TIMEOUT_SECONDS)
    assert answer.status_code == 413
