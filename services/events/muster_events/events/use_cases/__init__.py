"""Writes to events, one verb each. Each works in the caller's transaction and tells of what it did."""

from muster_events.events.use_cases.copies import create_series, duplicate_event
from muster_events.events.use_cases.create import create_event
from muster_events.events.use_cases.edit import edit_event
from muster_events.events.use_cases.life import cancel_event, complete_event, delete_event, publish_event
from muster_events.events.use_cases.signals import record_banner, record_progress

__all__ = [
    "cancel_event",
    "complete_event",
    "create_event",
    "create_series",
    "delete_event",
    "duplicate_event",
    "edit_event",
    "publish_event",
    "record_banner",
    "record_progress",
]
