"""Wire shapes of signing in and of sessions."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from muster_shared.web import Body, Email, Page, UtcTime, View

# A password that is too short or too long is simply wrong here; only what cannot be one is refused unread.
GivenPassword = Annotated[str, Field(max_length=1000)]
GivenCode = Annotated[str, Field(max_length=64)]
GivenToken = Annotated[str, Field(max_length=512)]


class SignInBody(Body):
    """Address and password, and the code of the second factor (or a recovery code) where there is one."""

    email: Email
    password: GivenPassword
    otp: GivenCode | None = None


class RefreshBody(Body):
    """A refresh token."""

    refresh_token: GivenToken


class NoBody(Body):
    """Nothing: the token is in the cookie."""


class BrowserTokensView(View):
    """What a browser gets: its refresh token is in an HttpOnly cookie."""

    access_token: str
    id_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # RFC 6750's word
    expires_in: int


class TokensView(BrowserTokensView):
    """What a client gets that keeps its refresh token itself."""

    refresh_token: str


class SessionView(View):
    """One session: where it is and when it was last used."""

    id: UUID
    device: str
    address: str
    kind: Literal["browser", "token"]
    created_at: UtcTime
    last_used_at: UtcTime
    expires_at: UtcTime
    current: bool


SessionPage = Page[SessionView]
