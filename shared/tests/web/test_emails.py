"""Addresses are taken and refused as the library for them says, however they are looked at."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from muster_shared.web import Email

LOCAL = st.text(alphabet='aZ1.+-_ é"@', min_size=0, max_size=8)
DOMAIN = st.sampled_from(
    [
        "x.org",
        "X.Org",
        "x",
        "x..org",
        "-x.org",
        "x.org.",
        "x.local",
        "localhost",
        "bücher.de",
        "xn--bcher-kva.de",
        "x@y.de",
        "",
    ]
)
ADDRESS = TypeAdapter(Email)


@given(local=LOCAL, domain=DOMAIN)
@example(local="a" * 64, domain="x.org")
@example(local="a" * 65, domain="x.org")
@example(local="a" * 64, domain=".".join(["abcdefgh"] * 22))
def test_an_address_is_what_the_library_makes_of_it(local: str, domain: str) -> None:
    text = f"{local}@{domain}"
    try:
        expected = validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        with pytest.raises(ValidationError):
            ADDRESS.validate_python(text)
    else:
        assert ADDRESS.validate_python(text) == expected
