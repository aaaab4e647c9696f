"""The pytest plugin with the shared fixtures; the root conftest names it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from muster_shared.testing.postgres import Cluster, Databases, running_cluster
from muster_shared.testing.tokens import TestIssuer

_CLUSTER = pytest.StashKey[AbstractContextManager[Cluster]]()
_FOLDER = "muster_cluster_folder"


class _ClusterForWorkers:
    """With xdist: the controller starts the one cluster and tells every worker where it is."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        stash = node.config.stash
        if _CLUSTER not in stash:
            manager = running_cluster()
            stash[_CLUSTER] = manager
            node.config.muster_cluster = manager.__enter__()
        node.workerinput[_FOLDER] = str(node.config.muster_cluster.folder)


def pytest_configure(config: pytest.Config) -> None:
    """Registers the part that only xdist knows the hooks of."""
    if config.pluginmanager.hasplugin("xdist") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_ClusterForWorkers(), "muster-cluster")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the cluster that was started for workers."""
    manager = config.stash.get(_CLUSTER, None)
    if manager is not None:
        manager.__exit__(None, None, None)


@pytest.fixture(scope="session")
def postgres_cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The session's one cluster."""
    given = getattr(request.config, "workerinput", {}).get(_FOLDER)
    if given is not None:
        yield Cluster(folder=Path(given))
        return
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def session_databases(request: pytest.FixtureRequest, postgres_cluster: Cluster) -> Iterator[Databases]:
    """This worker's databases, for fixtures of the session's scope; nothing empties them."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    made = Databases(postgres_cluster, worker=worker)
    yield made
    made.close()


@pytest.fixture
def databases(session_databases: Databases) -> Iterator[Databases]:
    """This worker's databases by service (`databases.get("events")`), emptied after the test."""
    yield session_databases
    session_databases.clean()


@pytest.fixture(scope="session")
def issuer() -> TestIssuer:
    """Signs access tokens with a key of the tests' own."""
    return TestIssuer()
