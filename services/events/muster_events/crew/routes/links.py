"""The call sheet as JSON, by its link."""

from sqlalchemy.orm import Session

from muster_events.crew.call_sheet_schemas import CallSheetView
from muster_events.crew.links import read_link
from muster_events.crew.sheet import read_sheet, sheet_view
from muster_events.parts import EventsParts
from muster_shared.auth.guards import public
from muster_shared.web import Answer, Routes
from muster_shared.web.app import part

routes = Routes("crew_links", prefix="/api/crew/links", tag="crew")


@routes.get("/<token>", guard=public(), answers={200: CallSheetView}, errors=[410])
def get_call_sheet(*, token: str, session: Session) -> Answer:
    """The call sheet a link opens; 410 once the link is dead. Reading changes nothing"""
    link = read_link(token, secret=part(EventsParts).settings.link_secret.get_secret_value())
    return Answer(sheet_view(read_sheet(session, link)), headers={"Cache-Control": "no-store"})
