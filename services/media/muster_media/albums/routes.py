"""Albums for members and integrations."""

from uuid import UUID

from sqlalchemy.orm import Session

from muster_media.albums import queries, use_cases
from muster_media.albums.models import AlbumKind
from muster_media.albums.schemas import AlbumQuery, AlbumView
from muster_media.audit import audit
from muster_media.errors import AlbumEmpty
from muster_media.gatherings.policies import event_of_member
from muster_media.gatherings.queries import EventCopies
from muster_shared.auth.guards import scoped
from muster_shared.auth.memberships import Memberships
from muster_shared.auth.principal import Principal
from muster_shared.aws.cloudfront import Signer
from muster_shared.db import Database
from muster_shared.web import Answer, Routes
from muster_shared.web.app import part

routes = Routes("media.albums", prefix="/api/media/albums", tag="albums")


def _kind(query: AlbumQuery) -> AlbumKind:
    return AlbumKind.EVIDENCE if query.evidence else AlbumKind.MEMBERS


@routes.post(
    "/<uuid:event_id>",
    guard=scoped("media:write"),
    query=AlbumQuery,
    answers={202: AlbumView},
    errors=(409,),
    idempotent=True,
    summary="Have an album built",
)
def build_album(*, event_id: UUID, query: AlbumQuery, session: Session, principal: Principal) -> Answer:
    """Begins, or begins anew; ask with GET until it is ready."""
    event = event_of_member(part(EventCopies), part(Memberships), principal=principal, event_id=event_id)
    kind = _kind(query)
    if not queries.album_state(session.connection(), event_id=event_id, kind=kind).has_photos:
        raise AlbumEmpty
    use_cases.want_album(session, event_id=event_id, org_id=event.org_id, kind=kind)
    changes = {"evidence": query.evidence}
    audit.record(session, principal, action="album.requested", org_id=event.org_id, target_id=event_id, changes=changes)
    state = queries.album_state(session.connection(), event_id=event_id, kind=kind)
    return Answer(queries.album_view(state, part(Signer)), status=202)


@routes.get(
    "/<uuid:event_id>",
    guard=scoped("media:read"),
    query=AlbumQuery,
    answers={200: AlbumView},
    summary="Get an album",
)
def get_album(*, event_id: UUID, query: AlbumQuery, principal: Principal) -> AlbumView:
    """Status, and the signed address once there is one."""
    event_of_member(part(EventCopies), part(Memberships), principal=principal, event_id=event_id)
    with part(Database).read() as connection:
        state = queries.album_state(connection, event_id=event_id, kind=_kind(query))
    return queries.album_view(state, part(Signer))
