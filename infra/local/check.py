"""`make infra-check`: the list of services, the compose file and nginx's templates say the same; nginx accepts them."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from local import web_server
from local.catalogue import ROOT, Service, services
from local.layout import Addresses, Home

_UPSTREAM = re.compile(r"^\s+(\w+)\s+\$\{(\w+_UPSTREAM)\};$", re.MULTILINE)


def compose_complaints(compose: dict[str, object], known: tuple[Service, ...]) -> list[str]:
    """What the compose file lacks of each service: its API, worker, migration and secrets volume."""
    parts = compose["services"]
    volumes = compose["volumes"]
    if not isinstance(parts, dict) or not isinstance(volumes, dict):
        return ["docker-compose.yml has no services or no volumes"]
    wanted = [name for s in known for name in (s.name, f"{s.name}-worker", f"{s.name}-migrate")]
    found = [f"docker-compose.yml lacks the container {name}" for name in wanted if name not in parts]
    for service in known:
        if f"secrets-{service.name}" not in volumes:
            found.append(f"docker-compose.yml lacks the volume secrets-{service.name}")
        given = parts.get(service.name, {}).get("environment", {})
        names = [f"MUSTER_{secret.upper()}_FILE" for secret in service.secrets]
        found += [f"docker-compose.yml: {service.name} lacks {name}" for name in names if name not in given]
        if web_server.upstream_name(service) not in parts["nginx"]["environment"]:
            found.append(f"docker-compose.yml: nginx lacks {web_server.upstream_name(service)}")
    return found


def route_complaints(template: str, known: tuple[Service, ...]) -> list[str]:
    """Services that nginx's template sends nothing to."""
    upstreams = dict(_UPSTREAM.findall(template))
    found = []
    for service in known:
        if upstreams.get(service.name) != web_server.upstream_name(service):
            found.append(f"nginx/templates: no upstream for {service.name}")
        if not re.search(rf"^\s+\S+\s+{service.name};$", template, re.MULTILINE):
            found.append(f"nginx/templates: no route to {service.name}")
    return found


def nginx_complaint(known: tuple[Service, ...]) -> str:
    """What nginx itself says against the rendered templates."""
    with tempfile.TemporaryDirectory() as folder:
        apis = {service.name: 9000 + number for number, service in enumerate(known)}
        addresses = Addresses(public=8080, media=8081, postgres=1, aws=2, edge=3, smtp=4, apis=apis)
        home = Home(Path(folder))
        web_server.prepare(home, addresses, known)
        return web_server.check(home)


def docker_complaint() -> str:
    """What Docker Compose says against the file; nothing where there is no Docker, for yaml was read already."""
    if shutil.which("docker") is None:
        return ""
    done = subprocess.run(
        ["docker", "compose", "config", "--quiet"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stderr.strip() if done.returncode != 0 else ""


def main() -> int:
    """The command: one line per complaint."""
    known = services()
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    template = (web_server.SOURCE / "templates" / "muster.conf.template").read_text(encoding="utf-8")
    found = [*compose_complaints(compose, known), *route_complaints(template, known)]
    found += [complaint for complaint in (nginx_complaint(known), docker_complaint()) if complaint]
    sys.stderr.writelines(f"muster: {complaint}\n" for complaint in found)
    if not found:
        sys.stdout.write(f"{len(known)} services: compose, nginx and the list of services agree\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
