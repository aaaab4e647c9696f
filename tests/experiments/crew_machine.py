"""crew-machine: people assigned, answering, replaced and removed, events moved and cancelled, time passing, messages
coming twice, in every order Hypothesis thinks of; after each step what must hold of a crew holds.

It goes through the API and the jobs of the events service, on a real database, with a clock of its own.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import insert, text

from muster_events.app import build_app
from muster_events.config import EventsSettings
from muster_events.crew.policies import fingerprint
from muster_events.crew.use_cases.changes import tell_due
from muster_events.crew.use_cases.deliveries import delivery_changed
from muster_events.crew.use_cases.ladder import climb_due, remind_upcoming
from muster_events.events.facts import facts_of
from muster_events.events.models import Event
from muster_shared import clock
from muster_shared.auth.links import mint
from muster_shared.auth.tables import memberships, organizations
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.messages.notifications import DeliveryChanged
from muster_shared.testing.postgres import Databases, running_cluster
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import wire
from tests.experiments.checker import Verdict

_SECRET = "experiment-link-secret-of-32-characters"
_ROLES = ("Captain", "Deckhand")
_PEOPLE = 5
_PLACES = st.integers(0, 5)
_ANSWERS = {"confirmed": "confirmed", "confirmed_again": "confirmed", "declined": "declined"}
_STATE_OF = {"confirmed": "confirmed", "confirmed_again": "confirmed", "asked_again": "invited", "asked": "invited"}


@dataclass(frozen=True)
class Scale:
    """How many examples of how many steps at most."""

    examples: int
    steps: int
    same_each_time: bool = False


FULL = Scale(examples=1000, steps=50)
# The same examples each time: twelve at random would now and then meet too little to be a test.
SHORT = Scale(examples=16, steps=25, same_each_time=True)


@dataclass
class World:
    """What outlives one example: the service, its database, and what was counted."""

    client: FlaskClient
    database: Database
    databases: Databases
    issuer: TestIssuer
    counts: Counter[str]


class CrewMachine(RuleBasedStateMachine):
    """One organisation with two events at most and five people."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.world.databases.clean()
        self.now = datetime.now(UTC)
        self.events: list[str] = []
        self.cancelled: set[str] = set()
        self.assignments: list[tuple[str, str]] = []
        self.links: dict[tuple[str, int], datetime] = {}
        self.seats: Counter[tuple[str, str]] = Counter()
        self.first_times: dict[str, str] = {}
        self.history_length = 0
        self.told = 0

    # -- the world

    @initialize()
    def open_shop(self) -> None:
        """An organisation, its owner, its roster, one event."""
        self.org_id, owner = new_id(), new_id()
        with self.world.database.transaction() as session:
            session.execute(insert(organizations).values(id=self.org_id, name="O", slug=f"o-{self.org_id}", version=1))
            session.execute(insert(memberships).values(org_id=self.org_id, user_id=owner, role="owner", version=1))
        self.headers = self.world.issuer.headers(owner)
        self.people = [
            self._call("POST", "/api/crew", {"name": f"P{n}", "email": f"p{n}@example.org"})["id"]
            for n in range(_PEOPLE)
        ]
        self._make_event()
        for person, rank in enumerate((None, None, 1)):
            self._assign(self.events[0], person, _ROLES[0], rank)

    def _make_event(self) -> None:
        body = {
            "kind": "charter",
            "title": "T",
            "starts_at": (self.now + timedelta(days=6)).isoformat(),
            "duration_minutes": 120,
            "timezone": "Europe/Athens",
            "publish": True,
        }
        made = self._call("POST", "/api/events", body)
        self.events.append(made["id"])
        self.first_times[made["id"]] = made["starts_at"]

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None, *, signed: bool = True) -> Any:
        headers = {**self.headers, "If-Match": "*"} if signed else {}
        with clock.frozen(self.now):
            return self.world.client.open(path, method=method, json=body, headers=headers)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._request(method, path, body)
        assert answer.status_code in {200, 201, 202}, (method, path, answer.get_data(as_text=True))
        return answer.get_json()

    def _rows(self, statement: str, **names: Any) -> list[Any]:
        with self.world.database.read() as connection:
            return list(connection.execute(text(statement), names))

    def _row(self, assignment_id: str) -> Any:
        return self._rows("SELECT * FROM crew_assignments WHERE id = :id", id=assignment_id)[0]

    def _assignment(self, index: int) -> tuple[str, str]:
        return self.assignments[index % len(self.assignments)]

    # -- what people do

    @precondition(lambda self: len(self.events) < 2)
    @rule()
    def another_event(self) -> None:
        """At the same time as the first."""
        self._make_event()

    @rule(event=_PLACES, person=_PLACES, role=st.sampled_from(_ROLES), rank=st.sampled_from([None, None, 1, 2]))
    def assign(self, event: int, person: int, role: str, rank: int | None) -> None:
        """Somebody is assigned, or put on standby."""
        self._assign(self.events[event % len(self.events)], person, role, rank)

    def _assign(self, event_id: str, person: int, role: str, rank: int | None) -> None:
        body = {"crew_member_id": self.people[person % _PEOPLE], "role": role, "standby_rank": rank}
        answer = self._request("POST", f"/api/events/{event_id}/assignments", body)
        assert answer.status_code in {201, 409}, answer.get_data(as_text=True)
        if answer.status_code == 201:
            self.assignments.append((event_id, answer.get_json()["id"]))
            if rank is None:
                self.seats[event_id, role] += 1

    @precondition(lambda self: self.assignments)
    @rule(which=_PLACES, stale=st.booleans())
    def say_yes(self, *, which: int, stale: bool) -> None:
        """Confirm is pressed with the present link, perhaps on a page of before."""
        self._press(which, "confirm", stale=stale)

    @precondition(lambda self: self.assignments)
    @rule(which=_PLACES)
    def say_no(self, which: int) -> None:
        """They can't."""
        self._press(which, "decline", stale=False)

    @rule(which=_PLACES)
    def standby_says_yes(self, which: int) -> None:
        """A standby who was asked presses."""
        called = self._rows(
            "SELECT id FROM crew_assignments WHERE status = 'standby' AND asked_at IS NOT NULL ORDER BY id"
        )
        if called:
            wanted = str(called[which % len(called)].id)
            self._press([each for _, each in self.assignments].index(wanted), "confirm", stale=False)

    def _press(self, which: int, action: str, *, stale: bool) -> None:
        event_id, assignment_id = self._assignment(which)
        before = self._row(assignment_id)
        body = {"seen": max(before.details_version - stale, 1)} if action == "confirm" else {"reason": "x"}
        answer = self._request("POST", f"/c/{self._link(before)}/{action}", body, signed=False)
        after = self._row(assignment_id)
        asked = before.asked_at is not None
        dead = before.status == "removed" or event_id in self.cancelled
        if dead:
            assert answer.status_code == 410
        if answer.status_code == 200:
            assert after.status == {"confirm": "confirmed", "decline": "declined"}[action]
            assert asked, "somebody answered who was never asked"
        else:
            assert answer.status_code in {409, 410, 429}, answer.get_data(as_text=True)
            assert (after.status, after.link_version) == (before.status, before.link_version)
        if stale and before.details_version > 1 and action == "confirm" and before.status != "confirmed":
            assert answer.status_code != 200, "a press on an old page confirmed"
        self.world.counts[f"press {answer.status_code}"] += 1

    @precondition(lambda self: self.links)
    @rule(which=st.integers(0, 200), action=st.sampled_from(["confirm", "decline", "status"]))
    def press_former_link(self, which: int, action: str) -> None:
        """A press with a link that was good once; of a place that somebody still has, where there is one."""
        present = {
            str(row.id): row for row in self._rows("SELECT id, status, event_id, link_version FROM crew_assignments")
        }
        former = [link for link in sorted(self.links) if present[link[0]].link_version != link[1]]
        held = [
            link
            for link in former
            if present[link[0]].status != "removed" and str(present[link[0]].event_id) not in self.cancelled
        ]
        if not former:
            return
        assignment_id, version = (held or former)[which % len(held or former)]
        before = self._row(assignment_id)
        token = self._mint(assignment_id, version)
        body = {"status": "arrived"} if action == "status" else {}
        for method, path in (("GET", f"/c/{token}"), ("HEAD", f"/c/{token}"), ("POST", f"/c/{token}/{action}")):
            answer = self._request(method, path, body if method == "POST" else None, signed=False)
            assert answer.status_code == 410, (method, answer.status_code)
        assert self._row(assignment_id) == before
        self.world.counts["former link"] += 1

    @precondition(lambda self: self.assignments)
    @rule(which=_PLACES, times=st.integers(1, 3))
    def open_page(self, which: int, times: int) -> None:
        """Looking, by whatever program, changes nothing."""
        _, assignment_id = self._assignment(which)
        before = self._row(assignment_id)
        for number in range(times):
            self._request(("GET", "HEAD")[number % 2], f"/c/{self._link(before)}", signed=False)
        assert self._row(assignment_id) == before

    # -- what planners do

    @precondition(lambda self: self.assignments)
    @rule(which=_PLACES, person=_PLACES)
    def reassign(self, which: int, person: int) -> None:
        """The place is given to somebody else, who is not in the crew when there is anybody like that."""
        event_id, assignment_id = self._assignment(which)
        before = self._row(assignment_id)
        taken = self._rows(
            "SELECT crew_member_id FROM crew_assignments WHERE event_id = :id AND status <> 'removed'", id=event_id
        )
        free = [each for each in self.people if each not in {str(row.crew_member_id) for row in taken}]
        body = {"crew_member_id": (free or self.people)[person % len(free or self.people)]}
        answer = self._request("PATCH", f"/api/events/{event_id}/assignments/{assignment_id}", body)
        assert answer.status_code in {200, 404, 409}, answer.get_data(as_text=True)
        after = self._row(assignment_id)
        if answer.status_code == 200 and str(before.crew_member_id) != body["crew_member_id"]:
            assert after.link_version == before.link_version + 1
            self._seat_taken_back(event_id, before, after)

    def _seat_taken_back(self, event_id: str, before: Any, after: Any) -> None:
        """A declined row that a standby had replaced is a place of its own again once somebody new has it."""
        if before.standby_rank is None and before.replaced_by is not None and after.replaced_by is None:
            self.seats[event_id, before.role] += 1
        if before.standby_rank is not None and before.status != "standby" and after.status == "invited":
            raise AssertionError("a standby who declined became one of the crew")

    @precondition(lambda self: self.assignments)
    @rule(which=_PLACES)
    def remove(self, which: int) -> None:
        """Somebody is taken off."""
        event_id, assignment_id = self._assignment(which)
        before = self._row(assignment_id)
        answer = self._request("DELETE", f"/api/events/{event_id}/assignments/{assignment_id}")
        expected = 404 if before.status == "removed" else 409 if event_id in self.cancelled else 204
        assert answer.status_code == expected
        if answer.status_code == 204 and before.standby_rank is None and before.replaced_by is None:
            self.seats[event_id, before.role] -= 1

    @precondition(lambda self: self.assignments)
    @rule(which=_PLACES)
    def promote(self, which: int) -> None:
        """A standby becomes one of the crew."""
        event_id, assignment_id = self._assignment(which)
        before = self._row(assignment_id)
        answer = self._request("PATCH", f"/api/events/{event_id}/assignments/{assignment_id}", {"standby_rank": None})
        assert answer.status_code in {200, 404, 409}
        if answer.status_code == 200 and before.standby_rank is not None:
            self.seats[event_id, before.role] += 1

    @rule(event=_PLACES, hours=st.sampled_from([-30, -3, 1, 26]))
    def move(self, event: int, hours: int) -> None:
        """The event is moved."""
        event_id = self.events[event % len(self.events)]
        starts_at = self._rows("SELECT starts_at FROM events WHERE id = :id", id=event_id)[0].starts_at
        self._edit(event_id, (starts_at + timedelta(hours=hours)).isoformat())

    @rule(event=_PLACES)
    def move_back(self, event: int) -> None:
        """The event is put back to where it first was."""
        event_id = self.events[event % len(self.events)]
        self._edit(event_id, self.first_times[event_id])

    def _edit(self, event_id: str, starts_at: str) -> None:
        answer = self._request("PATCH", f"/api/events/{event_id}", {"starts_at": starts_at})
        assert answer.status_code in {200, 409, 422}, answer.get_data(as_text=True)

    @rule(event=_PLACES, sure=st.integers(0, 9))
    def cancel(self, event: int, sure: int) -> None:
        """The event is called off (one time in ten)."""
        if sure:
            return
        event_id = self.events[event % len(self.events)]
        if self._request("POST", f"/api/events/{event_id}/cancel", {}).status_code == 200:
            self.cancelled.add(event_id)

    # -- time, jobs and messages

    @rule(hours=st.sampled_from([0, 0, 1, 13, 30]), twice=st.booleans())
    def time_passes(self, *, hours: int, twice: bool) -> None:
        """Some hours go by, then the jobs run; perhaps on two workers."""
        self.now += timedelta(hours=hours, seconds=6)
        with clock.frozen(self.now):
            for _ in range(1 + twice):
                for job in (tell_due, climb_due, remind_upcoming):
                    job(self.world.database)

    @precondition(lambda self: self.assignments)
    @rule(
        which=_PLACES,
        former=st.booleans(),
        states=st.lists(st.sampled_from(["queued", "sent", "delivered", "bounced"]), min_size=1, max_size=4),
        order=st.randoms(use_true_random=False),
    )
    def mail_moves_on(self, *, which: int, former: bool, states: list[str], order: Any) -> None:
        """The states of one mail, each told twice, in any order."""
        event_id, assignment_id = self._assignment(which)
        before, delivery_id = self._row(assignment_id), new_id()
        messages = [
            DeliveryChanged(
                delivery_id=delivery_id,
                version=number,
                org_id=self.org_id,
                event_id=UUID(event_id),
                assignment_id=UUID(assignment_id),
                link_version=max(before.link_version - former, 0),
                template="crew_assigned",
                status=state,  # type: ignore[arg-type]  # drawn from them
                occurred_at=self.now,
            )
            for number, state in enumerate(states, start=1)
        ] * 2
        order.shuffle(messages)
        with clock.frozen(self.now):
            for message in messages:
                with self.world.database.transaction() as session:
                    delivery_changed(session, message)
        after = self._row(assignment_id)
        if former or before.status == "removed":
            assert after.delivery == before.delivery
        else:
            assert (after.delivery, after.delivery_version) == (states[-1], len(states))

    # -- what must hold

    @invariant()
    def no_place_is_lost_or_doubled(self) -> None:
        """As many are held or open as planners made, whoever holds them."""
        held: Counter[tuple[str, str]] = Counter()
        for row in self._rows(
            "SELECT event_id, role FROM crew_assignments WHERE status <> 'removed'"
            " AND standby_rank IS NULL AND replaced_by IS NULL"
        ):
            held[str(row.event_id), row.role] += 1
        assert +held == +self.seats, (dict(held), dict(self.seats))

    @invariant()
    def a_yes_is_to_what_stands(self) -> None:
        """Nobody counts as confirmed for another time or place than the event's."""
        with self.world.database.transaction() as session:
            for event_id in self.events:
                now_for = fingerprint(facts_of(session.get_one(Event, UUID(event_id))))
                for row in self._rows(
                    "SELECT answered_for FROM crew_assignments WHERE event_id = :id AND status = 'confirmed'",
                    id=event_id,
                ):
                    assert row.answered_for == now_for

    @invariant()
    def standbys_are_asked_while_a_place_is_open_and_only_then(self) -> None:
        """All of the role's, together."""
        rows = self._rows("SELECT * FROM crew_assignments WHERE status <> 'removed'")
        for event_id in set(self.events) - self.cancelled:
            for role in _ROLES:
                here = [r for r in rows if str(r.event_id) == event_id and r.role == role]
                is_open = any(
                    r.standbys_called_at and not r.replaced_by and r.status in {"declined", "invited"} for r in here
                )
                for row in here:
                    if row.status == "standby":
                        assert (row.asked_at is not None) == is_open

    @invariant()
    def history_only_grows_and_agrees(self) -> None:
        """The last thing that decides a state is the state the row has."""
        entries = self._rows("SELECT assignment_id, what FROM crew_history ORDER BY id")
        assert len(entries) >= self.history_length
        self.history_length = len(entries)
        last = {e.assignment_id: _STATE_OF[e.what] for e in entries if e.what in _STATE_OF}
        answers = Counter(_ANSWERS[e.what] for e in entries if e.what in _ANSWERS)
        told = Counter(
            r.answer
            for r in self._rows("SELECT payload->>'answer' AS answer FROM outbox WHERE type = 'crew.answered.v1'")
        )
        assert answers == told, "answers and what was told of them differ"
        for row in self._rows("SELECT id, status FROM crew_assignments WHERE status = 'confirmed'"):
            assert last.get(row.id) == "confirmed"

    @invariant()
    def mails_are_asked_for_once_and_only_to_those_concerned(self) -> None:
        """Each request has a key of its own; a reminder goes to somebody who is asked or comes, by a living link."""
        messages = self._rows(
            "SELECT type, payload FROM outbox WHERE type LIKE 'crew.%' AND type NOT IN"
            " ('crew.answered.v1', 'crew.link_opened.v1') ORDER BY id"
        )
        keys = [m.payload["request_key"] for m in messages if "request_key" in m.payload]
        assert len(keys) == len(set(keys))
        fresh, self.told = messages[self.told :], len(messages)
        for message in fresh:
            facts = message.payload["assignment"]
            self.links.setdefault((facts["assignment_id"], facts["link_version"]), self.now)
            if message.type != "crew.reminder_due.v1":
                continue
            row = self._row(facts["assignment_id"])
            assert row.status in {"invited", "confirmed"}
            assert row.link_version == facts["link_version"]
            assert message.payload["event"]["status"] == "published"

    @invariant()
    def a_cancelled_crew_is_out_of_reach(self) -> None:
        """No link of it opens anything, no ladder goes on."""
        for row in self._rows("SELECT * FROM crew_assignments"):
            if str(row.event_id) in self.cancelled:
                assert row.next_step_at is None
                answer = self._request("GET", f"/c/{self._link(row)}", signed=False)
                assert answer.status_code == 410

    def _link(self, row: Any) -> str:
        return self._mint(str(row.id), row.link_version)

    def _mint(self, assignment_id: str, version: int) -> str:
        self.world.counts["steps that minted"] += 1
        return mint(
            secret=_SECRET,
            audience="crew-link",
            subject=UUID(assignment_id),
            version=version,
            expires_at=datetime.now(UTC) + timedelta(days=365),
        )


