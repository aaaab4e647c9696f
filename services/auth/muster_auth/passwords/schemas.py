"""Wire shapes of passwords."""

from muster_auth.accounts.schemas import NewPassword
from muster_auth.sessions.schemas import GivenPassword, GivenToken
from muster_shared.web import Body, Email


class ForgotBody(Body):
    """Whose password was forgotten."""

    email: Email


class ResetBody(Body):
    """The token of the mail's link, and the new password."""

    token: GivenToken
    password: NewPassword


class ChangePasswordBody(Body):
    """The present password and the new one."""

    current_password: GivenPassword
    new_password: NewPassword
