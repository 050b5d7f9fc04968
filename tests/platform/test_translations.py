"""The French catalogue is whole: what is marked is said, what is written is compiled.

Nothing here needs gettext on the machine.
"""

import gettext
import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation import gettext as translate
from django.utils.translation import ngettext, override
from django.utils.translation.template import templatize

from shared.accounts import allauth_texts

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "frontend_templates" / "locale" / "fr_CA" / "LC_MESSAGES"
PYTHON_ROOTS = ("platform", "tenants", "billing", "connectors")
TEMPLATES = ROOT / "frontend_templates" / "templates"
HARD_SPACE = "\u00a0"
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd]")


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with (FOLDER / "django.po").open("rb") as written:
        return read_po(written, locale="fr_CA", abort_invalid=True)


def forms(value):
    """The forms of a message: one, or singular and plural."""
    return (value,) if isinstance(value, str) else tuple(value)


def messages(catalogue):
    return [message for message in catalogue if message.id]


def marked():
    """Every marked text, as (context, forms)."""
    for root in PYTHON_ROOTS:
        for path in (ROOT / root).rglob("*.py"):
            yield from found_in(path.read_bytes())
    for path in TEMPLATES.rglob("*"):
        if path.suffix in (".html", ".txt"):
            code = templatize(path.read_text(), origin=str(path))
            # What is left of a template is marked text among X; indentation would say more.
            yield from found_in("\n".join(map(str.lstrip, code.splitlines())).encode())


def found_in(source: bytes):
    for _line, message, _comments, context in extract(
        "python", io.BytesIO(source), keywords=KEYWORDS
    ):
        yield context, forms(message)


def test_everything_marked_is_in_the_catalogue_and_nothing_else(catalogue):
    kept = {(message.context, forms(message.id)[0]) for message in messages(catalogue)}
    asked = {(context, texts[0]) for context, texts in marked() if texts[0]}
    assert asked - kept == set(), "marked, but not in the catalogue"
    assert kept - asked == set(), "in the catalogue, but no longer marked"
    assert len(kept) > 1000


def test_what_is_worded_later_is_marked():
    """Only `_` and `ngettext` are found: a text given to `worded` itself would stay English."""
    unmarked = [
        str(path.relative_to(ROOT))
        for root in PYTHON_ROOTS
        for path in (ROOT / root).rglob("*.py")
        if re.search(r"\b(worded|worded_plural|told)\(\s*f?[\"']", path.read_text())
    ]
    assert unmarked == []


def test_every_text_is_said(catalogue):
    for message in messages(catalogue):
        assert not message.fuzzy, message.id
        said = forms(message.string)
        assert len(said) == len(forms(message.id)), message.id
        assert all(said), message.id


def test_placeholders_are_the_same(catalogue):
    for message in messages(catalogue):
        wanted = sorted(PLACEHOLDER.findall(forms(message.id)[-1]))
        for said in forms(message.string):
            found = sorted(PLACEHOLDER.findall(said))
            assert found == wanted or (len(forms(message.id)) == 2 and set(found) < set(wanted)), (
                message.id
            )
        assert sorted(PLACEHOLDER.findall(forms(message.string)[-1])) == wanted, message.id


def test_french_is_typeset_as_in_quebec(catalogue):
    for message in messages(catalogue):
        for said in forms(message.string):
            words = PLACEHOLDER.sub("0", said)
            assert '"' not in said, said
            assert "'" not in said, said
            assert not re.search(f"[«][^{HARD_SPACE}]|[^{HARD_SPACE}][»]", said), said
            assert not re.search(rf"[^\s\d/{HARD_SPACE}]:(?=\s|$)|\s[;!?]| [:%](?=\s|$)", words), (
                said
            )


def test_the_compiled_catalogue_is_current(catalogue):
    anew = io.BytesIO()
    write_mo(anew, catalogue)
    anew.seek(0)
    with (FOLDER / "django.mo").open("rb") as compiled:
        assert said_by(compiled) == said_by(anew)
    with (FOLDER / "django.mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).info()["language"] == "fr_CA"


def said_by(compiled):
    return {(m.context, forms(m.id)): forms(m.string) for m in messages(read_mo(compiled))}


def test_zero_and_one_are_singular_in_french():
    with override("fr-ca"):
        said = [ngettext("%(n)d day late", "%(n)d days late", n) % {"n": n} for n in (0, 1, 2)]
    assert said == ["0 jour de retard", "1 jour de retard", "2 jours de retard"]


def test_django_and_allauth_speak_french_too():
    assert "fr-ca" in dict(settings.LANGUAGES)
    with override("fr-ca"):
        assert translate("This password is too common.") == "Ce mot de passe est trop courant."
        assert translate("Incorrect code.") == "Code incorrect."
        for text in allauth_texts.TEXTS:
            assert translate(text) != text
            assert "e-mail" not in translate(text)
