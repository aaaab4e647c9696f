"""Every template in every language: complete, escaped, one link in both twins, and never half a mail."""

import re
import tomllib
from importlib import resources
from typing import Any

import pytest

from muster_notifications.templates import samples
from muster_notifications.templates.catalogue import catalogue
from muster_notifications.templates.registry import ACTION_LINKS, LANGUAGES, TEMPLATES, Link, language_of
from muster_notifications.templates.rendering import MissingVariable, UnknownTemplate, render, version_of
from muster_shared.messages.auth import MailRequested
from services.notifications.tests.support import Desk, assigned, event_facts, mail_requested

EVERY = [(name, language) for name in TEMPLATES for language in LANGUAGES]
_NAMES = re.compile(r"\{[{%]\s*(?:if|elif)?\s*([a-z_.]+)")


def shown(name: str, language: str = "en", **values: Any) -> Any:
    given: dict[str, Any] = {
        "language": language,
        "recipient_name": samples.PERSON,
        "organization": samples.ORGANIZATION,
        "context": samples.context(name),
        "link": samples.link(name, "https://muster.example"),
        **values,
    }
    return render(name, **given)


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_a_template_renders_in_full_when_filled_with_its_sample(name: str, language: str) -> None:
    mail = shown(name, language)
    assert 5 < len(mail.subject) < 120
    assert "\n" not in mail.subject
    for text in (mail.subject, mail.html, mail.text):
        assert "{{" not in text
        assert "{%" not in text
    link = samples.link(name, "https://muster.example")
    hrefs = set(re.findall(r'href="([^"]+)"', mail.html))
    if link is None:
        assert hrefs == set()
    else:
        assert hrefs == {link.replace("&", "&amp;")}
        assert mail.text.count(link) == 1
    assert f'lang="{language}"' in mail.html
    assert "http://" not in mail.html.replace("http://www.w3.org", "")
    assert "€" not in mail.text


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_a_language_says_the_same_with_the_same_values(language: str) -> None:
    for name in TEMPLATES:
        english, other = catalogue("en").templates[name], catalogue(language).templates[name]
        assert bool(english.button) == bool(other.button), name
        assert bool(english.note) == bool(other.note), name
        names = [{found for text in words.texts() for found in _NAMES.findall(text)} for words in (english, other)]
        assert names[0] == names[1], name
    assert set(catalogue("en").common) == set(catalogue(language).common)


def test_a_template_with_a_link_has_a_button_and_one_without_has_none() -> None:
    for template in TEMPLATES.values():
        assert bool(catalogue("en").templates[template.name].button) == (template.link is not Link.NONE), template


def test_auth_can_ask_for_exactly_the_account_templates() -> None:
    asked = set(MailRequested.model_fields["template"].annotation.__args__)  # type: ignore[union-attr]
    assert asked == {name for name, template in TEMPLATES.items() if template.audience == "account"}


@pytest.mark.parametrize("name", ["crew_request", "planner_declined", "registration_confirmed"])
def test_a_missing_value_fails_the_rendering_when_the_template_names_it(name: str) -> None:
    with pytest.raises(MissingVariable):
        shown(name, context={})


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(UnknownTemplate):
        render("no_such", language="en", recipient_name="", organization=None, context={}, link=None)


def test_no_half_mail_goes_out_when_a_value_is_missing(desk: Desk) -> None:
    desk.organization()
    desk.handle(assigned())
    desk.run("UPDATE deliveries SET context = context - 'role'")
    assert desk.send() == []
    assert (desk.only().status, desk.only().reason) == ("failed", "template_variable_missing")


def test_a_template_of_a_newer_release_fails_by_name_when_it_is_not_known(desk: Desk) -> None:
    desk.handle(mail_requested())
    desk.run("UPDATE deliveries SET template = 'from_the_future'")
    assert desk.send() == []
    assert (desk.only().status, desk.only().reason) == ("failed", "unknown_template")


def test_values_are_shown_and_never_obeyed_when_they_look_like_markup(desk: Desk) -> None:
    desk.organization(name="<b>Evil & Söhne</b>")
    nasty = "{{ 7*7 }}<script>alert(1)</script>"
    event = event_facts(title=nasty)
    desk.handle(assigned(event=event, name='"><img src=x>', crew_notes=nasty, role="<i>captain</i>"))
    (sent,) = desk.send()
    assert "<script" not in sent.html
    assert "<img" not in sent.html
    assert "<i>" not in sent.html
    assert "{{ 7*7 }}&lt;script&gt;" in sent.html
    assert nasty in sent.text
    assert "&lt;" not in sent.text
    assert sent.mail["From"].addresses[0].addr_spec == "no-reply@muster.test"


def test_headers_cannot_be_smuggled_in_when_a_name_holds_line_breaks(desk: Desk) -> None:
    desk.organization(name="Evil\r\nBcc: all@x.test")
    desk.handle(assigned(name="Ana\r\nBcc: all@x.test", event=event_facts(title="A\r\nBcc: all@x.test")))
    (sent,) = desk.send()
    assert sent.mail["Bcc"] is None
    assert [address.addr_spec for address in sent.mail["To"].addresses] == ["ana@crew.test"]


@pytest.mark.parametrize(
    ("tag", "expected"), [("de-AT", "de"), ("FR", "fr"), ("es_MX", "es"), ("pt", "en"), ("", "en")]
)
def test_the_nearest_language_is_taken_when_there_is_no_catalogue(tag: str, expected: str) -> None:
    assert language_of(tag) == expected


def test_a_version_tells_templates_and_languages_apart() -> None:
    versions = [version_of(name, language) for name, language in EVERY]
    assert len(set(versions)) == len(versions)
    assert version_of("crew_request", "en") == version_of("crew_request", "en")


def test_account_links_are_minted_by_auth_alone() -> None:
    assert {t.name for t in TEMPLATES.values() if t.link in ACTION_LINKS} == {
        "verify_email",
        "reset_password",
        "change_email",
        "invitation",
    }


def test_a_catalogue_has_nothing_that_no_template_uses() -> None:
    for language in LANGUAGES:
        source = resources.files("muster_notifications.templates").joinpath("catalogue", f"{language}.toml")
        table = tomllib.loads(source.read_text(encoding="utf-8"))
        assert set(table) - {"words"} == set(TEMPLATES)
