"""From what a delivery holds to what its template shows: facts with labels, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from muster_notifications.templates import times
from muster_notifications.templates.catalogue import Catalogue
from muster_notifications.templates.registry import Audience, Template
from muster_shared.messages.events import EventFacts, VenueFacts

_OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "invitation": ("inviter", "role"),
    "totp_changed": ("state",),
    "refresh_reuse": ("device",),
}
PRODUCT = "Muster"


@dataclass(frozen=True)
class Fact:
    """A line of the table: label and value."""

    label: str
    lines: list[str]
    href: str | None = None
    strong: bool = False


@dataclass(frozen=True)
class Change:
    """What was and what is."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Filling:
    """Everything a template may name. A name it lacks fails the rendering."""

    names: Mapping[str, Any]
    facts: list[Fact] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


def fill(
    template: Template,
    words: Catalogue,
    *,
    context: Mapping[str, Any],
    organization: str | None,
) -> Filling:
    """What `template` shows for `context`, the JSON a delivery keeps."""
    language = words.language
    names: dict[str, Any] = dict.fromkeys(_OPTIONAL.get(template.name, ()), "")
    names |= context.get("variables", {})
    names |= {key: value for key, value in context.items() if key not in {"variables", "event", "before"}}
    names["organization"] = organization or names.get("organization") or PRODUCT
    if not template.shows_event or "event" not in context:
        return Filling(names)
    event = EventFacts.model_validate(context["event"])
    names["event"] = {
        "title": event.title,
        "day": times.day(event.starts_at, zone=event.timezone, language=language),
    }
    changes = []
    if "before" in context:
        changes = _changes(EventFacts.model_validate(context["before"]), event, words)
    told = {change.label for change in changes}
    facts = [fact for fact in _facts(template, event, names, words) if fact.label not in told]
    return Filling(names, facts=facts, changes=changes)


def _facts(template: Template, event: EventFacts, names: Mapping[str, Any], words: Catalogue) -> list[Fact]:
    common = words.common
    when = times.span(event.starts_at, event.ends_at, zone=event.timezone, language=words.language)
    facts = [
        Fact(common["when"], when, strong=True),
        Fact(common["where"], _where(event.venue, common), href=_address_of(event.venue)),
    ]
    if template.audience is Audience.CREW:
        facts.append(Fact(common["role"], [names["role"]]))
        if names.get("notes") and template.calendar != "CANCEL":
            facts.append(Fact(common["notes"], str(names["notes"]).splitlines()))
        if names.get("others") and template.calendar != "CANCEL":
            facts.append(Fact(common["crew"], list(names["others"])))
    if template.audience is Audience.PLANNER:
        if names["crew_name"]:
            facts.insert(0, Fact(common["person"], [names["crew_name"]], strong=True))
        facts.insert(1, Fact(common["their_role"], [names["role"]]))
        if names.get("reason"):
            facts.insert(2, Fact(common["said"], str(names["reason"]).splitlines()))
    if template.audience is Audience.ATTENDEE and names.get("position"):
        place = common["place_in_line"].replace("{{ position }}", str(names["position"]))
        facts.append(Fact(common["position"], [place]))
    return facts


def _where(venue: VenueFacts, common: Mapping[str, str]) -> list[str]:
    if venue.type == "online":
        return [venue.url or venue.name or common["online"]]
    return [line for line in (venue.name, venue.address) if line] or ["–"]


def _address_of(venue: VenueFacts) -> str | None:
    if venue.type == "online" and venue.url and venue.url.startswith(("https://", "http://")):
        return venue.url
    return None


def _changes(before: EventFacts, after: EventFacts, words: Catalogue) -> list[Change]:
    common, language = words.common, words.language

    def when(event: EventFacts) -> str:
        return " ".join(times.span(event.starts_at, event.ends_at, zone=event.timezone, language=language))

    def where(event: EventFacts) -> str:
        return ", ".join(_where(event.venue, common))

    pairs = (
        (common["title_changed"], before.title, after.title),
        (common["when"], when(before), when(after)),
        (common["where"], where(before), where(after)),
    )
    return [Change(label, was, now) for label, was, now in pairs if was != now]
