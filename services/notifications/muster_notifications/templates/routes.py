"""Templates over HTTP: what there is, and what it looks like."""

from muster_notifications.errors import TemplateNotFound
from muster_notifications.parts import NotificationsParts
from muster_notifications.templates import samples
from muster_notifications.templates.registry import LANGUAGES, TEMPLATES
from muster_notifications.templates.rendering import render, version_of
from muster_notifications.templates.schemas import Preview, PreviewQuery, TemplateList, TemplateView
from muster_shared.auth.guards import scoped
from muster_shared.web import Routes
from muster_shared.web.app import part

routes = Routes("templates", prefix="/api/notifications/templates", tag="templates")


@routes.get("", guard=scoped("notifications:read"), answers={200: TemplateList}, summary="Every template")
def list_templates() -> TemplateList:
    """With the version of each language, which changes whenever its words or the layout do."""
    return TemplateList(
        items=[
            TemplateView(
                name=template.name,
                audience=template.audience,
                scope=template.scope,
                languages=list(LANGUAGES),
                versions={language: version_of(template.name, language) for language in LANGUAGES},
            )
            for template in TEMPLATES.values()
        ]
    )


@routes.get(
    "/<name>/preview",
    guard=scoped("notifications:read"),
    query=PreviewQuery,
    answers={200: Preview},
    errors=(404,),
    summary="A template filled with sample data",
)
def preview_template(*, name: str, query: PreviewQuery) -> Preview:
    """Its links open nothing."""
    template = TEMPLATES.get(name)
    if template is None:
        raise TemplateNotFound
    origin = part(NotificationsParts).settings.public_origin
    rendered = render(
        name,
        language=query.language,
        recipient_name=samples.PERSON,
        organization=samples.ORGANIZATION,
        context=samples.context(name),
        link=samples.link(name, origin),
        unsubscribe=f"{origin}/u/preview" if template.scope else None,
    )
    return Preview(
        name=name,
        language=query.language,
        version=rendered.version,
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        has_calendar=template.calendar is not None,
    )
