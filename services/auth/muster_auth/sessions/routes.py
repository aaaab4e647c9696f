"""HTTP of signing in and out, and of sessions."""

from datetime import datetime
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from muster_auth.core import Core
from muster_auth.errors import SessionEnded
from muster_auth.sessions import cookies, queries, use_cases
from muster_auth.sessions.devices import Device, label_of
from muster_auth.sessions.models import EndReason, SessionKind, UserSession
from muster_auth.sessions.schemas import (
    BrowserTokensView,
    NoBody,
    RefreshBody,
    SessionPage,
    SessionView,
    SignInBody,
    TokensView,
)
from muster_auth.sessions.sign_in import SignIn, sign_in
from muster_auth.sessions.tokens import Tokens
from muster_shared.auth import Principal
from muster_shared.auth.guards import public, signed_in
from muster_shared.problems import NotFound
from muster_shared.web import Answer, PageQuery, Routes, page_answer, read_cursor
from muster_shared.web.app import part
from muster_shared.web.rate_limit import address_prefix

routes = Routes("sessions", prefix="/api/auth", tag="signing in")
_SCOPE = "sessions"


def _device() -> Device:
    return Device(label=label_of(request.headers.get("User-Agent", "")), address=address_prefix(request.remote_addr))


def _sign_in(body: SignInBody, kind: SessionKind) -> Tokens:
    command = SignIn(
        email=body.email,
        password=body.password,
        otp=body.otp,
        kind=kind,
        device=_device(),
        address=request.remote_addr,
    )
    return sign_in(part(Core), command)


@routes.post("/login", guard=public(), body=SignInBody, answers={200: TokensView}, errors=[401, 403], summary="Sign in")
def login(*, body: SignInBody) -> TokensView:
    return TokensView.model_validate(_sign_in(body, SessionKind.TOKEN))


@routes.post(
    "/refresh",
    guard=public(),
    body=RefreshBody,
    answers={200: TokensView},
    errors=[401],
    summary="New tokens for a refresh token, which is used up by it",
)
def refresh(*, body: RefreshBody) -> TokensView:
    command = use_cases.Refresh(token=body.refresh_token, kind=SessionKind.TOKEN, device=_device())
    return TokensView.model_validate(use_cases.carry_on(part(Core), command))


@routes.post("/logout", guard=public(), body=RefreshBody, answers={204: None}, summary="Sign out")
def logout(*, body: RefreshBody) -> Answer:
    use_cases.end_by_token(part(Core), body.refresh_token)
    return Answer(status=204)


@routes.post(
    "/browser/login",
    guard=public(),
    body=SignInBody,
    answers={200: BrowserTokensView},
    errors=[401, 403],
    summary="Sign in; the refresh token goes into a cookie",
)
def browser_login(*, body: SignInBody) -> Answer:
    cookies.require_same_site(part(Core).settings, request)
    return _with_cookie(_sign_in(body, SessionKind.BROWSER))


@routes.post(
    "/browser/refresh",
    guard=public(),
    body=NoBody,
    answers={200: BrowserTokensView},
    errors=[401, 403],
    summary="New tokens for the cookie",
)
def browser_refresh(*, body: NoBody) -> Answer:  # noqa: ARG001  # that it is empty is all there is to it
    core = part(Core)
    cookies.require_same_site(core.settings, request)
    try:
        token = cookies.refresh_cookie(core.settings, request)
        command = use_cases.Refresh(token=token, kind=SessionKind.BROWSER, device=_device())
        return _with_cookie(use_cases.carry_on(core, command))
    except SessionEnded as error:
        error.headers["Set-Cookie"] = cookies.clear_cookie(core.settings)
        raise


@routes.post(
    "/browser/logout",
    guard=public(),
    body=NoBody,
    answers={204: None},
    errors=[403],
    summary="Sign out and forget the cookie",
)
def browser_logout(*, body: NoBody) -> Answer:  # noqa: ARG001  # that it is empty is all there is to it
    core = part(Core)
    cookies.require_same_site(core.settings, request)
    token = request.cookies.get(cookies.cookie_name(core.settings))
    if token:
        use_cases.end_by_token(core, token)
    return Answer(status=204, headers={"Set-Cookie": cookies.clear_cookie(core.settings)})


def _with_cookie(tokens: Tokens) -> Answer:
    settings = part(Core).settings
    return Answer(
        BrowserTokensView.model_validate(tokens),
        headers={"Set-Cookie": cookies.set_cookie(settings, tokens.refresh_token)},
    )


@routes.get(
    "/sessions", guard=signed_in(), query=PageQuery, answers={200: SessionPage}, summary="Where you are signed in"
)
def list_sessions(*, query: PageQuery, session: Session, principal: Principal) -> Answer:
    given = read_cursor(query.cursor, scope=_SCOPE)
    after = None if given is None else (datetime.fromisoformat(given[0]), UUID(given[1]))
    rows = queries.living_sessions(session, principal.user_id, after=after, limit=query.limit)
    return Answer(
        page_answer(
            rows,
            limit=query.limit,
            scope=_SCOPE,
            key=lambda row: (row.created_at, row.id),
            view=lambda row: _view(row, principal).model_dump(mode="json"),
        )
    )


@routes.delete("/sessions/<uuid:session_id>", guard=signed_in(), answers={204: None}, summary="Sign out one session")
def revoke_session(*, session_id: UUID, session: Session, principal: Principal) -> Answer:
    if principal.user_id is None or not use_cases.end_of_user(
        session, user_id=principal.user_id, session_id=session_id
    ):
        raise NotFound
    return Answer(status=204)


@routes.delete("/sessions", guard=signed_in(), answers={204: None}, summary="Sign out everywhere but here")
def revoke_others(*, session: Session, principal: Principal) -> Answer:
    if principal.user_id is not None:
        use_cases.end_all(session, user_id=principal.user_id, reason=EndReason.REVOKED, but=principal.session_id)
    return Answer(status=204)


def _view(row: UserSession, principal: Principal) -> SessionView:
    return SessionView(
        id=row.id,
        device=row.device,
        address=row.address,
        kind=SessionKind(row.kind).value,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        current=row.id == principal.session_id,
    )
