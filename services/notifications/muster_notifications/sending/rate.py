"""The sending rate that all workers share: one row says when the next mail may go (GCRA)."""

from sqlalchemy import text

from muster_shared.db import Database

# A burst of what one second allows; after that, mails go as the rate lets them.
_BURST_SECONDS = 1.0

_GRANT = text(
    "WITH before AS (SELECT"
    " greatest(coalesce((SELECT free_at FROM send_rate WHERE id = 1 FOR UPDATE), clock_timestamp()),"
    " clock_timestamp()) AS free_at), room AS (SELECT free_at, greatest(0, least(:wanted, floor((:burst -"
    " extract(epoch FROM free_at - clock_timestamp())) / :step)))::int AS granted FROM before),"
    " kept AS (INSERT INTO send_rate (id, free_at) SELECT 1, free_at + make_interval(secs => :step * granted) FROM room"
    " ON CONFLICT (id) DO UPDATE SET free_at = excluded.free_at)"
    " SELECT granted FROM room"
)
_GIVE_BACK = text("UPDATE send_rate SET free_at = free_at - make_interval(secs => :step * :unused) WHERE id = 1")
_PAUSE = text(
    "INSERT INTO send_rate AS kept (id, free_at) VALUES (1, clock_timestamp() + make_interval(secs => :seconds))"
    " ON CONFLICT (id) DO UPDATE SET free_at = greatest(kept.free_at, excluded.free_at)"
)


class SendRate:
    """At most `per_second` mails a second over all workers."""

    def __init__(self, database: Database, *, per_second: float) -> None:
        self._database = database
        self._step = 1 / per_second
        # One mail has to fit, however slow the rate.
        self._burst = max(_BURST_SECONDS, self._step)

    def take(self, wanted: int) -> int:
        """How many of `wanted` mails may go now; they are counted as sent."""
        names = {"wanted": wanted, "step": self._step, "burst": self._burst}
        with self._database.read() as connection:
            return int(connection.execute(_GRANT, names).scalar() or 0)

    def give_back(self, unused: int) -> None:
        """Returns what was taken and not used."""
        if unused > 0:
            with self._database.read() as connection:
                connection.execute(_GIVE_BACK, {"unused": unused, "step": self._step})

    def pause(self, seconds: float) -> None:
        """SES said it is too much: nobody sends for a while."""
        with self._database.read() as connection:
            connection.execute(_PAUSE, {"seconds": seconds + self._burst})
