"""Sending a mail again: as a new delivery, and only when the first cannot arrive any more or has."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from muster_notifications.audit import audit
from muster_notifications.copies.models import AssignmentState
from muster_notifications.deliveries import queries
from muster_notifications.deliveries.models import Delivery
from muster_notifications.deliveries.recipients import key_of, lane_of
from muster_notifications.deliveries.states import Status
from muster_notifications.deliveries.use_cases import NewMail, add_step, queue
from muster_notifications.errors import MayStillArrive, NotResendable
from muster_notifications.suppressions.models import Suppression
from muster_notifications.templates.registry import TEMPLATES
from muster_shared import clock
from muster_shared.auth.principal import Principal


def resend(session: Session, delivery_id: UUID, *, actor: Principal, wait_seconds: float, request_id: str) -> Delivery:
    """Queues the mail anew and gives the new delivery.

    Raises `DeliveryNotFound`, `MayStillArrive` while an earlier one of the same mail is under way or was accepted
    less than `wait_seconds` ago without a word since, and `NotResendable` where it would come to nothing.
    """
    first = queries.one(session, delivery_id, for_update=True)
    if first.resend_of is not None:
        # One of the chain stands for all: two who press at once wait for each other here.
        first = queries.one(session, first.resend_of, for_update=True)
    chain = session.scalars(
        select(Delivery).where((Delivery.id == first.id) | (Delivery.resend_of == first.id)).order_by(Delivery.id)
    ).all()
    now = clock.now()
    for earlier in chain:
        _refuse_under_way(earlier, wait_seconds=wait_seconds, now=now)
    _refuse_useless(session, first, now=now)
    new_id = queue(
        session,
        NewMail(
            dedupe_key=f"resend:{first.id}:{len(chain)}",
            template=first.template,
            recipient=first.recipient,
            recipient_name=first.recipient_name,
            language=first.language,
            # Somebody asked for it now.
            urgent=True,
            org_id=first.org_id,
            event_id=first.event_id,
            assignment_id=first.assignment_id,
            registration_id=first.registration_id,
            link_version=first.link_version,
            action_id=first.action_id,
            expires_at=first.expires_at,
            request_id=request_id,
            resend_of=first.id,
            context=first.context,
            trigger="resend",
        ),
    )
    if new_id is None:
        raise MayStillArrive
    add_step(session, first.id, "resent", detail={"as": str(new_id)})
    made = queries.one(session, new_id)
    if made.org_id is not None:
        audit.record(session, actor, action="delivery.resent", org_id=made.org_id, target_id=first.id)
    return made


def may_resend(delivery: Delivery, *, wait_seconds: float) -> bool:
    """Whether this delivery by itself would let itself be sent again."""
    try:
        _refuse_under_way(delivery, wait_seconds=wait_seconds, now=clock.now())
    except MayStillArrive:
        return False
    return delivery.expires_at is None or delivery.expires_at > clock.now()


def _refuse_under_way(delivery: Delivery, *, wait_seconds: float, now: datetime) -> None:
    if delivery.status in {Status.QUEUED, Status.SENDING}:
        raise MayStillArrive("it is still on its way out")
    accepted_at = delivery.sent_at or delivery.updated_at
    if delivery.status == Status.SENT and accepted_at > now - timedelta(seconds=wait_seconds):
        raise MayStillArrive("it was accepted a short while ago and nothing has been heard of it since")
    if delivery.status == Status.FAILED and delivery.reason == "outcome_unknown":
        last = delivery.updated_at
        if last > now - timedelta(seconds=wait_seconds):
            raise MayStillArrive("nobody knows yet whether it was accepted")


def _refuse_useless(session: Session, delivery: Delivery, *, now: datetime) -> None:
    if not delivery.recipient:
        raise NotResendable("there is no address")
    if delivery.expires_at is not None and delivery.expires_at <= now:
        raise NotResendable("what it was about has expired")
    template = TEMPLATES.get(delivery.template)
    entry = session.scalars(
        select(Suppression).where(
            Suppression.lane == lane_of(delivery.org_id),
            Suppression.recipient_key == key_of(delivery.recipient),
            Suppression.scope.in_(["all", (template.scope if template else None) or "all"]),
        )
    ).first()
    if entry is not None:
        raise NotResendable("the address is on the suppression list", code="recipient-suppressed")
    if delivery.assignment_id is None or delivery.link_version is None:
        return
    state = session.get(AssignmentState, delivery.assignment_id)
    if state is not None and state.link_version > delivery.link_version:
        raise NotResendable("its link no longer holds; a newer mail has taken its place")
