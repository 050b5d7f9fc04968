"""From contents to a page, a PDF or plain text. Nothing else is read.

The same contents with the same template give the same bytes. A tenant's own template that
cannot make the document is replaced by the default: the document is made in any case.
"""

from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from typing import Any, Literal

from django.template import Context, Engine
from django.template.loader import get_template
from django.utils import translation
from django.utils.safestring import mark_safe

from shared.kernel.errors import Text
from shared.kernel.wording import wording_of
from tenants.documents.looks import Look, LookBroken, find_look
from tenants.documents.sources import FRONTEND, STATIC, Contents, DocumentSource, source_of

# "pdf-a" is PDF/A-3b, for archives and for a structured invoice inside.
Output = Literal["pdf", "pdf-a", "html", "text", "subject"]
TEMPLATES = FRONTEND / "templates"


@dataclass(frozen=True)
class Rendered:
    """A document's bytes (text is UTF-8), and the template that made it.

    `look` is the tenant's own that was meant, None for the default; `broken` says why the
    default was used instead. Only a PDF has pages.
    """

    content: bytes
    look: Look | None = None
    broken: Text = ""
    pages: int = 0

    @property
    def text(self) -> str:
        """The content of HTML, text and subjects."""
        return self.content.decode()


def digest_of(kind: str, contents: Contents, language: str, look: Look | None = None) -> str:
    """The same for the same contents, language and template; of 64 hexadecimal digits."""
    logo = sha256(contents.supplier.logo or b"").hexdigest()
    own = look.version_id if look else ""
    text = f"{template_version(kind)} {own} {language} {logo} {contents!r}"
    return sha256(text.encode()).hexdigest()


@cache
def template_version(kind: str) -> str:
    """A short digest of everything that decides how documents of the kind look by default."""
    source = source_of(kind)
    digest = sha256(f"weasyprint {version('weasyprint')}".encode())
    own = [TEMPLATES / name for name in (source.template, source.text_template, source.shell)]
    sheets = [STATIC / name for name in source.sheets]
    fonts, words = STATIC.glob("fonts/*.woff2"), FRONTEND.glob("locale/*/LC_MESSAGES/*.mo")
    for path in sorted((*own, *sheets, *fonts, *words)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def look_for(kind: str, contents: Contents, language: str) -> Look | None:
    """The tenant's own template for these contents; None for the default.

    One statement: for many documents of the same contract type and language, ask once.
    """
    return find_look(source_of(kind).look_key(contents), language)


def render_contents(
    contents: Any, *, kind: str, language: str, output: Output, look: Look | None = None
) -> Rendered:
    """Contents of a kind as PDF, HTML page, plain text or subject, with the template `look`.

    `language` is Django's ("en", "fr-ca"). Without `look`, or where it is broken, with the
    default template of the kind.
    """
    source = source_of(kind)
    with translation.override(language):
        context = source.present(contents, language)
        if look is None:
            return _render(source, context, language, output, None)
        try:
            return _render(source, context, language, output, look)
        except LookBroken as error:
            default = _render(source, context, language, output, None)
            return replace(default, look=look, broken=wording_of(error))


def _render(
    source: DocumentSource[Any],
    context: dict[str, Any],
    language: str,
    output: Output,
    look: Look | None,
) -> Rendered:
    if output in ("text", "subject"):
        return Rendered(_write_words(source, context, language, output, look).encode(), look)
    own_body = look.write_body(context, language) if look else None
    page = {
        **context,
        "own_body": own_body and mark_safe(own_body),  # noqa: S308 - what it wrote is clean
        "own_css": look.css if look else "",
        "body_template": source.template,
    }
    markup = get_template(source.shell).render(page)
    if output == "html":
        return Rendered(markup.encode(), look)
    from tenants.documents.printing import render_markup  # slow to load, and few processes print

    printed = render_markup(
        markup,
        sheets=source.sheets,
        own_css=look.css if look else None,
        variant="pdf/a-3b" if output == "pdf-a" else None,
    )
    return Rendered(printed.content, look, pages=printed.pages)


def _write_words(
    source: DocumentSource[Any],
    context: dict[str, Any],
    language: str,
    output: Output,
    look: Look | None,
) -> str:
    if output == "subject":
        if look:
            return look.write_subject(context, language)
        return " ".join(_plain(source.subject_template, context).split())
    text = look.write_text(context, language) if look else _plain(source.text_template, context)
    return text.strip() + "\n"


def _plain(template: str, context: dict[str, Any]) -> str:
    return _plain_engine().get_template(template).render(Context(context, autoescape=False))


@cache
def _plain_engine() -> Engine:
    """Reads our own templates of plain text, where there is nothing to escape."""
    return Engine(
        dirs=[str(TEMPLATES)],
        autoescape=False,
        builtins=["django.templatetags.i18n", "shared.kernel.templatetags.ui"],
        loaders=[
            (
                "django.template.loaders.cached.Loader",
                ["django.template.loaders.filesystem.Loader"],
            )
        ],
    )
