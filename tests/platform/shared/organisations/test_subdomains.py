"""Which names an organisation may take as its address."""

import pytest

from shared.kernel.errors import Invalid
from shared.organisations.subdomains import RESERVED, clean_subdomain


@pytest.mark.parametrize("name", ["acme", "a1b", "north-shore-2", "a" * 40, " Acme\n", "ACME"])
def test_plain_names_are_taken_in_lower_case(name: str) -> None:
    assert clean_subdomain(name) == name.strip().lower()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ab", "length"),
        ("a" * 41, "length"),
        ("", "length"),
        ("1acme", "characters"),
        ("-acme", "characters"),
        ("acme-", "characters"),
        ("ac_me", "characters"),
        ("acme.evil", "characters"),
        ("acme%00", "characters"),
        ("аcme", "characters"),  # the first letter is Cyrillic
        ("acmé", "characters"),
        ("ａｃｍｅ", "characters"),  # full width
        ("xn--acm-dma", "punycode"),
        ("ab--cd", "punycode"),
        ("admin", "reserved"),
        ("adm1n", "reserved"),
        ("supp0rt", "reserved"),
        ("inv0icepatch", "reserved"),
        ("lnvoicepatch", "reserved"),
        ("invoice-patch", "reserved"),
        ("vvww", "reserved"),
    ],
)
def test_names_that_mislead_or_break_are_refused(name: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        clean_subdomain(name)
    assert [(one.field, one.code) for one in caught.value.errors] == [("subdomain", code)]


def test_every_reserved_name_is_refused() -> None:
    for name in RESERVED:
        with pytest.raises(Invalid):
            clean_subdomain(name)
