"""`make new-service NAME=invoices`: a service that runs and is tested, entered wherever services are listed."""

import json
import keyword
import re
import shutil
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

from local.catalogue import ROOT

_NAME = re.compile(r"[a-z][a-z0-9]{1,20}")
_TEMPLATE = Path(__file__).with_name("service_template")
_COPIED_FROM = "auth"
_REPLICATED = (
    "organization.changed.v1",
    "membership.changed.v1",
    "session.revoked.v1",
    "service_key.changed.v1",
)
_TAKEN = frozenset({"edge", "shared", "migrations", "local", "dashboard", "internal", "aws", "postgres", "nginx"})


class Refused(Exception):
    """The service cannot be made; the text is one line."""


def create(name: str, root: Path = ROOT) -> list[Path]:
    """Makes service `name` under `root`; returns what was written or changed. Raises `Refused`."""
    _check(name, root)
    folder = root / "services" / name
    written = _write_package(name, folder)
    shutil.copy(root / "services" / _COPIED_FROM / "requirements.lock", folder / "requirements.lock")
    edits: tuple[tuple[str, Callable[[str, str], str]], ...] = (
        ("infra/local/services.toml", _in_catalogue),
        ("docker-compose.yml", _in_compose),
        ("nginx/templates/muster.conf.template", _in_nginx),
        ("pyproject.toml", _in_pyproject),
        ("shared/muster_shared/messages/routing.json", _in_routing),
    )
    for path, edit in edits:
        file = root / path
        file.write_text(edit(file.read_text(encoding="utf-8"), name), encoding="utf-8")
        written.append(file)
    return [*written, folder / "requirements.lock"]


def _check(name: str, root: Path) -> None:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or name in _TAKEN:
        raise Refused("a service's name is 2 to 21 lower case letters and digits, and no word that is taken")
    known = tomllib.loads((root / "infra" / "local" / "services.toml").read_text(encoding="utf-8"))
    if name in known or (root / "services" / name).exists():
        raise Refused(f"there is a service {name} already")


def _write_package(name: str, folder: Path) -> list[Path]:
    copied = tomllib.loads((folder.parent / _COPIED_FROM / "pyproject.toml").read_text(encoding="utf-8"))
    dependencies = "".join(f'  "{entry}",\n' for entry in copied["project"]["dependencies"])
    written = []
    for source in sorted(_TEMPLATE.rglob("*.template")):
        place = source.relative_to(_TEMPLATE).with_suffix("")
        parts = [f"muster_{name}" if part == "package" else part for part in place.parts]
        path = folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8").replace("@@name@@", name).replace("@@Name@@", name.capitalize())
        path.write_text(text.replace("@@dependencies@@", dependencies), encoding="utf-8")
        written.append(path)
    return written


def _in_catalogue(text: str, name: str) -> str:
    return f"{text}\n[{name}]\n"


def _before(text: str, mark: str, addition: str) -> str:
    """Puts `addition` on the line above the comment `# new-service: mark`, at its depth."""
    found = re.search(rf"^( *)# new-service: {mark}$", text, re.MULTILINE)
    if found is None:
        raise Refused(f"the line '# new-service: {mark}' is missing")
    depth = found[1]
    lines = "".join(f"{depth}{line}\n" if line else "\n" for line in addition.splitlines())
    return text[: found.start()] + lines + text[found.start() :]


def _in_compose(text: str, name: str) -> str:
    settings = f"""x-{name}: &{name}
  image: muster/{name}
  environment:
    <<: *service-settings
  volumes: ["secrets-{name}:/run/muster/secrets:ro"]
  depends_on:
    {name}-migrate: {{condition: service_completed_successfully}}

"""
    containers = f"""{name}-migrate:
  <<: *migrate
  image: muster/{name}
  environment: {{MUSTER_DATABASE_OWNER_URL_FILE: /run/muster/secrets/{name}_database_owner_url}}
{name}:
  <<: [*api, *{name}]
  build: {{context: ., dockerfile: services/Dockerfile, args: {{SERVICE: {name}}}}}
{name}-worker:
  <<: [*worker, *{name}]

"""
    text = _before(text, "settings", settings)
    text = _before(text, "bootstrap volumes", f"- secrets-{name}:/run/muster/all/{name}")
    text = _before(text, "upstreams", f"{name.upper()}_UPSTREAM: {name}:8000")
    text = _before(text, "front", f"{name}: {{condition: service_healthy}}")
    text = _before(text, "services", containers)
    return _before(text, "volumes", f"secrets-{name}:")


def _in_nginx(text: str, name: str) -> str:
    text = _before(text, "routes", f"~^/api/{name}(/|$) {name};")
    return _before(text, "upstreams", f"{name} ${{{name.upper()}_UPSTREAM}};")


def _in_pyproject(text: str, name: str) -> str:
    """Adds the new one after media wherever the services are listed."""
    return text.replace('"services/media"', f'"services/media", "services/{name}"').replace(
        '"muster_media"', f'"muster_media", "muster_{name}"'
    )


def _in_routing(text: str, name: str) -> str:
    table: dict[str, list[str]] = json.loads(text)
    for kind in _REPLICATED:
        table[kind].append(name)
    rows = ",\n".join(f"  {json.dumps(kind)}: {json.dumps(consumers)}" for kind, consumers in table.items())
    return f"{{\n{rows}\n}}\n"


def main(arguments: list[str]) -> int:
    """The command."""
    if len(arguments) != 1:
        sys.stderr.write("usage: make new-service NAME=invoices\n")
        return 64
    try:
        written = create(arguments[0])
    except Refused as refusal:
        sys.stderr.write(f"muster: {refusal}\n")
        return 1
    for path in written:
        sys.stdout.write(f"  {path.relative_to(ROOT)}\n")
    name = arguments[0]
    sys.stdout.write(
        f"{name} is there: `make run` serves it, `make test ARGS=services/{name}` tests it."
        " `make setup` lets your editor import it.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
