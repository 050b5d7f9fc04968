"""Reading the tenant's own templates."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import NotFound
from tenants.documents.sources import Example
from tenants.templates.contents import source_for
from tenants.templates.models import DocumentTemplate, TemplateVersion

EXAMPLES_SHOWN = 20


def list_templates(
    *, actor: Actor, kind: str = "", language: str = ""
) -> QuerySet[DocumentTemplate]:
    """The tenant's own templates with their active versions."""
    authorize(actor, "templates.read")
    found = DocumentTemplate.objects.select_related("active_version")
    if kind:
        found = found.filter(kind=kind)
    return found.filter(language=language) if language else found


def template_by_id(*, actor: Actor, template_id: UUID) -> DocumentTemplate:
    """One template with its active version. Raises NotFound."""
    template = list_templates(actor=actor).filter(pk=template_id).first()
    if template is None:
        raise NotFound()
    return template


def versions_of(*, actor: Actor, template: DocumentTemplate) -> QuerySet[TemplateVersion]:
    """The versions of a template, newest first."""
    authorize(actor, "templates.read")
    return template.versions.order_by("-number")


def version_by_number(*, actor: Actor, template: DocumentTemplate, number: int) -> TemplateVersion:
    """One version. Raises NotFound."""
    version = versions_of(actor=actor, template=template).filter(number=number).first()
    if version is None:
        raise NotFound()
    return version


def examples_of(*, actor: Actor, template: DocumentTemplate) -> Sequence[Example]:
    """The newest objects, in its language, that a template can be tried on.

    None where the actor may not read them.
    """
    authorize(actor, "templates.read")
    source = source_for(template.kind)
    if not actor.may(source.permission):
        return ()
    found = source.examples("")
    return [one for one in found if one.language in ("", template.language)][:EXAMPLES_SHOWN]
