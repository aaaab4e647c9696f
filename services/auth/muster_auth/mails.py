"""Asking notifications for a mail."""

from uuid import UUID

from sqlalchemy.orm import Session

from muster_auth.accounts.models import User
from muster_auth.actions.models import Action, ActionKind
from muster_shared.ids import new_id
from muster_shared.messages.auth import MailRequested
from muster_shared.messaging import outbox

_TEMPLATES = {
    ActionKind.VERIFY_EMAIL: "verify_email",
    ActionKind.RESET_PASSWORD: "reset_password",
    ActionKind.CHANGE_EMAIL: "change_email",
    ActionKind.INVITATION: "invitation",
}


def mail_link(
    session: Session,
    action: Action,
    *,
    name: str,
    language: str,
    org_id: UUID | None = None,
    variables: dict[str, str] | None = None,
) -> None:
    """A mail with the action's link in it; the token is minted when the mail is sent."""
    outbox.emit(
        session,
        MailRequested(
            mail_id=new_id(),
            template=_TEMPLATES[ActionKind(action.kind)],
            recipient=action.email,
            recipient_name=name,
            language=language,
            org_id=org_id,
            action_id=action.id,
            expires_at=action.expires_at,
            variables=variables or {},
        ),
    )


def mail_notice(
    session: Session,
    template: str,
    user: User,
    *,
    recipient: str | None = None,
    org_id: UUID | None = None,
    variables: dict[str, str] | None = None,
) -> None:
    """A mail that only tells something, to the account's address unless `recipient` names another."""
    outbox.emit(
        session,
        MailRequested(
            mail_id=new_id(),
            template=template,
            recipient=recipient or user.email,
            recipient_name=user.name,
            language=user.language,
            org_id=org_id,
            variables=variables or {},
        ),
    )
