"""The pool, transactions, and telling a conflict from an outage."""

import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from muster_shared.db.prepared import Prepared
from muster_shared.db.thin_reads import Rows, ThinReads

_CONNECT_TIMEOUT_SECONDS = 3
_POOL_TIMEOUT_SECONDS = 5
_STATEMENT_TIMEOUT_MS = 15_000
_IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000


class Database:
    """One service's pool. Opens no connection until the first use.

    `url` is a `postgresql+psycopg2://` address of the service's runtime role, whose `search_path` is the
    service's schema. Every connection has a statement timeout and one for sitting idle in a transaction.

    Reads have connections of their own, half as many. A request that holds a transaction may need one (a
    membership, a rate limit); were they the same, as many requests as there are connections could each wait for
    another's. `rows` has others, as many as there are for transactions: a wait for one would cost more than it.
    """

    def __init__(self, url: str, *, pool_size: int = 8, application_name: str = "muster") -> None:
        self.url = url
        self.engine = _engine(url, pool_size=pool_size, application_name=application_name)
        self._reads = _engine(
            url,
            pool_size=pool_size // 2 + 1,
            application_name=application_name,
            isolation_level="AUTOCOMMIT",
        )
        self._thin_reads = ThinReads(self._detached_read, size=pool_size, timeout_seconds=_POOL_TIMEOUT_SECONDS)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back when it raises."""
        with self._sessions.begin() as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection in autocommit, for reads of one statement; costs no BEGIN and COMMIT."""
        with self._reads.connect() as connection:
            yield connection

    def rows(self, statement: str, names: Mapping[str, Any]) -> Rows:
        """The rows of one read, through the driver alone: for the few that are asked for all the time.

        `statement` is a fixed text with `%(name)s` for each of `names`. Raises as `read` does.
        """
        return self._thin_reads.rows(statement, names)

    def commit(self, prepared: Prepared, names: Mapping[str, Any]) -> Rows:
        """The rows of one statement that is a whole transaction: a single round trip, committed on return.

        Raises as `transaction` does. It runs on the transactions' connections: it may wait for their locks, while
        those that hold them may need a read.
        """
        return prepared.alone(self.engine, names)

    def _detached_read(self) -> Any:
        """A connection with all that the engine of reads sets on its own, but out of its pool."""
        pooled = self._reads.raw_connection()
        connection = pooled.dbapi_connection
        pooled.detach()
        return connection

    @contextmanager
    def hold(self) -> Iterator[Connection]:
        """A connection in autocommit to keep for as long as something else goes on, as one with a lock is.

        It is one of the transactions': kept of the reads', a few would leave none for the reads inside.
        """
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection

    def ping(self) -> None:
        """Raises `sqlalchemy.exc.SQLAlchemyError` unless the database answers."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def dispose(self) -> None:
        """Forgets every connection; after a fork call it in the child before the first use."""
        self.engine.dispose(close=False)
        self._reads.dispose(close=False)
        self._thin_reads.forget()

    def close(self) -> None:
        """Closes every idle connection."""
        self.engine.dispose()
        self._reads.dispose()
        self._thin_reads.close()


def _engine(url: str, *, pool_size: int, application_name: str, **options: Any) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        # Errors are logged: the statement may be, what somebody typed into it may not.
        hide_parameters=True,
        max_overflow=0,
        pool_timeout=_POOL_TIMEOUT_SECONDS,
        pool_pre_ping=False,
        pool_use_lifo=True,
        json_serializer=lambda value: orjson.dumps(value, default=str).decode(),
        json_deserializer=orjson.loads,
        connect_args={
            "connect_timeout": _CONNECT_TIMEOUT_SECONDS,
            "application_name": application_name,
            "keepalives_idle": 30,
            "options": f"-c statement_timeout={_STATEMENT_TIMEOUT_MS} -c timezone=UTC"
            f" -c idle_in_transaction_session_timeout={_IDLE_IN_TRANSACTION_TIMEOUT_MS}",
        },
        **options,
    )
    event.listen(engine, "checkout", _discard_when_closed_by_server)
    return engine


def _discard_when_closed_by_server(connection: DBAPIConnection, _entry: ConnectionPoolEntry, _proxy: object) -> None:
    """A cheap pre-ping: psycopg2 knows of a hang-up once the socket has something to read.

    A restarted server closes its sockets; polling the descriptor costs a microsecond where `SELECT 1` costs a
    round trip per request.
    """
    raw: Any = connection
    if raw.closed:
        raise DisconnectionError("closed")
    poller = select.poll()
    poller.register(raw.fileno(), select.POLLIN)
    if poller.poll(0):
        raise DisconnectionError("the server hung up")


def constraint_of(error: IntegrityError) -> str | None:
    """The name of the constraint that `error` ran into, or None."""
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None)


def is_unavailable(error: Exception) -> bool:
    """Whether `error` says that the database is away or overloaded, rather than that the statement is wrong."""
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "pgcode", None)
    # 57P0x: shutting down or starting; 53xxx: out of resources; 57014: statement timeout; 08xxx: connection.
    return (
        error.connection_invalidated or code is None or code[:2] in {"08", "53"} or code[:3] == "57P" or code == "57014"
    )
