"""HTTP of an event's money: for owners, managers and keys with the scope, nobody else."""

from uuid import UUID

from sqlalchemy.orm import Session

from muster_events.errors import NoFinance
from muster_events.events.access import locked_event, staff_event
from muster_events.finance import use_cases
from muster_events.finance.schemas import FinanceBody, FinanceView
from muster_events.parts import EventsParts
from muster_shared.auth import Principal
from muster_shared.auth.guards import scoped
from muster_shared.web import Routes
from muster_shared.web.app import part

routes = Routes("finance", prefix="/api/events/<uuid:event_id>/finance", tag="finance")


@routes.get("", guard=scoped("finance:read"), answers={200: FinanceView})
def get_finance(*, event_id: UUID, session: Session, principal: Principal) -> FinanceView:
    """An event's figures, with the net they give"""
    event = staff_event(session, part(EventsParts).memberships, principal, event_id)
    found = use_cases.get_finance(session, org_id=event.org_id, event_id=event.id)
    if found is None:
        raise NoFinance
    return found


@routes.put("", guard=scoped("finance:write"), body=FinanceBody, answers={200: FinanceView})
def put_finance(*, event_id: UUID, body: FinanceBody, session: Session, principal: Principal) -> FinanceView:
    """Set all of an event's figures"""
    event = locked_event(session, part(EventsParts).memberships, principal, event_id)
    return use_cases.put_finance(
        session, org_id=event.org_id, event_id=event.id, actor=principal, figures=body.to_figures()
    )
