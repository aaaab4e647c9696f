"""Where a webhook may go: https to a public address, judged after the name is resolved, at every attempt."""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

_PORTS = frozenset({443, 8443})
_LONGEST = 2000


class AddressRefused(Exception):
    """The address is none that a webhook may have; the text says why, fit for whoever set it."""


@dataclass(frozen=True)
class Target:
    """A webhook's address with one of the public addresses its name resolves to."""

    host: str
    port: int
    path: str
    ip: str
    is_tls: bool


def check_url(url: str, *, allow_private: bool = False) -> tuple[str, int, str, bool]:
    """Host, port, path and whether it is https. Raises `AddressRefused`; resolves nothing."""
    if len(url) > _LONGEST or any(ord(character) <= 32 or ord(character) > 126 for character in url):
        raise AddressRefused("must be an address in ASCII without spaces")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("is not an address") from None
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        raise AddressRefused("must be https")
    if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment:
        raise AddressRefused("must have a host, and neither credentials nor a fragment")
    is_tls = parts.scheme == "https"
    port = port or (443 if is_tls else 80)
    if port not in _PORTS and not allow_private:
        raise AddressRefused("must be on port 443 or 8443")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.hostname, port, path, is_tls


def resolve(url: str, *, allow_private: bool = False) -> Target:
    """The target to connect to. Raises `AddressRefused` when any address of the name is not public.

    The caller connects to `ip` itself: a name that answers otherwise a moment later changes nothing.
    """
    host, port, path, is_tls = check_url(url, allow_private=allow_private)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefused("its name cannot be resolved") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise AddressRefused("leads to an address that is not public")
    return Target(host=host, port=port, path=path, ip=addresses[0], is_tls=is_tls)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet's, seen through IPv6's ways of writing IPv4."""
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
