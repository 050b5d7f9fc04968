"""A template of the demo's own: the e-mail with an invoice, in its second version."""

from dataclasses import replace

from shared.kernel.actor import SYSTEM
from tenants.templates.contents import default_texts
from tenants.templates.models import Kind, Language
from tenants.templates.services import create_template, save_version

THANKS = "Thank you for working with us."


def make_templates() -> None:
    """The default thanks nobody; this one does."""
    kind, language = Kind.INVOICE_EMAIL, Language.ENGLISH
    template = create_template(actor=SYSTEM, kind=kind, language=language)
    texts = default_texts(kind)
    save_version(
        actor=SYSTEM,
        template_id=template.pk,
        texts=replace(
            texts, html=f"{texts.html}<p>{THANKS}</p>\n", text=f"{texts.text}\n{THANKS}\n"
        ),
        note=THANKS,
        activate=True,
    )
