"""Pages for people: HTML with the strict headers of security.md."""

from flask import Response, current_app


def html_response(text: str, *, status: int = 200, cache_control: str = "no-store") -> Response:
    """A page: no inline script or style, no frames, nothing of its address told to others."""
    settings = current_app.extensions["muster"].spec.settings
    response = Response(text, status=status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = page_policy(settings.media_origin)
    response.headers["Cache-Control"] = cache_control
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def page_policy(media_origin: str) -> str:
    """The Content-Security-Policy of a page that shows and uploads photos."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        f"img-src 'self' data: blob: {media_origin}; connect-src 'self' {media_origin}; media-src blob:; "
        "manifest-src 'self'; worker-src 'self'; form-action 'self'; object-src 'none'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
