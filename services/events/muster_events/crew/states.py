"""The states of an assignment and of what hangs on it, with their legal transitions in one place."""

from enum import StrEnum


class Status(StrEnum):
    """Where an assignment stands."""

    INVITED = "invited"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    STANDBY = "standby"
    REMOVED = "removed"
    NO_SHOW = "no_show"


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.INVITED: frozenset(
        {Status.INVITED, Status.CONFIRMED, Status.DECLINED, Status.REMOVED, Status.NO_SHOW, Status.STANDBY}
    ),
    Status.CONFIRMED: frozenset({Status.INVITED, Status.DECLINED, Status.REMOVED, Status.NO_SHOW, Status.STANDBY}),
    Status.DECLINED: frozenset({Status.INVITED, Status.CONFIRMED, Status.REMOVED, Status.STANDBY}),
    Status.STANDBY: frozenset({Status.STANDBY, Status.INVITED, Status.CONFIRMED, Status.DECLINED, Status.REMOVED}),
    Status.NO_SHOW: frozenset({Status.CONFIRMED, Status.REMOVED}),
    Status.REMOVED: frozenset(),
}

COMING: frozenset[Status] = frozenset({Status.INVITED, Status.CONFIRMED})
"""Those who are wanted and have not said no: what a clash is judged by."""


class Delivery(StrEnum):
    """What became of the newest mail to an assignment's present link."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    SUPPRESSED = "suppressed"


DELIVERY_OF: dict[str, Delivery] = {
    "queued": Delivery.QUEUED,
    "sending": Delivery.QUEUED,
    "sent": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
    # Whoever complains has got it.
    "complained": Delivery.DELIVERED,
    "bounced": Delivery.BOUNCED,
    "failed": Delivery.BOUNCED,
    "suppressed": Delivery.SUPPRESSED,
}
"""A delivery's state as notifications knows it, as the crew row shows it."""


class Step(StrEnum):
    """How far the reply ladder has been climbed for somebody who has not answered."""

    ASKED = "asked"
    REMINDED = "reminded"
    PLANNER_ALERTED = "planner_alerted"
    STANDBYS_CALLED = "standbys_called"


NEXT_STEP: dict[Step, Step] = {
    Step.ASKED: Step.REMINDED,
    Step.REMINDED: Step.PLANNER_ALERTED,
    Step.PLANNER_ALERTED: Step.STANDBYS_CALLED,
}


class FieldStatus(StrEnum):
    """What somebody reports on the day."""

    ON_MY_WAY = "on_my_way"
    ARRIVED = "arrived"
    DONE = "done"
