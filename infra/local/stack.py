"""The programs of an embedded stack, each as the supervisor runs it."""

import importlib
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local import layout, web_server
from local.catalogue import ROOT, Service
from local.layout import Addresses, Home
from local.postgres import SUPERUSER, Cluster
from local.processes import Program

FOUNDATIONS, SERVICES, FRONT = range(3)
GUNICORN_CONFIGURATION = ROOT / "services" / "gunicorn.conf.py"


@dataclass(frozen=True)
class Stack:
    """One embedded stack: its home, its ports, and the sockets that its web processes inherit."""

    home: Home
    addresses: Addresses
    services: tuple[Service, ...]
    sockets: dict[str, socket.socket]
    database_password: str
    aws_secret_key: str

    @property
    def _common(self) -> dict[str, str]:
        return layout.common_environment(self.addresses, self.aws_secret_key)

    def postgres(self, cluster: Cluster) -> Program:
        """PostgreSQL; SIGINT is its fast shutdown."""
        return Program(
            name="postgres",
            stage=FOUNDATIONS,
            environment=layout.inherited() | {"LC_ALL": "C"},
            command=tuple(cluster.command(self.addresses.postgres)),
            before_exec=cluster.drop_privileges(),
            stop_signal=signal.SIGINT,
            stop_seconds=20,
        )

    def aws(self) -> Program:
        """The AWS stand-in. It writes its state to disk when it ends; killed, it has to be set up again."""
        state = self.home.aws
        return Program(
            name="aws",
            stage=FOUNDATIONS,
            environment=layout.inherited()
            | {
                "AUTH": "true",
                "SERVICES": "s3,sqs,ses,sns,sts,iam",
                "GATEWAY_PORT": str(self.addresses.aws),
                "BIND_HOST": "127.0.0.1",
                # Of buckets whose own region it no longer knows, after it was killed.
                "MINISTACK_REGION": layout.REGION,
                "PERSIST_STATE": "1",
                "STATE_DIR": str(state / "state"),
                "S3_PERSIST": "1",
                "S3_DATA_DIR": str(state / "s3"),
                "AWS_ACCESS_KEY_ID": layout.ACCESS_KEY_ID,
                "AWS_SECRET_ACCESS_KEY": self.aws_secret_key,
                "SMTP_HOST": f"127.0.0.1:{self.addresses.smtp}",
                "SFTP_ENABLED": "0",
                "LOG_LEVEL": "WARNING",
                # It would look for containers to clear away; none are its own here.
                "DOCKER_HOST": "unix:///nonexistent",
            },
            command=(str(ROOT / ".venv-aws" / "bin" / "ministack"),),
            stop_seconds=20,
            repair=self._bootstrap("aws"),
        )

    def edge(self) -> Program:
        """CloudFront's stand-in, which also takes what SES sends."""
        environment = self._common | {
            "MUSTER_CDN_PUBLIC_KEY_FILE": str(self.home.secrets / "edge" / "cdn_public_key"),
            "MUSTER_MAILBOX_DIRECTORY": str(self.home.mails),
            "MUSTER_SMTP_FD": str(self.sockets["smtp"].fileno()),
            "MUSTER_SERVICE": "edge",
            "MUSTER_BIND": f"fd://{self.sockets['edge'].fileno()}",
        }
        return Program(
            name="edge",
            stage=SERVICES,
            environment=environment,
            call=lambda: serve_with_gunicorn("local.edge.app:create_app()"),
        )

    def preparations(self) -> list[Program]:
        """One-off: secrets, roles and schemas first, for the rest needs them."""
        return [self._bootstrap("database")]

    def further_preparations(self) -> list[Program]:
        """One-off, side by side: buckets and queues, and every service's migrations."""
        return [self._bootstrap("aws"), *(self._migration(service) for service in self.services)]

    def _bootstrap(self, part: str) -> Program:
        place = f"{SUPERUSER}:{self.database_password}@127.0.0.1:{self.addresses.postgres}"
        environment = self._common | {
            "MUSTER_DATABASE_ADMIN_URL": f"postgresql://{place}/postgres",
            "MUSTER_SECRETS": str(self.home.secrets),
            "MUSTER_SITE_SOURCE": str(layout.SITE_BUILD),
        }
        return Program(
            name=f"bootstrap-{part}",
            stage=SERVICES,
            environment=environment,
            call=lambda: run_module("local.bootstrap", part),
        )

    def _migration(self, service: Service) -> Program:
        owner_url = self.home.secrets / "migrations" / f"{service.name}_database_owner_url"
        return Program(
            name=f"{service.name}-migrate",
            stage=SERVICES,
            environment=self._common | {"MUSTER_DATABASE_OWNER_URL_FILE": str(owner_url)},
            call=lambda: run_module("muster_shared.migrate", service.package),
        )

    def service_programs(self) -> list[Program]:
        """API and worker of every service."""
        return [make(service) for service in self.services for make in (self._api, self._worker)]

    def _environment(self, service: Service) -> dict[str, str]:
        return layout.service_environment(service, self.addresses, self.home, self.aws_secret_key)

    def _api(self, service: Service) -> Program:
        bind = f"fd://{self.sockets[service.name].fileno()}"
        return Program(
            name=f"{service.name}-api",
            stage=SERVICES,
            environment=self._environment(service) | {"MUSTER_BIND": bind},
            call=lambda: serve_with_gunicorn(f"{service.package}.app:create_app()"),
        )

    def _worker(self, service: Service) -> Program:
        return Program(
            name=f"{service.name}-worker",
            stage=SERVICES,
            environment=layout.worker_environment(self._environment(service)),
            call=lambda: run_module("muster_shared.worker", service.package),
            stop_seconds=15,
        )

    def nginx(self) -> Program:
        """The web server in front."""
        return Program(
            name="nginx",
            stage=FRONT,
            environment=layout.inherited(),
            command=web_server.command(self.home),
            stop_seconds=5,
        )

    def questions(self) -> dict[str, tuple[int, str]]:
        """Where each web process says whether it is ready."""
        apis = {f"{name}-api": (port, "/readyz") for name, port in self.addresses.apis.items()}
        return apis | {"edge": (self.addresses.edge, "/readyz"), "nginx": (self.addresses.public, "/")}


def serve_with_gunicorn(application: str) -> None:
    """gunicorn in this process, as its command line would run it."""
    run: Callable[..., object] = importlib.import_module("gunicorn.app.wsgiapp").run
    sys.argv = ["gunicorn", "--config", str(GUNICORN_CONFIGURATION), application]
    run(prog="gunicorn")


def run_module(module: str, *arguments: str) -> None:
    """`python -m module arguments` in this process. Ends it with the status that the module returns."""
    main: Callable[..., int | None] = importlib.import_module(module).main
    sys.argv = [str(Path(module)), *arguments]
    raise SystemExit(main(list(arguments)) if main.__code__.co_argcount else main())
