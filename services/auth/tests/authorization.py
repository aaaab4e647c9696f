"""Who may call which route of auth, and the world in which it is tried."""

from datetime import timedelta

from muster_shared import clock
from muster_shared.auth.principal import SCOPES
from muster_shared.testing.authorization import (
    EVERYBODY,
    MEMBERS,
    OWNERS,
    SERVICES,
    SIGNED_IN,
    Actor,
    World,
    row,
    tampered,
)
from services.auth.tests.people import People, Person

MARKER = "Zanzibar"
ORG = "/api/organizations/<uuid:org_id>"
AJAX = {"X_Requested_With": "muster"}
TOKEN = {"token": "A" * 43}
WRONG = {"email": "nobody@example.test", "password": "not a password of anybody"}

TABLE = [
    # Open to anybody; what they send decides.
    row("POST /api/auth/register", EVERYBODY, 422, {}),
    row("POST /api/auth/verify-email", EVERYBODY, 422, TOKEN),
    row("POST /api/auth/login", EVERYBODY, (401, 429), WRONG),
    row("POST /api/auth/refresh", EVERYBODY, 401, {"refresh_token": "A" * 43}),
    row("POST /api/auth/logout", EVERYBODY, 204, {"refresh_token": "A" * 43}),
    row("POST /api/auth/browser/login", EVERYBODY, (401, 429), WRONG, **AJAX),
    row("POST /api/auth/browser/refresh", EVERYBODY, 401, {}, **AJAX),
    row("POST /api/auth/browser/logout", EVERYBODY, 204, {}, **AJAX),
    row("POST /api/auth/password/forgot", EVERYBODY, 422, {}),
    row("POST /api/auth/password/reset", EVERYBODY, 422, {**TOKEN, "password": "a good long password"}),
    row("POST /api/organizations/invitations/preview", EVERYBODY, 422, TOKEN),
    row("GET /.well-known/jwks.json", EVERYBODY, 200),
    # One's own account.
    row("GET /api/auth/me", SIGNED_IN, 200),
    row("PATCH /api/auth/me", SIGNED_IN, 200, {"language": "de"}),
    row("DELETE /api/auth/me", SIGNED_IN, 422, {"password": "not my password"}),
    row("POST /api/auth/me/email", SIGNED_IN, 422, {"email": "n@example.test", "password": "not my password"}),
    row(
        "POST /api/auth/password/change",
        SIGNED_IN,
        422,
        {"current_password": "x", "new_password": "a good long password"},
    ),
    row("GET /api/auth/sessions", SIGNED_IN, 200),
    row("DELETE /api/auth/sessions", SIGNED_IN, 204),
    # The session is the owner's: to everybody else it is not there.
    row("DELETE /api/auth/sessions/<uuid:session_id>", OWNERS, 204),
    row("GET /api/auth/totp", SIGNED_IN, 200),
    row("POST /api/auth/totp", SIGNED_IN, 422, {"password": "not my password"}),
    row("POST /api/auth/totp/confirm", SIGNED_IN, 409, {"otp": "123456"}),
    row("POST /api/auth/totp/recovery-codes", SIGNED_IN, 422, {"password": "x", "otp": "123456"}),
    row("POST /api/auth/totp/disable", SIGNED_IN, 422, {"password": "x", "otp": "123456"}),
    # Organisations.
    row("POST /api/organizations", SIGNED_IN, 201, {"name": "Another"}),
    row("GET /api/organizations", SIGNED_IN, 200),
    row("POST /api/organizations/invitations/accept", SIGNED_IN, 422, TOKEN),
    row(f"POST {ORG}/invitations/accept", SIGNED_IN, 422, TOKEN),
    row(f"GET {ORG}", MEMBERS, 200),
    row(f"PATCH {ORG}", MEMBERS, 200, {"name": "Changed"}),
    row(f"DELETE {ORG}", OWNERS, 204),
    row(f"GET {ORG}/members", MEMBERS, 200),
    row(f"PATCH {ORG}/members/<uuid:user_id>", OWNERS, 200, {"role": "owner"}),
    row(f"DELETE {ORG}/members/<uuid:user_id>", OWNERS, 204),
    row(f"POST {ORG}/transfer", OWNERS, 204, {"user_id": "<user_id>"}),
    row(f"GET {ORG}/invitations", OWNERS, 200),
    row(f"POST {ORG}/invitations", OWNERS, 201, {"email": "invited@example.test"}),
    row(f"DELETE {ORG}/invitations/<uuid:invitation_id>", OWNERS, 204),
    row(f"GET {ORG}/service-keys", OWNERS, 200),
    row(f"POST {ORG}/service-keys", OWNERS, 201, {"name": "new", "scopes": ["events:read"]}),
    row(f"DELETE {ORG}/service-keys/<uuid:key_id>", OWNERS, 204),
    row(f"GET {ORG}/audit", OWNERS, 200),
    # Other services.
    row("GET /internal/memberships/<uuid:org_id>/<uuid:user_id>", SERVICES, 200),
    row("GET /internal/service-keys/<uuid:key_id>", SERVICES, 200),
    row("GET /internal/organizations/<uuid:org_id>", SERVICES, 200),
    row("GET /internal/users/<uuid:user_id>", SERVICES, 200),
    row("POST /internal/action-tokens/<uuid:action_id>/mint", SERVICES, 200, {}),
]
# What operators change without an entry in the audit log, and why.
UNRECORDED = {"DELETE /api/auth/sessions/<uuid:session_id>": "a person's own session, which is no organisation's"}


