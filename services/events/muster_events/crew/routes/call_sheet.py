"""The call sheet: a page that reads without changing anything, and the presses on it."""

from collections.abc import Callable
from typing import Any

from flask import Response, redirect, request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from muster_events.crew import errors
from muster_events.crew.call_sheet_schemas import (
    CallSheetView,
    Confirmation,
    JobPhotoUpload,
    Refusal,
    Report,
    UploadView,
)
from muster_events.crew.gateway import MediaGateway, UploadWanted
from muster_events.crew.links import read_link
from muster_events.crew.openers import looks_like_machine
from muster_events.crew.pressing import check_same_site
from muster_events.crew.rendering import call_sheet_page, message_page
from muster_events.crew.sheet import Sheet, read_sheet, sheet_view
from muster_events.crew.use_cases import answering, fieldwork, opening
from muster_events.parts import EventsParts
from muster_shared.auth.guards import public
from muster_shared.auth.links import LinkClaims
from muster_shared.db import is_unavailable
from muster_shared.ids import new_id
from muster_shared.logs import log
from muster_shared.problems import Conflict, NotFound, Problem, TooManyRequests, Unavailable
from muster_shared.web import Answer, Routes
from muster_shared.web.app import part
from muster_shared.web.failures import problem_response
from muster_shared.web.html import html_response
from muster_shared.web.idempotency import HEADER
from muster_shared.web.rate_limit import Limit, take

routes = Routes("call_sheet", prefix="/c", tag="crew")
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_UPLOADS = Limit("crew-upload", 300, 3600)
_RETRY_SECONDS = 5
# What the page says of a refusal; every other conflict says that it is not possible any more.
_ERROR_TEXTS: dict[type[Problem], str] = {
    errors.DetailsChanged: "changed",
    errors.NotTheDay: "not_the_day",
    errors.NotConfirmed: "not_confirmed",
    errors.CrossSite: "cross_site",
    TooManyRequests: "too_many",
}
_log = log(__name__)


def _link(token: str) -> LinkClaims:
    return read_link(token, secret=part(EventsParts).settings.link_secret.get_secret_value())


def _read(link: LinkClaims) -> Sheet:
    with part(EventsParts).wiring.database.transaction() as session:
        return read_sheet(session, link)


def _page_of(token: str, sheet: Sheet, *, error: str | None = None, status: int = 200) -> Response:
    return html_response(call_sheet_page(sheet, base=f"/c/{token}", error=error), status=status)


def _problem_page(problem: Problem, *, token: str) -> Response:
    """A page for a link that opens nothing, or for a database that does not answer."""
    names = {
        410: ("dead_title", f"dead_{problem.extra.get('reason', 'replaced')}"),
        404: ("unknown_title", "unknown"),
    }
    title, text = names.get(problem.status, ("unavailable_title", "unavailable"))
    # Taken from the routing, so that nothing of an odd address comes back in the page.
    retry = f"/c/{token}" if problem.status == Unavailable.status else None
    language = request.accept_languages.best_match(["en", "de", "fr", "es"], default="en")
    page = message_page(title=title, text=text, retry=retry, language=language, mild=problem.status != 404)
    response = html_response(page, status=problem.status)
    for name, value in problem.headers.items():
        response.headers[name] = value
    return response


def _away(error: SQLAlchemyError) -> Unavailable:
    """The problem of a database that is away. Raises `error` when that is not what it says."""
    if not is_unavailable(error):
        raise error
    _log.warning("database_unavailable", error=type(error).__name__)
    return Unavailable(retry_after_seconds=_RETRY_SECONDS)


@routes.page("/<token>", guard=public())
def show(*, token: str) -> Response:
    """The call sheet"""
    try:
        link = _link(token)
        sheet = _read(link)
    except SQLAlchemyError as error:
        return _problem_page(_away(error), token=token)
    except Problem as problem:
        return _problem_page(problem, token=token)
    opening.note_opened(
        part(EventsParts).wiring.database,
        link=link,
        org_id=sheet.event.org_id,
        by_machine=looks_like_machine(method=request.method, headers=dict(request.headers)),
    )
    return _page_of(token, sheet)


