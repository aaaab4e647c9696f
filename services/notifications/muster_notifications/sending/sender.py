"""The sender: takes mails from the queue as fast as SES's rate allows and has them handed over, several at a time."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import SQLAlchemyError

from muster_notifications.sending import gate
from muster_notifications.sending.claims import Claims
from muster_notifications.sending.handover import Handover, Outcome
from muster_notifications.sending.rate import SendRate
from muster_shared.auth.internal import InternalUnavailable
from muster_shared.db import Database, is_unavailable
from muster_shared.logs import log
from muster_shared.messaging.backoff import Backoff
from muster_shared.messaging.failures import describe
from muster_shared.problems import Unavailable

_POLL_SECONDS = 1.0
_SWEEP_SECONDS = 2.0
# How long a rate that is used up is left alone before it is asked again.
_RATE_WAIT_SECONDS = 0.05
# With a deep queue, so long is waited for several threads to become free: one claim for many is cheaper.
_GATHER_SECONDS = 0.02
# Claimed ahead of the threads at work, in multiples of them. The lease has to outlast their turn.
_AHEAD = 2
_UNEXPECTED_LIMIT = 20


class Sender:
    """One worker's sender: `run` goes on until stopped, `send_due` does what there is now."""

    def __init__(
        self,
        *,
        database: Database,
        claims: Claims,
        rate: SendRate,
        handover: Handover,
        concurrency: int,
    ) -> None:
        self._database = database
        self._claims = claims
        self._rate = rate
        self._handover = handover
        self._capacity = concurrency * _AHEAD
        self._held = 0
        self._changed = threading.Condition()
        self._pool = ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="sender")
        self._away = threading.Event()
        self._probing = False
        self._deep = False
        self._busy = False
        self._swept_at = 0.0
        self._log = log("muster.sender")

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Sends until `stop`; `wake` is set when there is something new, a poll each second is the fallback."""
        backoff, unexpected = Backoff(), 0
        while not stop.is_set():
            wake.clear()
            try:
                self._sweep()
                taken = self._hand_out(self._room(stop))
            except SQLAlchemyError as error:
                unexpected = 0 if is_unavailable(error) else unexpected + 1
                self._log.warning("sender_database_failed", **describe(error))
                if unexpected >= _UNEXPECTED_LIMIT:
                    raise
                backoff.wait(stop)
                continue
            unexpected = 0
            if self._away.is_set():
                # SES is away: one mail at a time finds out when it is back, the others keep their place.
                self._probing = True
                self._settle(stop)
                self._away.clear()
                backoff.wait(stop)
            elif taken is None:
                stop.wait(_RATE_WAIT_SECONDS)
            elif taken:
                if self._probing:
                    self._settle(stop)
                if not self._away.is_set():
                    self._probing = False
                    backoff.reset()
            else:
                wake.wait(_POLL_SECONDS)
        self._pool.shutdown(wait=True)

    def send_due(self) -> int:
        """Sends everything due now and waits until it is done; how many mails were taken from the queue."""
        total, never = 0, threading.Event()
        while taken := self._hand_out(self._capacity):
            total += taken
            self._settle(never)
        return total

    def close(self) -> None:
        """Ends the threads; for one that was never `run`."""
        self._pool.shutdown(wait=True)

    def _sweep(self) -> None:
        if time.monotonic() - self._swept_at >= _SWEEP_SECONDS:
            self._swept_at = time.monotonic()
            if lost := self._claims.release_lost():
                self._log.warning("sender_attempts_released", deliveries=lost)

    def _room(self, stop: threading.Event) -> int:
        """Waits until there is room for another claim, a worthwhile one if many wait; how many fit."""
        wanted = self._capacity // 2 if self._deep else 1
        with self._changed:
            self._changed.wait_for(lambda: self._held < self._capacity or stop.is_set(), _POLL_SECONDS)
            if wanted > 1:
                self._changed.wait_for(lambda: self._capacity - self._held >= wanted, _GATHER_SECONDS)
            room = self._capacity - self._held
        return min(room, 1) if self._probing else room

    def _settle(self, stop: threading.Event) -> None:
        """Waits until nothing is in hand."""
        with self._changed:
            while self._held and not stop.is_set():
                self._changed.wait(_POLL_SECONDS)

    def _hand_out(self, room: int) -> int | None:
        """Claims as many mails as there is room and rate for, and starts them: how many; None for no rate."""
        if room <= 0:
            return None
        # An idle worker writes nothing: tokens are taken only once there is something to send.
        if not self._busy and not self._claims.any_due():
            return 0
        granted = self._rate.take(room)
        if not granted:
            return None
        mails = self._claims.claim(granted)
        self._rate.give_back(granted - len(mails))
        self._deep = len(mails) == granted
        self._busy = bool(mails)
        if not mails:
            return 0
        verdicts = gate.look(self._database, mails)
        with self._changed:
            self._held += len(verdicts)
        for verdict in verdicts:
            self._pool.submit(self._handle, verdict)
        return len(mails)

    def _handle(self, verdict: gate.Verdict) -> None:
        try:
            outcome = self._handover.handle(verdict)
            if outcome is Outcome.AWAY:
                self._away.set()
            elif outcome is Outcome.THROTTLED:
                self._rate.pause(_RATE_WAIT_SECONDS * 10)
        except Exception as error:  # noqa: BLE001  # the lease runs out, and the mail is looked at again
            outage = isinstance(error, (InternalUnavailable, Unavailable)) or is_unavailable(error)
            report = self._log.warning if outage else self._log.error
            report("send_failed", delivery_id=str(verdict.mail.id), **describe(error))
        finally:
            with self._changed:
                self._held -= 1
                self._changed.notify_all()
