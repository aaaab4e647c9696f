"""Who registers: what they say of themselves, or what auth knows of their account."""

from muster_events.registrations.registering import Register
from muster_events.registrations.schemas import NewRegistration
from muster_shared.auth.internal import InternalClient, InternalUnavailable
from muster_shared.auth.principal import Principal
from muster_shared.problems import FieldError, Invalid, Unavailable

_DEFAULT_LANGUAGE = "en"


def command_of(body: NewRegistration, principal: Principal, auth: InternalClient | None, *, is_staff: bool) -> Register:
    """The command that a body and a caller make. Staff that gives an address puts somebody else on the list.

    Raises `Invalid` naming `name` or `email` when nobody knows them, `Unavailable` when auth cannot be asked.
    """
    if principal.is_user and body.email is None:
        return _from_account(body, principal, auth)
    missing = [name for name in ("name", "email") if getattr(body, name) is None]
    is_own = principal.is_user and not is_staff
    if is_own and principal.name:
        missing = [name for name in missing if name != "name"]
    if missing or body.email is None:
        raise Invalid(errors=[FieldError(f"/{name}", "is required") for name in missing])
    return Register(
        name=body.name or principal.name,
        email=body.email,
        user_id=principal.user_id if is_own else None,
        language=body.language or _DEFAULT_LANGUAGE,
        answers=dict(body.answers),
    )


def _from_account(body: NewRegistration, principal: Principal, auth: InternalClient | None) -> Register:
    try:
        found = auth.get(f"/internal/users/{principal.user_id}") if auth else None
    except InternalUnavailable as error:
        raise Unavailable(retry_after_seconds=2) from error
    if found is None:
        raise Invalid.field("/email", "is required")
    return Register(
        name=body.name or str(found["name"]) or principal.name,
        email=str(found["email"]),
        user_id=principal.user_id,
        language=body.language or str(found.get("language") or _DEFAULT_LANGUAGE),
        answers=dict(body.answers),
    )