def make_world(people: People) -> World:
    """An organisation with an owner, two managers and one of everything, and another organisation."""
    owner = people.new("Olga")
    org = owner.make_organization(MARKER)["id"]
    manager, member = (people.join(owner, org, role="manager", name=name) for name in ("Max", "Mia"))
    nobody, foreign_owner = people.new("Nora"), people.new("Fred")
    foreign = foreign_owner.make_organization()["id"]
    foreign_manager = people.join(foreign_owner, foreign, role="manager", name="Fay")

    def key(person: Person, org_id: str, scope: str) -> dict[str, str]:
        made = person.post(f"/api/organizations/{org_id}/service-keys", {"name": scope, "scopes": [scope]})
        return {"X-Dashboard-Token": made.json["key"]}

    with clock.frozen(clock.now() - timedelta(minutes=11)):
        expired = people.sign_in(owner.email).json["access_token"]
    flipped = tampered(owner.tokens["access_token"])
    owner.post(f"/api/organizations/{org}/invitations", {"email": "open@example.test"})
    invitation = owner.get(f"/api/organizations/{org}/invitations").json["items"][0]["id"]
    spare = owner.post(f"/api/organizations/{org}/service-keys", {"name": "spare", "scopes": ["events:read"]}).json
    other_session = people.again(owner.email)
    sessions = other_session.get("/api/auth/sessions").json["items"]
    return World(
        app=people.app,
        credentials={
            Actor.ANONYMOUS: {},
            Actor.EXPIRED: {"Authorization": f"Bearer {expired}"},
            Actor.TAMPERED: {"Authorization": f"Bearer {flipped}"},
            Actor.NOBODY: nobody.headers,
            Actor.MANAGER: manager.headers,
            Actor.OWNER: owner.headers,
            Actor.FOREIGN_MANAGER: foreign_manager.headers,
            Actor.FOREIGN_OWNER: foreign_owner.headers,
            Actor.FOREIGN_KEY: key(foreign_owner, foreign, "events:write"),
            Actor.SERVICE: people.as_service(),
        },
        keys={scope: key(owner, org, scope) for scope in sorted(SCOPES)},
        values={
            "org_id": org,
            "user_id": str(member.id),
            "invitation_id": invitation,
            "key_id": spare["id"],
            "session_id": next(item["id"] for item in sessions if item["current"]),
            "action_id": people.mails(to="open@example.test")[-1]["action_id"],
        },
        marker=MARKER,
    )
