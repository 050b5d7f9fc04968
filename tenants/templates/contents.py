"""The texts of a template: the default's as a start, and whether new ones can be used."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.utils import translation
from django.utils.translation import gettext as _

from shared.kernel.errors import FieldError, NotFound
from tenants.documents.looks import LookBroken
from tenants.documents.rendering import TEMPLATES
from tenants.documents.sources import DocumentSource, source_of
from tenants.templates.models import Kind
from tenants.templates.own import OwnLook
from tenants.templates.sandbox import compile_source
from tenants.templates.stylesheets import check_stylesheet

# Corrections are documents of invoices; all other kinds have their own source.
SOURCES = {Kind.CREDIT_NOTE: Kind.INVOICE, Kind.ADJUSTMENT: Kind.INVOICE}
NOTE_MAX = 200
SUBJECT_SOURCE_MAX = 500


@dataclass(frozen=True)
class Texts:
    """What one version says."""

    html: str
    text: str
    subject: str = ""
    css: str = ""

    def look(self, template_id: UUID, number: int = 0) -> OwnLook:
        """These texts at work, saved or not."""
        return OwnLook(
            version_id=uuid4(),
            template_id=template_id,
            number=number,
            html=self.html,
            text=self.text,
            subject=self.subject,
            css=self.css,
        )


def source_for(kind: str) -> DocumentSource[Any]:
    """Where the contents of a kind come from. Raises NotFound for one nobody makes yet."""
    try:
        return source_of(SOURCES.get(Kind(kind), kind))
    except (KeyError, ValueError) as error:
        raise NotFound(_("There are no documents of this kind.")) from error


def available_kinds() -> list[Kind]:
    """The kinds that some app makes documents of."""
    return [kind for kind in Kind if _is_made(kind)]


def _is_made(kind: Kind) -> bool:
    try:
        source_for(kind)
    except NotFound:
        return False
    return True


def default_texts(kind: str) -> Texts:
    """The template that comes with InvoicePatch, from which a tenant's own starts."""
    source = source_for(kind)
    return Texts(
        html=_read(source.template),
        text=_read(source.text_template),
        subject=_read(source.subject_template).strip() if source.subject_template else "",
    )


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def check_texts(kind: str, language: str, texts: Texts) -> list[FieldError]:
    """What keeps the texts from being used: each field's first fault, with its line.

    They are read, and tried on the sample of the kind.
    """
    source = source_for(kind)
    errors = list(_check_present(texts, bool(source.subject_template)))
    checks: dict[str, Callable[[], object]] = {
        "html": partial(compile_source, texts.html),
        "text": partial(compile_source, texts.text),
        "subject": partial(compile_source, texts.subject),
        "css": partial(check_stylesheet, texts.css),
    }
    errors += _faults(checks)
    if errors or source.sample is None:
        return errors
    with translation.override(language):
        context = source.present(source.sample(), language)
    look = texts.look(uuid4())
    tries: dict[str, Callable[[], object]] = {
        "html": partial(look.write_body, context, language),
        "text": partial(look.write_text, context, language),
    }
    if source.subject_template:
        tries["subject"] = partial(look.write_subject, context, language)
    return _faults(tries)


def _faults(checks: Mapping[str, Callable[[], object]]) -> list[FieldError]:
    errors = []
    for field, check in checks.items():
        try:
            check()
        except LookBroken as error:
            errors.append(FieldError(field, "template", str(error)))
    return errors


def _check_present(texts: Texts, wants_subject: bool) -> Iterator[FieldError]:
    required = ("html", "text", "subject") if wants_subject else ("html", "text")
    for field in required:
        if not getattr(texts, field).strip():
            yield FieldError(field, "required", _("This field is required."))
    if len(texts.subject) > SUBJECT_SOURCE_MAX:
        yield FieldError("subject", "too_long", _("At most 500 characters."))
