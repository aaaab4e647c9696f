"""HTTP of crew."""

from muster_events.crew.routes import assignments, call_sheet, imports, links, roster
from muster_shared.web import Routes


def routes_list() -> list[Routes]:
    """Every route of the feature."""
    return [
        imports.routes,
        roster.routes,
        assignments.routes,
        links.routes,
        call_sheet.routes,
    ]
