"""Photos for members and integrations."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from muster_media.errors import PhotoUnknown
from muster_media.gatherings.policies import event_of_member
from muster_media.gatherings.queries import EventCopies
from muster_media.photos import queries, use_cases
from muster_media.photos.schemas import ChangePhoto, PhotoPage, PhotoQuery, PhotoView
from muster_shared.auth.guards import scoped
from muster_shared.auth.memberships import Memberships
from muster_shared.auth.principal import Principal
from muster_shared.aws.cloudfront import Signer
from muster_shared.db import Database
from muster_shared.problems import NotFound
from muster_shared.web import Answer, Routes, page_answer, read_cursor
from muster_shared.web.app import part

routes = Routes("media.photos", prefix="/api/media/photos", tag="photos")


@routes.get("", guard=scoped("media:read"), query=PhotoQuery, answers={200: PhotoPage}, summary="An event's photos")
def list_photos(*, query: PhotoQuery, principal: Principal) -> Answer:
    """Newest first, of every status; photos sent several times are listed once."""
    event = event_of_member(part(EventCopies), part(Memberships), principal=principal, event_id=query.event_id)
    scope = f"photos:{event.event_id}"
    after = read_cursor(query.cursor, scope=scope)
    rows = queries.list_photos(
        part(Database), event_id=event.event_id, before=after[0] if after else None, limit=query.limit
    )
    signer = part(Signer)
    return Answer(
        page_answer(
            rows,
            limit=query.limit,
            scope=scope,
            key=lambda row: (row.id,),
            view=lambda row: queries.member_view(row, signer),
        )
    )


def _one(photo_id: UUID, principal: Principal) -> Any:
    """The photo, if the caller may know of it."""
    row = queries.find_photo(part(Database), photo_id)
    try:
        part(Memberships).require(principal, row.org_id)
    except NotFound:
        raise PhotoUnknown from None
    return row


@routes.get("/<uuid:photo_id>", guard=scoped("media:read"), answers={200: PhotoView}, summary="One photo")
def get_photo(*, photo_id: UUID, principal: Principal) -> Answer:
    """One photo with signed addresses."""
    return Answer(queries.member_view(_one(photo_id, principal), part(Signer)))


@routes.patch(
    "/<uuid:photo_id>",
    guard=scoped("media:write"),
    body=ChangePhoto,
    answers={200: PhotoView},
    errors=(409,),
    summary="Hide, show or caption a photo",
)
def change_photo(*, photo_id: UUID, body: ChangePhoto, principal: Principal) -> Answer:
    """Hiding takes a photo out of every gallery and album until it is shown again."""
    photo = _one(photo_id, principal)
    with part(Database).transaction() as session:
        if "caption" in body.model_fields_set:
            use_cases.set_caption(session, photo=photo, caption=body.caption, actor=principal)
        if body.hidden is not None:
            use_cases.moderate(session, photo=photo, hidden=body.hidden, actor=principal)
    return Answer(queries.member_view(queries.find_photo(part(Database), photo_id), part(Signer)))


@routes.delete("/<uuid:photo_id>", guard=scoped("media:write"), answers={204: None}, summary="Delete a photo")
def delete_photo(*, photo_id: UUID, principal: Principal, session: Session) -> None:
    """The photo, its copies and every object of theirs."""
    use_cases.delete_with_copies(session, photo=_one(photo_id, principal), actor=principal)