@contextmanager
def _world() -> Iterator[World]:
    with running_cluster() as cluster:
        databases, issuer = Databases(cluster, worker="experiment"), TestIssuer()
        database = databases.get("events")
        given = make_settings(EventsSettings, database_url=database.url, link_secret=_SECRET)
        wiring = wire(given, service="events", keys=issuer.keys)
        try:
            client = build_app(given, wiring).test_client()
            yield World(client, database, databases, issuer, Counter())
        finally:
            wiring.database.close()
            databases.close()


def _walk_told(machine: CrewMachine) -> None:
    """One walk that is told and not drawn, so that a run of any size meets the links that are dead."""
    machine.open_shop()
    machine.mails_are_asked_for_once_and_only_to_those_concerned()
    machine.reassign(which=0, person=0)
    machine.mails_are_asked_for_once_and_only_to_those_concerned()
    for action in ("confirm", "decline", "status"):
        machine.press_former_link(which=0, action=action)
    machine.remove(which=0)
    machine.say_no(which=0)
    machine.no_place_is_lost_or_doubled()
    machine.teardown()


def run(scale: Scale, *, phases: Sequence[Phase] = (Phase.generate, Phase.shrink)) -> Verdict:
    """As many examples as `scale` says. Raises `AssertionError` for the first that breaks an invariant, shrunk."""
    verdict = Verdict("crew-machine", attempted=scale.examples, accepted=0, lost=0, duplicated=0, unexpected=0)
    with _world() as world:
        steps = 0

        class Counted(CrewMachine):
            def __init__(self) -> None:
                super().__init__()
                verdict.accepted += 1

            def check_invariants(self, *arguments: Any, **named: Any) -> None:
                nonlocal steps
                steps += 1
                super().check_invariants(*arguments, **named)

        Counted.world = world
        _walk_told(Counted())
        run_state_machine_as_test(
            Counted,
            settings=settings(
                max_examples=scale.examples,
                stateful_step_count=scale.steps,
                deadline=None,
                database=None if scale.same_each_time else InMemoryExampleDatabase(),
                derandomize=scale.same_each_time,
                phases=phases,
                suppress_health_check=list(HealthCheck),
                print_blob=True,
            ),
        )
        verdict.facts["steps, all invariants after each"] = steps
        verdict.facts["what happened"] = dict(sorted(world.counts.items()))
        verdict.require(verdict.accepted >= scale.examples, "fewer examples were run than asked for")
        # The negative control of a machine that only ever does nothing.
        for what in ("press 200", "press 409", "press 410", "former link"):
            verdict.require(world.counts[what] > 0, f"never seen: {what}")
    return verdict


def main() -> int:
    """The full size."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