def _wants_page() -> bool:
    """Whether the caller is a page's form, or its script in its place."""
    wanted = request.accept_mimetypes.best_match(["application/json", "text/html"])
    return request.mimetype in _FORMS or wanted == "text/html"


def _press(token: str, work: Callable[[Session, LinkClaims], Any]) -> Response | Answer:
    """Runs `work` in a transaction of its own, and answers as the caller asked: a page's form with the page."""
    parts = part(EventsParts)
    by_form = _wants_page()
    try:
        check_same_site(dict(request.headers), public_origin=parts.settings.public_origin)
        link = _link(token)
        with parts.wiring.database.transaction() as session:
            work(session, link)
    except SQLAlchemyError as error:
        return _refused(token, _away(error), by_form=by_form)
    except Problem as problem:
        return _refused(token, problem, by_form=by_form)
    if by_form:
        # After a POST the browser gets a page it may load again (RFC 9110, 15.4.4).
        return redirect(f"/c/{token}", code=303)  # type: ignore[return-value]  # werkzeug's type of Flask's response
    return Answer(sheet_view(_read(link)))


def _refused(token: str, problem: Problem, *, by_form: bool) -> Response:
    """What a press that was refused is answered: the sheet as it stands with the reason, as far as there is one."""
    if not by_form:
        return problem_response(problem, request)
    error = _ERROR_TEXTS.get(type(problem), "refused" if problem.status == Conflict.status else None)
    if error is None:
        return _problem_page(problem, token=token)
    try:
        response = _page_of(token, _read(_link(token)), error=error, status=problem.status)
    except SQLAlchemyError as failure:
        return _problem_page(_away(failure), token=token)
    except Problem as other:
        return _problem_page(other, token=token)
    for name, value in problem.headers.items():
        response.headers[name] = value
    return response


@routes.post(
    "/<token>/confirm",
    guard=public(),
    body=Confirmation,
    form=True,
    answers={200: CallSheetView, 303: None},
    errors=[403, 410],
)
def confirm(*, token: str, body: Confirmation) -> Response | Answer:
    """Say yes; saying it again changes nothing"""

    def work(session: Session, link: LinkClaims) -> None:
        answering.confirm(session, press=answering.Press(link=link, seen=body.seen))

    return _press(token, work)


@routes.post(
    "/<token>/decline",
    guard=public(),
    body=Refusal,
    form=True,
    answers={200: CallSheetView, 303: None},
    errors=[403, 410],
)
def decline(*, token: str, body: Refusal) -> Response | Answer:
    """Say no, with a reason or without; saying it again changes nothing"""

    def work(session: Session, link: LinkClaims) -> None:
        answering.decline(session, press=answering.Press(link=link), reason=body.reason)

    return _press(token, work)


@routes.post(
    "/<token>/status",
    guard=public(),
    body=Report,
    form=True,
    answers={200: CallSheetView, 303: None},
    errors=[403, 410],
)
def report(*, token: str, body: Report) -> Response | Answer:
    """Report from the day: on my way, arrived, done"""

    def work(session: Session, link: LinkClaims) -> None:
        fieldwork.report(session, link=link, status=body.status)

    return _press(token, work)


@routes.post("/<token>/photos", guard=public(), body=JobPhotoUpload, answers={201: UploadView}, errors=[403, 410])
def add_photo(*, token: str, body: JobPhotoUpload) -> Answer:
    """Ask where to send a photo of the job; the photo itself goes straight to storage"""
    parts = part(EventsParts)
    check_same_site(dict(request.headers), public_origin=parts.settings.public_origin)
    link = _link(token)
    sheet = _read(link)
    fieldwork.check_may_report(sheet.event, sheet.assignment)
    if sheet.shots is None:
        raise NotFound("this event takes no photos of a job")
    take(parts.wiring.database, _UPLOADS, str(link.subject))
    # No transaction is open while media is asked.
    wanted = UploadWanted(
        event_id=sheet.event.id,
        org_id=sheet.event.org_id,
        assignment_id=sheet.assignment.id,
        crew_name=sheet.assignment.member.name,
        request_key=request.headers.get(HEADER) or str(new_id()),
        **body.model_dump(),
    )
    return Answer(part(MediaGateway).ask_upload(wanted), status=201)
