"""Wire shapes of the second factor."""

from muster_auth.sessions.schemas import GivenCode, GivenPassword
from muster_shared.web import Body, View


class EnrolBody(Body):
    """The password once more."""

    password: GivenPassword


class CodeBody(Body):
    """A code of the authenticator."""

    otp: GivenCode


class ProofBody(Body):
    """The password once more, and a code of the authenticator or a recovery code."""

    password: GivenPassword
    otp: GivenCode


class TotpView(View):
    """Whether the second factor is on. `recommended`: you are owner or manager somewhere and it is off."""

    enabled: bool
    recovery_codes_left: int
    recommended: bool


class EnrolmentView(View):
    """What an authenticator needs. `qr_svg` is a drawing of `uri`."""

    secret: str
    uri: str
    qr_svg: str


class RecoveryCodesView(View):
    """Codes that stand in for the authenticator, each once. They are shown this once."""

    recovery_codes: list[str]
