"""Rotating the keys of access tokens: `python -m muster_auth.keys {generate,publish,sign,retire,list}`.

Works on the file that `MUSTER_JWT_KEYS_FILE` names (or `--file`). Running services see a change within a second;
nothing is restarted. See docs/runbooks/rotate-signing-keys.md for the order and the waits.
"""

import argparse
import json
import os
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from muster_auth.keyring import KeyFileWrong, KeyStatus, read_ring
from muster_shared.auth.tokens import ACCESS_LIFETIME_SECONDS

# How long the services go on with a JWKS they have read, and how long a token signed last may live, with leeway.
JWKS_KEPT_SECONDS = 300
TOKENS_LIVE_SECONDS = ACCESS_LIFETIME_SECONDS + 60

Entry = dict[str, Any]


class KeyCommandRefused(Exception):
    """The command would sign people out or leave nothing to sign with; the text says why."""


def new_entry(status: KeyStatus) -> Entry:
    """A new key as the file keeps it."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {
        "kid": f"k-{secrets.token_hex(8)}",
        "status": status.value,
        "private_pem": pem.decode(),
        "changed_at": int(time.time()),
    }


def publish(entries: list[Entry]) -> Entry:
    """Adds a key that verifies and does not sign yet."""
    entry = new_entry(KeyStatus.PUBLISHED)
    entries.append(entry)
    return entry


def sign_with(entries: list[Entry], kid: str, *, hurry: bool = False) -> Entry:
    """Lets `kid` sign from now on; the key before it stays published. Raises `KeyCommandRefused`."""
    entry = _entry(entries, kid)
    if entry["status"] != KeyStatus.PUBLISHED.value:
        raise KeyCommandRefused(f"{kid} is {entry['status']}; only a published key can begin to sign")
    _wait_over(entry, JWKS_KEPT_SECONDS, "services may not know it yet", hurry=hurry)
    for other in entries:
        if other["status"] == KeyStatus.SIGNING.value:
            _become(other, KeyStatus.PUBLISHED)
    _become(entry, KeyStatus.SIGNING)
    return entry


def retire(entries: list[Entry], kid: str, *, hurry: bool = False) -> Entry:
    """Makes `kid` hold no longer and forgets its private half. Raises `KeyCommandRefused`."""
    entry = _entry(entries, kid)
    if entry["status"] == KeyStatus.SIGNING.value:
        raise KeyCommandRefused(f"{kid} signs; let another sign first")
    if entry["status"] == KeyStatus.PUBLISHED.value:
        _wait_over(entry, TOKENS_LIVE_SECONDS, "tokens it signed may still live", hurry=hurry)
    _become(entry, KeyStatus.RETIRED)
    entry["private_pem"] = None
    return entry


def _become(entry: Entry, status: KeyStatus) -> None:
    entry["status"], entry["changed_at"] = status.value, int(time.time())


def _entry(entries: list[Entry], kid: str) -> Entry:
    found = next((entry for entry in entries if entry["kid"] == kid), None)
    if found is None:
        raise KeyCommandRefused(f"there is no key {kid}")
    return found


def _wait_over(entry: Entry, seconds: int, why: str, *, hurry: bool) -> None:
    remaining = int(entry.get("changed_at", 0)) + seconds - int(time.time())
    if remaining > 0 and not hurry:
        raise KeyCommandRefused(f"{why}: wait {remaining} s, or say --now after a leak")


def save(path: Path, entries: list[Entry]) -> None:
    """Writes the file whole or not at all, for its owner alone; refuses one that auth could not use."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(entries, file, indent=1)
    try:
        read_ring(partial)
    except KeyFileWrong:
        partial.unlink()
        raise
    if path.exists():
        before = path.stat()
        partial.chmod(before.st_mode & 0o777)
        if os.geteuid() == 0:
            os.chown(partial, before.st_uid, before.st_gid)
    partial.replace(path)


def _load(path: Path) -> list[Entry]:
    read_ring(path)
    entries: list[Entry] = json.loads(path.read_text(encoding="utf-8"))
    return entries


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m muster_auth.keys", description=__doc__)
    parser.add_argument("--file", type=Path, default=os.environ.get("MUSTER_JWT_KEYS_FILE"))
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("generate", help="a new file with one key that signs; refuses to overwrite")
    commands.add_parser("publish", help="a new key that verifies and does not sign yet")
    commands.add_parser("list", help="kid, status and when it last changed")
    for name, what in (("sign", "let a published key sign"), ("retire", "make a key hold no longer")):
        command = commands.add_parser(name, help=what)
        command.add_argument("kid")
        command.add_argument("--now", action="store_true", help="do not wait; after a leak")
    return parser


def _run(options: argparse.Namespace) -> str:
    path = Path(options.file)
    if options.command == "generate":
        if path.exists():
            raise KeyCommandRefused("the file exists; publish adds a key to it")
        entry = new_entry(KeyStatus.SIGNING)
        save(path, [entry])
        return f"{entry['kid']} signing"
    entries = _load(path)
    if options.command == "list":
        return "\n".join(f"{entry['kid']} {entry['status']} {entry.get('changed_at', '-')}" for entry in entries)
    steps: dict[str, Callable[[], Entry]] = {
        "publish": lambda: publish(entries),
        "sign": lambda: sign_with(entries, options.kid, hurry=options.now),
        "retire": lambda: retire(entries, options.kid, hurry=options.now),
    }
    entry = steps[options.command]()
    save(path, entries)
    return f"{entry['kid']} {entry['status']}"


def main(arguments: list[str]) -> int:
    """The command; 64 without a file, 1 for what is refused."""
    options = _parser().parse_args(arguments)
    if options.file is None:
        sys.stderr.write("which file? --file, or MUSTER_JWT_KEYS_FILE\n")
        return 64
    try:
        said = _run(options)
    except (KeyCommandRefused, KeyFileWrong) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{said}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
