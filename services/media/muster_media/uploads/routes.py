"""Asking for an upload: members, integrations, and crew by way of events."""

from typing import Any

from sqlalchemy.orm import Session

from muster_media.config import MediaSettings
from muster_media.errors import EventUnknown
from muster_media.gatherings.policies import event_of_member
from muster_media.gatherings.queries import EventCopies, EventRecord
from muster_media.photos.models import Purpose, UploaderType
from muster_media.uploads import use_cases
from muster_media.uploads.schemas import (
    FileFacts,
    PendingPhoto,
    RequestCrewUpload,
    RequestUpload,
    UploadAnswer,
    UploadTarget,
)
from muster_media.uploads.signing import UploadSigner
from muster_media.uploads.use_cases import FileToCome, Intent, Uploader
from muster_shared.auth.guards import internal, scoped
from muster_shared.auth.memberships import Memberships
from muster_shared.auth.principal import Principal
from muster_shared.db import Database
from muster_shared.web import Answer, Routes
from muster_shared.web.app import part

routes = Routes("media.uploads", prefix="/api/media/uploads", tag="uploads")
internal_routes = Routes("media.internal", prefix="/internal", tag="internal")


def begin(
    within: Session | None, *, event: EventRecord, uploader: Uploader, purpose: Purpose, body: FileFacts
) -> Intent:
    """The use case with this process's parts."""
    return use_cases.intend_upload(
        part(Database),
        within,
        signer=part(UploadSigner),
        settings=part(MediaSettings),
        event=event,
        uploader=uploader,
        purpose=purpose,
        file=FileToCome(
            name=body.filename,
            content_type=body.content_type,
            size_bytes=body.size,
            sha256=body.sha256,
            method=body.method,
        ),
    )


def answer_fields(intent: Intent) -> dict[str, Any]:
    """What the answers to members, crew and guests have in common."""
    upload = intent.upload
    return {
        "photo": PendingPhoto(id=intent.photo_id, status=intent.status),
        "upload": UploadTarget(
            method="PUT" if upload.method == "PUT" else "POST",
            url=upload.url,
            fields=upload.fields,
            headers=upload.headers,
        ),
        "expires_at": upload.expires_at,
    }


@routes.post(
    "",
    guard=scoped("media:write"),
    body=RequestUpload,
    answers={201: UploadAnswer},
    errors=(403, 404, 409),
    idempotent=True,
    sensitive=True,
    summary="Ask for an upload",
)
def request_upload(*, body: RequestUpload, within: Session | None, principal: Principal) -> Answer:
    """Gives a signature for one file of one event, good for 15 minutes."""
    event = event_of_member(part(EventCopies), part(Memberships), principal=principal, event_id=body.event_id)
    uploader = Uploader(
        type=UploaderType.SERVICE_KEY if principal.is_service_key else UploaderType.MEMBER,
        id=principal.key_id if principal.is_service_key else principal.user_id,
        name=principal.name or None,
    )
    intent = begin(within, event=event, uploader=uploader, purpose=body.purpose, body=body)
    return Answer(UploadAnswer(**answer_fields(intent)), status=201)


@internal_routes.post(
    "/uploads",
    guard=internal(),
    body=RequestCrewUpload,
    answers={201: UploadAnswer, 200: UploadAnswer},
    errors=(404, 409),
    summary="Ask for a crew member's upload",
)
def request_crew_upload(*, body: RequestCrewUpload, session: Session) -> Answer:
    """For events, which has checked the crew link. A repeated `request_key` is answered 200, signed anew."""
    event = part(EventCopies).get(body.event_id)
    if event.org_id != body.org_id:
        raise EventUnknown
    sender = body.uploaded_by
    uploader = Uploader(type=UploaderType.CREW, id=sender.assignment_id, name=sender.name, request_key=body.request_key)
    known = use_cases.repeat_intent(session, signer=part(UploadSigner), uploader=uploader)
    if known is not None:
        return Answer(UploadAnswer(**answer_fields(known)), status=200)
    intent = begin(session, event=event, uploader=uploader, purpose=Purpose(body.purpose), body=body)
    return Answer(UploadAnswer(**answer_fields(intent)), status=201)
