"""Alice owns it, Bob manages it, Charlie is a stranger; sessions end, members leave."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from muster_shared import clock
from muster_shared.auth import Principal, PrincipalKind, Role, links, replication
from muster_shared.auth.internal import InternalClient, InternalUnavailable
from muster_shared.auth.memberships import Memberships
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.messages.auth import MembershipChanged, SessionRevoked
from muster_shared.problems import Forbidden, NotFound, TooManyRequests, Unavailable
from muster_shared.testing.tokens import TestIssuer
from muster_shared.web import rate_limit
from muster_shared.wiring import Wiring

ORG, ALICE, BOB, CHARLIE = new_id(), new_id(), new_id(), new_id()


def user(user_id: UUID) -> Principal:
    return Principal(kind=PrincipalKind.USER, user_id=user_id)


def tell(database: Database, **values: Any) -> None:
    with database.transaction() as session:
        replication.membership_changed(session, MembershipChanged(org_id=ORG, **values))


@pytest.fixture
def memberships(database: Database) -> Memberships:
    tell(database, user_id=ALICE, role="owner", version=1)
    tell(database, user_id=BOB, role="manager", version=1)
    return Memberships(database=database, auth=None)


def test_role_decides_when_member(memberships: Memberships) -> None:
    assert memberships.require(user(ALICE), ORG, Role.OWNER) is Role.OWNER
    assert memberships.require(user(BOB), ORG) is Role.MANAGER
    with pytest.raises(Forbidden):
        memberships.require(user(BOB), ORG, Role.OWNER)


def test_organisation_is_not_found_when_stranger(memberships: Memberships) -> None:
    with pytest.raises(NotFound):
        memberships.require(user(CHARLIE), ORG)
    key = Principal(kind=PrincipalKind.SERVICE_KEY, org_id=new_id())
    with pytest.raises(NotFound):
        memberships.require(key, ORG)
    assert memberships.require(Principal(kind=PrincipalKind.SERVICE_KEY, org_id=ORG), ORG) is None


def test_member_stays_out_when_an_old_message_comes_after_the_removal(
    memberships: Memberships, database: Database
) -> None:
    tell(database, user_id=BOB, role=None, version=2)
    tell(database, user_id=BOB, role="manager", version=1)
    with pytest.raises(NotFound):
        memberships.require(user(BOB), ORG)
    assert memberships.organizations_of(user(BOB)) == {}
    assert memberships.organizations_of(user(ALICE)) == {ORG: Role.OWNER}


class Auth(InternalClient):
    """Answers one membership, or is away."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.calls = 0

    def get(self, path: str) -> dict[str, Any] | None:
        self.calls += 1
        if self.away:
            raise InternalUnavailable(path)
        return {"role": "owner", "version": 1} if str(CHARLIE) in path else {"role": None, "version": 0}


def test_new_member_is_known_at_once_when_the_message_is_still_on_its_way(database: Database) -> None:
    auth = Auth()
    memberships = Memberships(database=database, auth=auth)
    assert memberships.role_of(org_id=ORG, user_id=CHARLIE) is Role.OWNER
    memberships.forget()
    assert memberships.role_of(org_id=ORG, user_id=CHARLIE) is Role.OWNER
    assert auth.calls == 1


def test_members_go_on_and_strangers_get_503_when_auth_is_away(memberships: Memberships, database: Database) -> None:
    away = Memberships(database=database, auth=Auth(away=True))
    assert away.role_of(org_id=ORG, user_id=ALICE) is Role.OWNER
    with pytest.raises(Unavailable):
        away.role_of(org_id=ORG, user_id=CHARLIE)


def test_session_ends_when_revoked_alone_or_with_all(
    client: FlaskClient, issuer: TestIssuer, database: Database, wiring: Wiring
) -> None:
    session_id, url = new_id(), "/api/sample/things/whoami"
    one = issuer.headers(ALICE, session_id=session_id)
    other = issuer.headers(ALICE)
    assert client.get(url, headers=one).json == {"kind": "user"}

    def revoke(session: UUID | None) -> None:
        message = SessionRevoked(
            revocation_id=new_id(), user_id=ALICE, session_id=session, revoked_at=clock.now() + timedelta(seconds=1)
        )
        with database.transaction() as transaction:
            replication.session_revoked(transaction, message)
            replication.session_revoked(transaction, message)
        wiring.authenticator.revocations.forget()

    revoke(session_id)
    assert client.get(url, headers=one).status_code == 401
    assert client.get(url, headers=other).status_code == 200
    revoke(None)
    assert client.get(url, headers=other).status_code == 401
    assert client.get(url, headers=issuer.headers(BOB)).status_code == 200


SECRET = "a-link-secret-of-at-least-32-characters"


def mint(**values: Any) -> str:
    given = {"secret": SECRET, "audience": "crew-link", "subject": ALICE, "version": 3}
    return links.mint(**{**given, "expires_at": clock.now() + timedelta(hours=1), **values})


def test_link_names_its_subject_when_it_holds() -> None:
    claims = links.verify(secret=SECRET, audience="crew-link", token=mint())
    assert (claims.subject, claims.version) == (ALICE, 3)


def test_link_is_refused_when_forged_altered_expired_or_for_something_else(issuer: TestIssuer) -> None:
    good = mint()
    altered = [good[:i] + ("A" if good[i] != "A" else "B") + good[i + 1 :] for i in range(len(good) - 1)]
    wrong = [
        mint(secret=SECRET + "x"),
        mint(audience="registration-link"),
        mint(expires_at=clock.now() - timedelta(seconds=1)),
        issuer.token(ALICE),
        "x" * 2000,
        "",
        *altered,
    ]
    for token in wrong:
        with pytest.raises(links.LinkRefused):
            links.verify(secret=SECRET, audience="crew-link", token=token)


def test_limit_holds_and_names_the_wait_when_reached(database: Database) -> None:
    limit = rate_limit.Limit(name="test", calls=3, seconds=60)
    for _ in range(3):
        rate_limit.take(database, limit, "alice")
    with pytest.raises(TooManyRequests) as caught:
        rate_limit.take(database, limit, "alice")
    assert 15 <= int(caught.value.headers["Retry-After"]) <= 21
    rate_limit.take(database, limit, "bob")


def test_address_counts_for_its_network_when_ipv6() -> None:
    assert rate_limit.address_prefix("2001:db8::1") == rate_limit.address_prefix("2001:db8::2")
    assert rate_limit.address_prefix("192.0.2.1") != rate_limit.address_prefix("192.0.2.2")
    assert rate_limit.address_prefix("nonsense") == "unknown"


def test_list_is_about_the_named_organisation_or_all_of_the_callers(memberships: Memberships) -> None:
    assert memberships.asked(user(ALICE), ORG) == [ORG]
    assert memberships.asked(user(ALICE), None) == [ORG]
    assert memberships.asked(user(CHARLIE), None) == []
    with pytest.raises(NotFound):
        memberships.asked(user(CHARLIE), ORG)
