"""Who is asking, and what they may do: tokens, service keys, memberships, links."""

from muster_shared.auth.principal import Principal, PrincipalKind, Role

__all__ = ["Principal", "PrincipalKind", "Role"]
