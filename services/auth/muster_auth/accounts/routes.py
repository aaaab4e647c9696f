"""HTTP of accounts."""

from flask import request
from sqlalchemy.orm import Session

from muster_auth.accounts import registration, use_cases
from muster_auth.accounts.schemas import (
    AccountView,
    DeleteAccountBody,
    NewEmailBody,
    Nothing,
    ProfileBody,
    RegisterBody,
    TokenBody,
)
from muster_auth.core import Core
from muster_auth.passwords.use_cases import lock_user
from muster_auth.totp.use_cases import codes_left
from muster_shared.auth import Principal
from muster_shared.auth.guards import public, signed_in
from muster_shared.web import Answer, Routes
from muster_shared.web.app import part
from muster_shared.web.rate_limit import Limit, address_prefix, take

routes = Routes("accounts", prefix="/api/auth", tag="account")
_REGISTRATIONS = Limit("register", calls=60, seconds=600)


@routes.post(
    "/register",
    guard=public(),
    body=RegisterBody,
    answers={202: Nothing},
    summary="Register; a link to confirm the address is sent to it",
)
def register(*, body: RegisterBody) -> Answer:
    core = part(Core)
    take(core.database, _REGISTRATIONS, address_prefix(request.remote_addr))
    command = registration.Register(name=body.name, email=body.email, password=body.password, language=body.language)
    registration.register(core, command)
    return Answer(Nothing(), status=202)


@routes.post(
    "/verify-email",
    guard=public(),
    body=TokenBody,
    answers={204: None},
    summary="Confirm an address by the token mailed to it",
)
def verify_email(*, body: TokenBody, session: Session) -> Answer:
    use_cases.follow_link(session, body.token)
    return Answer(status=204)


@routes.get("/me", guard=signed_in(), answers={200: AccountView}, summary="Your account")
def me(*, session: Session, principal: Principal) -> AccountView:
    return _view(session, principal)


@routes.patch(
    "/me", guard=signed_in(), body=ProfileBody, answers={200: AccountView}, summary="Change your name or language"
)
def change_me(*, body: ProfileBody, session: Session, principal: Principal) -> AccountView:
    command = use_cases.ChangeProfile(name=body.name, language=body.language)
    use_cases.change_profile(session, principal, command)
    return _view(session, principal)


@routes.post(
    "/me/email",
    guard=signed_in(),
    body=NewEmailBody,
    answers={202: Nothing},
    summary="Ask for another address; it counts once the link mailed to it was followed",
)
def change_email(*, body: NewEmailBody, principal: Principal) -> Answer:
    command = use_cases.ChangeEmail(email=body.email, password=body.password, address=request.remote_addr)
    use_cases.ask_new_email(part(Core), principal, command)
    return Answer(Nothing(), status=202)


@routes.delete("/me", guard=signed_in(), body=DeleteAccountBody, answers={204: None}, summary="Delete your account")
def delete_me(*, body: DeleteAccountBody, principal: Principal) -> Answer:
    command = use_cases.DeleteAccount(password=body.password, otp=body.otp, address=request.remote_addr)
    use_cases.delete_account(part(Core), principal, command)
    return Answer(status=204)


def _view(session: Session, principal: Principal) -> AccountView:
    user = lock_user(session, principal.user_id)
    return AccountView.of(user, recovery_codes_left=codes_left(session, user.id))
