"""Access tokens for tests, signed with a key that only the test knows."""

import time
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec

from muster_shared.auth.tokens import ACCESS_AUDIENCE, ACCESS_LIFETIME_SECONDS, ACCESS_TYPE, StaticKeys, sign
from muster_shared.ids import new_id

ISSUER = "http://localhost:8080"
KID = "test-key"


class TestIssuer:
    """Issues access tokens as auth would."""

    __test__ = False

    def __init__(self) -> None:
        self.private_key = ec.generate_private_key(ec.SECP256R1())
        self.keys = StaticKeys({KID: self.private_key.public_key()})

    def token(self, user_id: UUID, *, session_id: UUID | None = None, name: str = "Alice", **claims: Any) -> str:
        """A valid token of `user_id`; `claims` replace or add, None takes one away."""
        now = int(time.time())
        content: dict[str, Any] = {
            "iss": ISSUER,
            "aud": ACCESS_AUDIENCE,
            "sub": str(user_id),
            "sid": str(session_id or new_id()),
            "name": name,
            "iat": now,
            "nbf": now,
            "exp": now + ACCESS_LIFETIME_SECONDS,
            "jti": str(new_id()),
            **claims,
        }
        content = {key: value for key, value in content.items() if value is not None}
        return sign(content, key=self.private_key, kid=KID, typ=ACCESS_TYPE)

    def headers(self, user_id: UUID, **claims: Any) -> dict[str, str]:
        """`Authorization` for `user_id`."""
        return {"Authorization": f"Bearer {self.token(user_id, **claims)}"}
