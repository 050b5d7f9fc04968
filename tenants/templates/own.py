"""A version of a tenant's own template at work: the `Look` that documents ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse

from shared.kernel.errors import Text
from shared.kernel.wording import worded as _
from tenants.documents.contents import printable
from tenants.documents.looks import Look, LookKey
from tenants.review.services import raise_item
from tenants.templates.markup import LOGO, clean_markup
from tenants.templates.models import REVIEW_KIND, DocumentTemplate, TemplateVersion
from tenants.templates.sandbox import Broken, plain_values, render_source
from tenants.templates.stylesheets import check_stylesheet

SUBJECT_MAX = 200


@dataclass(frozen=True)
class OwnLook:
    """The texts of one version, saved or not."""

    version_id: UUID
    template_id: UUID
    number: int
    html: str
    text: str
    subject: str = ""
    css: str = ""

    def write_body(self, context: Mapping[str, object], language: str) -> str:
        """Clean markup; its only picture is the logo. Raises Broken."""
        check_stylesheet(self.css)
        values = plain_values(context)
        logo_url = str(values.get("logo_url") or "")
        values["logo_url"] = LOGO if logo_url else ""
        link = str(values.get("link") or "")
        return clean_markup(render_source(self.html, values, autoescape=True), logo_url, link)

    def write_text(self, context: Mapping[str, object], language: str) -> str:
        """Plain text, where there is nothing to escape. Raises Broken."""
        return self._plain(self.text, context)

    def write_subject(self, context: Mapping[str, object], language: str) -> str:
        """One line of at most 200 characters. Raises Broken."""
        subject = " ".join(self._plain(self.subject, context).split())
        if not subject:
            raise Broken(_("The subject is empty."))
        return subject[:SUBJECT_MAX]

    def _plain(self, source: str, context: Mapping[str, object]) -> str:
        values = {**plain_values(context), "logo_url": ""}
        return printable(render_source(source, values, autoescape=False))


def look_of(version: TemplateVersion) -> OwnLook:
    """A saved version."""
    return OwnLook(
        version_id=version.pk,
        template_id=version.template_id,
        number=version.number,
        html=version.html,
        text=version.text,
        subject=version.subject,
        css=version.css,
    )


class OwnLooks:
    """Finds the tenant's active versions; says so where one is broken."""

    def find(self, wanted: LookKey, language: str) -> OwnLook | None:
        """The version in use for the first of the kinds; the contract type's own goes first."""
        kinds = list(wanted.kinds)
        found = TemplateVersion.objects.filter(
            active_for__kind__in=kinds,
            active_for__contract_type__in={"", wanted.contract_type},
            active_for__language=language,
            active_for__is_in_use=True,
        ).select_related("template")
        version = min(
            found,
            key=lambda one: (kinds.index(one.template.kind), not one.template.contract_type),
            default=None,
        )
        return look_of(version) if version else None

    def report_broken(self, look: Look, *, cause: Text, code: str) -> None:
        """One open review item a template, with what is wrong and where to put it right."""
        version = (
            TemplateVersion.objects.select_related("template").filter(pk=look.version_id).first()
        )
        if version is None:
            return
        template: DocumentTemplate = version.template
        raise_item(
            kind=REVIEW_KIND,
            target=template,
            cause=_("Version %(number)s is broken, %(document)s was made with the default: %(why)s")
            % {"number": version.number, "document": code, "why": cause},
            link=reverse("template_detail", args=[template.pk]),
            details={"version": version.number, "document": code},
        )
