"""QR codes, as SVG."""

from io import BytesIO

import segno
from flask import Response


def qr_svg(text: str) -> bytes:
    """`text` as a QR code that a phone still reads off a crumpled print (error correction Q)."""
    out = BytesIO()
    segno.make(text, error="q", micro=False, boost_error=False).save(
        out, kind="svg", scale=8, border=4, xmldecl=False, svgclass=None, lineclass=None, dark="#000", light="#fff"
    )
    return out.getvalue()


def qr_response(text: str, *, cache_control: str = "private, max-age=3600") -> Response:
    """The SVG as an answer. Its policy lets nothing run, should somebody open it as a page."""
    response = Response(qr_svg(text), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = cache_control
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    return response
