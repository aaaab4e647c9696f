"""An event as messages tell it, and the addresses that follow from it."""

from datetime import timedelta

from muster_events.events.models import Event
from muster_shared.messages.events import EventFacts, PhotoPolicy, VenueFacts

# What `facts_of` gives, worked out by a statement that has the event's row in hand.
FACTS = """jsonb_build_object(
  'event_id', events.id, 'org_id', events.org_id, 'version', events.version, 'kind', events.kind,
  'status', events.status, 'visibility', events.visibility, 'title', events.title,
  'starts_at', events.starts_at, 'ends_at', events.ends_at, 'timezone', events.timezone,
  'venue', jsonb_build_object('type', events.venue_type, 'name', events.venue_name,
    'address', events.venue_address, 'url', events.venue_url),
  'ics_sequence', events.ics_sequence,
  'guest_code', events.guest_code, 'guest_slug', events.guest_slug, 'guest_enabled', events.guest_enabled,
  'photos', jsonb_build_object(
    'uploads_open_at',
      coalesce(events.starts_at - make_interval(hours => events.photos_open_before_hours), events.created_at),
    'uploads_close_at', events.ends_at + make_interval(hours => events.photos_close_after_hours),
    'reveal_at', events.photos_reveal_at, 'moderated', events.photos_moderated,
    'guest_quota', events.photos_guest_quota),
  'deleted', false)"""


def facts_of(event: Event, *, deleted: bool = False) -> EventFacts:
    """Everything that others may know of `event`; never finance."""
    return EventFacts(
        event_id=event.id,
        org_id=event.org_id,
        version=event.version,
        kind=event.kind,
        status=event.status,
        visibility=event.visibility,
        title=event.title,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        timezone=event.timezone,
        venue=VenueFacts(
            type=event.venue_type,
            name=event.venue_name,
            address=event.venue_address,
            url=event.venue_url,
        ),
        ics_sequence=event.ics_sequence,
        guest_code=event.guest_code,
        guest_slug=event.guest_slug,
        guest_enabled=event.guest_enabled and not deleted,
        photos=photo_policy(event),
        deleted=deleted,
    )


def photo_policy(event: Event) -> PhotoPolicy:
    """When guests may add photos; from the event's creation on unless hours before the start are set."""
    opens = event.created_at
    if event.photos_open_before_hours is not None:
        opens = event.starts_at - timedelta(hours=event.photos_open_before_hours)
    return PhotoPolicy(
        uploads_open_at=opens,
        uploads_close_at=event.ends_at + timedelta(hours=event.photos_close_after_hours),
        reveal_at=event.photos_reveal_at,
        moderated=event.photos_moderated,
        guest_quota=event.photos_guest_quota,
    )


def is_material(before: EventFacts, after: EventFacts) -> bool:
    """Whether time or place differ."""
    return (before.starts_at, before.ends_at, before.timezone, before.venue) != (
        after.starts_at,
        after.ends_at,
        after.timezone,
        after.venue,
    )
