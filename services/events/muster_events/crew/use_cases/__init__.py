"""What is done with crew, one verb each."""

from muster_events.crew.use_cases.assigning import (
    assign,
    assign_initial,
    change_role,
    promote,
    reassign,
    remind,
    remove,
)
from muster_events.crew.use_cases.changes import event_cancelled, event_changed
from muster_events.crew.use_cases.fieldwork import problems_before_completion

__all__ = [
    "assign",
    "assign_initial",
    "change_role",
    "event_cancelled",
    "event_changed",
    "problems_before_completion",
    "promote",
    "reassign",
    "remind",
    "remove",
]
