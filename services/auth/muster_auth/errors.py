"""What can be wrong in auth, as problems with a stable `type`."""

from muster_shared.problems import Conflict, FieldError, Forbidden, Invalid, Unauthenticated, Unavailable


class InvalidCredentials(Unauthenticated):
    """401: no such account or a wrong password; the caller is told the same for both."""

    slug, title = "invalid-credentials", "E-mail address or password is wrong"


class OtpRequired(Unauthenticated):
    """401: the password is right and the account wants its second factor too."""

    slug, title = "otp-required", "A code of your authenticator is needed"


class OtpInvalid(Unauthenticated):
    """401: the password is right, the code is not, or it was used before."""

    slug, title = "otp-invalid", "The code is wrong or was used already"


class EmailNotVerified(Forbidden):
    """403: the password is right, but the address was never confirmed; a new mail is on its way."""

    slug, title = "email-not-verified", "Confirm your e-mail address first: we have sent you a link"


class CrossSiteRequest(Forbidden):
    """403: a cookie route was called without the custom header, or from another site."""

    slug, title = "cross-site-request", "This call must come from Muster's own pages"


class SessionEnded(Unauthenticated):
    """401: the refresh token is unknown, used up, expired, or its session has ended."""

    slug, title = "session-ended", "The session has ended; sign in again"


class TokenInvalid(Invalid):
    """422: the token of a mail's link is unknown, used or expired; the caller is told the same for all."""

    slug, title = "token-invalid", "The link does not hold: it was used already, has expired, or is incomplete"

    def __init__(self) -> None:
        super().__init__(errors=[FieldError(pointer="/token", detail="is unknown, used or expired")])


class WrongPassword(Invalid):
    """422: the present password, asked again before something that matters, is wrong."""

    slug, title = "wrong-password", "The password is wrong"

    def __init__(self, pointer: str = "/password") -> None:
        super().__init__(errors=[FieldError(pointer=pointer, detail="is not your password")])


class WrongCode(Invalid):
    """422: the code, asked for again before something that matters, is wrong or was used.

    Not 401, which would tell a client to renew its token and send the same code again.
    """

    slug, title = "otp-invalid", "The code is wrong or was used already"

    def __init__(self) -> None:
        super().__init__(errors=[FieldError(pointer="/otp", detail="is wrong or was used already")])


class CodeNeeded(Invalid):
    """422: the account has a second factor, so this takes a code of it too."""

    slug, title = "otp-required", "A code of your authenticator is needed"

    def __init__(self) -> None:
        super().__init__(errors=[FieldError(pointer="/otp", detail="is required")])


class AddressTaken(Conflict):
    """409: the address became another account's in the meantime."""

    slug, title = "address-taken", "The e-mail address cannot be used"


class LastOwner(Conflict):
    """409: an organisation cannot be without an owner."""

    slug, title = "last-owner", "An organisation needs an owner: make somebody else one first"


class AlreadyMember(Conflict):
    """409: the invited person is a member already."""

    slug, title = "already-member", "Already a member of this organisation"


class InvitationForAnother(Forbidden):
    """403: the invitation went to another address than the account's."""

    slug, title = "invitation-for-another", "The invitation was sent to another e-mail address"


class TwoLiveKeys(Conflict):
    """409: a name may have two live keys, the old and the new one of a rotation."""

    slug, title = "two-live-keys", "Two keys of this name are live: revoke one first"


class TooMany(Conflict):
    """409: the organisation has as many of these as it may."""

    slug, title = "limit-reached", "There are as many as there may be"


class TotpState(Conflict):
    """409: the second factor is not in the state the call needs."""

    slug, title = "totp-state", "The second factor is not in the state for this"


class HashingBusy(Unavailable):
    """503: as many passwords are being checked as may be at once; everything else goes on."""

    slug, title = "signing-in-busy", "Many people are signing in just now; try again in a moment"
