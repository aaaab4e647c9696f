"""Wire shapes of albums."""

from muster_shared.web import Query, UtcTime, View


class AlbumView(View):
    """An album: `status` is none, building, ready or failed. While one is built anew, `url` gives the last."""

    status: str
    url: str | None = None
    url_expires_at: UtcTime | None = None
    photo_count: int | None = None
    size: int | None = None
    built_at: UtcTime | None = None


class AlbumQuery(Query):
    """`evidence`: the originals with a manifest instead of what the gallery shows."""

    evidence: bool = False
