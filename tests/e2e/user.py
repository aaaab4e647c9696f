"""What a person or program at the other end of the public origin can do; knows a base URL and nothing else."""

import html
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

T = TypeVar("T")
_TIMEOUT_SECONDS = 20
PASSWORD = "saffron tugboat under 9 lanterns"


def until(found: Callable[[], T | None], *, what: str, seconds: float = 30) -> T:
    """What `found` gives once it gives something. Fails, naming `what`, after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        if (result := found()) is not None:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


@dataclass(frozen=True)
class Mail:
    """A mail as SES took it."""

    to: list[str]
    subject: str
    text: str
    html: str
    headers: dict[str, str]

    def link(self, path: str) -> str:
        """The link to `path`; the text and the HTML must have the same."""
        pattern = re.compile(r"https?://[^\s\"'<>]+?" + re.escape(path) + r"[^\s\"'<>]+")
        in_text = {match.rstrip(".,)") for match in pattern.findall(self.text)}
        in_html = {html.unescape(match) for match in pattern.findall(self.html)}
        assert len(in_text) == 1, f"the text of {self.subject!r} has {len(in_text)} links to {path}"
        assert in_text <= in_html
        return in_text.pop()


@dataclass
class Visitor:
    """A client of one base URL. `key` is a service key, `token` an access token."""

    base_url: str
    token: str | None = None
    key: str | None = None
    http: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        # A service that is being restarted answers 502 or 503 for a moment; reads may be asked again.
        retry = Retry(total=3, backoff_factor=0.2, status_forcelist=(502,), allowed_methods=("GET", "HEAD"))
        self.http.mount("http://", HTTPAdapter(max_retries=retry))

    def call(self, method: str, path: str, *, expect: int | tuple[int, ...] = 200, **rest: Any) -> requests.Response:
        """One call; fails with the problem's text when the status is not `expect`."""
        headers = dict(rest.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if self.key:
            headers.setdefault("X-Dashboard-Token", self.key)
        url = path if path.startswith("http") else self.base_url + path
        answer = self.http.request(method, url, headers=headers, timeout=_TIMEOUT_SECONDS, **rest)
        wanted = (expect,) if isinstance(expect, int) else expect
        assert answer.status_code in wanted, f"{method} {path}: {answer.status_code} {answer.text[:600]}"
        return answer

    def get(self, path: str, **rest: Any) -> Any:
        """The JSON of a GET."""
        return self.call("GET", path, **rest).json()

    def post(self, path: str, body: Any = None, *, expect: int | tuple[int, ...] = (200, 201), **rest: Any) -> Any:
        """The JSON of a POST; None for an empty answer."""
        answer = self.call("POST", path, json=body if body is not None else {}, expect=expect, **rest)
        return answer.json() if answer.content else None

    def mails_to(self, address: str) -> list[Mail]:
        """The mails to `address`, newest first."""
        found = self.get("/api/notifications/outbox", params={"to": address, "limit": 50})
        return [
            Mail(
                to=item["to"],
                subject=item["subject"],
                text=item["text"] or "",
                html=item["html"] or "",
                headers=item["headers"],
            )
            for item in found["items"]
        ]

    def mail_to(self, address: str, *, having: str = "", seconds: float = 30) -> Mail:
        """The newest mail to `address` whose text has `having`, once it has come."""
        return until(
            lambda: next((mail for mail in self.mails_to(address) if having in mail.text), None),
            what=f"a mail with {having!r}",
            seconds=seconds,
        )


def fresh_address(name: str) -> str:
    """An address nobody has used."""
    return f"{name}.{uuid4().hex[:10]}@example.com"


def sign_up(base_url: str, *, name: str, address: str) -> Visitor:
    """Registers, opens the verification mail, presses its button, signs in."""
    visitor = Visitor(base_url)
    body = {"name": name, "email": address, "password": PASSWORD}
    assert visitor.post("/api/auth/register", body, expect=202) == {}
    link = visitor.mail_to(address, having="/verify-email?token=").link("/verify-email?token=")
    visitor.post("/api/auth/verify-email", {"token": link.split("token=")[1]}, expect=204)
    tokens = visitor.post("/api/auth/login", {"email": address, "password": PASSWORD})
    assert tokens["token_type"] == "Bearer"
    visitor.token = tokens["access_token"]
    return visitor
