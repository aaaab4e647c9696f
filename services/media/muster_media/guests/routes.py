"""The guest page's calls: by page link, no account."""

from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from muster_media.albums import queries as albums
from muster_media.albums import use_cases as album_use_cases
from muster_media.albums.models import AlbumKind
from muster_media.albums.schemas import AlbumView
from muster_media.config import MediaSettings
from muster_media.errors import PhotoUnknown, UploadsClosed
from muster_media.gatherings.queries import EventCopies, EventRecord
from muster_media.guests import queries
from muster_media.guests.policies import gallery_is_open, shown_purposes
from muster_media.guests.schemas import (
    AlbumState,
    GuestPage,
    GuestPhotoPage,
    GuestPhotoQuery,
    ReportPhoto,
    UploadLimits,
)
from muster_media.limits import CONTENT_TYPES, MAX_PIXELS, MAX_UPLOAD_BYTES
from muster_media.photos import queries as photos
from muster_media.photos import use_cases as photo_use_cases
from muster_media.photos.models import Purpose, UploaderType
from muster_media.uploads.policies import guests_may_add, window
from muster_media.uploads.routes import answer_fields, begin
from muster_media.uploads.schemas import GuestUploadAnswer, RequestGuestUpload
from muster_media.uploads.use_cases import Uploader, hash_of
from muster_shared import clock
from muster_shared.auth.guards import public
from muster_shared.aws.cloudfront import Signer
from muster_shared.db import Database
from muster_shared.web import Answer, Routes, page_answer, read_cursor
from muster_shared.web.app import part
from muster_shared.web.rate_limit import Limit, address_prefix, take

routes = Routes("media.guest", prefix="/api/media/guest/<string:code>", tag="guest")


def _page(code: str, *, limit: Limit) -> EventRecord:
    """The event of a page, once the caller's network has been counted."""
    take(part(Database), limit, address_prefix(request.remote_addr))
    return part(EventCopies).by_page(code)


def _reading() -> Limit:
    return Limit("guest-reads", part(MediaSettings).guest_reads_per_minute, 60)


@routes.get("", guard=public(), answers={200: GuestPage}, summary="What a guest may do now")
def get_page(*, code: str) -> GuestPage:
    """Window, limits and whether the gallery is open."""
    event = _page(code, limit=_reading())
    now = clock.now()
    opens_at, closes_at = window(event)
    with part(Database).read() as connection:
        album = albums.album_state(connection, event_id=event.event_id, kind=AlbumKind.GUEST)
    return GuestPage(
        title=event.title,
        kind=event.kind,
        uploads_open=guests_may_add(event, at=now),
        opens_at=opens_at,
        closes_at=closes_at,
        gallery_visible=gallery_is_open(event, at=now),
        reveal_at=event.reveal_at,
        moderated=event.moderated,
        limits=UploadLimits(max_bytes=MAX_UPLOAD_BYTES, max_pixels=MAX_PIXELS, content_types=list(CONTENT_TYPES)),
        album=AlbumState(status=album.status),
    )


@routes.post(
    "/uploads",
    guard=public(),
    body=RequestGuestUpload,
    answers={201: GuestUploadAnswer},
    errors=(404, 409, 429),
    idempotent=True,
    sensitive=True,
    summary="Ask for an upload as a guest",
)
def request_upload(*, code: str, body: RequestGuestUpload, within: Session | None) -> Answer:
    """A signature for one file, and the receipt to take it down with."""
    event = _page(code, limit=Limit("guest-uploads", part(MediaSettings).guest_uploads_per_minute, 60))
    if not guests_may_add(event, at=clock.now()):
        raise UploadsClosed
    uploader = Uploader(type=UploaderType.GUEST, name=body.name or None)
    intent = begin(within, event=event, uploader=uploader, purpose=Purpose.PHOTO, body=body)
    return Answer(GuestUploadAnswer(**answer_fields(intent), receipt=intent.receipt or ""), status=201)


@routes.get("/photos", guard=public(), query=GuestPhotoQuery, answers={200: GuestPhotoPage}, summary="The gallery")
def list_photos(*, code: str, query: GuestPhotoQuery) -> Answer:
    """Ready photos, newest first, once the gallery is open; or one's own by receipt, at any time."""
    event = _page(code, limit=_reading())
    signer, database = part(Signer), part(Database)
    if query.receipt:
        hashes = [hash_of(receipt) for receipt in query.receipt]
        own = photos.list_by_receipts(database, event_id=event.event_id, hashes=hashes)
        return Answer({"items": [photos.guest_view(row, signer) for row in own], "next_cursor": None})
    if not gallery_is_open(event, at=clock.now()):
        return Answer({"items": [], "next_cursor": None})
    scope = f"guest:{event.event_id}"
    after = read_cursor(query.cursor, scope=scope)
    rows = photos.list_for_guests(
        database,
        event_id=event.event_id,
        purposes=shown_purposes(event),
        before=after[0] if after else None,
        limit=query.limit,
    )
    return Answer(
        page_answer(
            rows,
            limit=query.limit,
            scope=scope,
            key=lambda row: (row.id,),
            view=lambda row: photos.guest_view(row, signer),
        )
    )


@routes.delete("/photos/<string:receipt>", guard=public(), answers={204: None}, summary="Take down one's own")
def take_down(*, code: str, receipt: str, session: Session) -> None:
    """Takes down the photo of a receipt; doing it again changes nothing."""
    event = _page(code, limit=_reading())
    row = queries.photo_by_receipt(session, event_id=event.event_id, receipt_hash=hash_of(receipt))
    if row is None:
        raise PhotoUnknown
    if row.status != "deleted":
        photo_use_cases.take_down(session, photo_id=row.id)


@routes.post(
    "/photos/<uuid:photo_id>/report",
    guard=public(),
    body=ReportPhoto,
    answers={204: None},
    errors=(404, 429),
    idempotent=True,
    summary="Report a photo",
)
def report_photo(*, code: str, photo_id: UUID, body: ReportPhoto, session: Session) -> None:
    """Hides the photo until a member has looked at it, unless one has before."""
    event = _page(code, limit=Limit("guest-reports", part(MediaSettings).guest_reports_per_hour, 3600))
    row = queries.reportable_photo(session, event_id=event.event_id, photo_id=photo_id, purposes=shown_purposes(event))
    if row is None or not gallery_is_open(event, at=clock.now()):
        raise PhotoUnknown
    photo_use_cases.report(
        session,
        photo_id=photo_id,
        org_id=event.org_id,
        given=photo_use_cases.Report(reason=body.reason, message=body.message),
        reviewed=row.reviewed_at is not None,
    )


@routes.get("/album", guard=public(), answers={200: AlbumView}, summary="The album")
def get_album(*, code: str) -> AlbumView:
    """The ZIP of what the gallery shows; asking for one that was never built has it built."""
    event = _page(code, limit=_reading())
    database = part(Database)
    if not gallery_is_open(event, at=clock.now()):
        return AlbumView(status="none")
    with database.read() as connection:
        state = albums.album_state(connection, event_id=event.event_id, kind=AlbumKind.GUEST)
    if state.status == "none" and state.has_photos:
        with database.transaction() as session:
            album_use_cases.want_album(session, event_id=event.event_id, org_id=event.org_id, kind=AlbumKind.GUEST)
        return AlbumView(status="building")
    return albums.album_view(state, part(Signer))
