"""`/api/v1/templates` and `/api/v1/branding`. Source: `api.md`, from statements."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import expected_revision, require_fresh, set_etag
from shared.kernel.api.pagination import Page, Paging, paginate
from shared.kernel.errors import FieldError, Invalid
from tenants.structure.models import LegalEntity
from tenants.structure.selectors import billing_company
from tenants.structure.services import Logo, update_legal_entity
from tenants.templates import selectors, services
from tenants.templates.contents import Texts
from tenants.templates.models import DocumentTemplate, TemplateVersion
from tenants.templates.schemas import (
    ActivateIn,
    BrandingIn,
    BrandingOut,
    KindName,
    LanguageName,
    RollbackIn,
    TemplateIn,
    TemplateOut,
    TemplatePreviewIn,
    TemplatePreviewOut,
    VersionIn,
    VersionOut,
    VersionRow,
)

templates_router = Router(tags=["Templates"])
branding_router = Router(tags=["Branding"])


class TemplateFilters(Paging):
    """Which templates."""

    kind: KindName | None = None
    language: LanguageName | None = None


@templates_router.get("", response=Page[TemplateOut])
def list_templates(request: ApiRequest, filters: Query[TemplateFilters]) -> Any:
    """The organisation's own templates."""
    found = selectors.list_templates(
        actor=request.actor, kind=filters.kind or "", language=filters.language or ""
    )
    page = paginate(found, filters, orderings=("kind", "updated_at"), default="kind")
    return {"items": [TemplateOut.of(one) for one in page.items], "next": page.next}


@templates_router.post("", response={201: TemplateOut})
def create_template(request: ApiRequest, response: HttpResponse, body: TemplateIn) -> Any:
    """Start a template from a copy of the default; it is in use at once."""
    template = services.create_template(
        actor=request.actor,
        kind=body.kind,
        language=body.language,
        contract_type=body.contract_type or "",
    )
    return Status(201, _changed(request, response, template.pk))


@templates_router.get("/{template_id}", response=TemplateOut)
def get_template(request: ApiRequest, response: HttpResponse, template_id: UUID) -> Any:
    """One template."""
    template = selectors.template_by_id(actor=request.actor, template_id=template_id)
    require_fresh(request, response, template)
    return TemplateOut.of(template)


@templates_router.get("/{template_id}/versions", response=Page[VersionRow])
def list_versions(request: ApiRequest, template_id: UUID, paging: Query[Paging]) -> Any:
    """The versions of a template, newest first."""
    template = selectors.template_by_id(actor=request.actor, template_id=template_id)
    found = selectors.versions_of(actor=request.actor, template=template)
    page = paginate(found, paging, orderings=("number",), default="-number")
    items = [VersionRow.of(one, template.active_version_id) for one in page.items]
    return {"items": items, "next": page.next}


@templates_router.post("/{template_id}/versions", response={201: VersionOut})
def save_version(request: ApiRequest, template_id: UUID, body: VersionIn) -> Any:
    """Keep texts as the next version; those that cannot be used are refused by field and line."""
    version = services.save_version(
        actor=request.actor,
        template_id=template_id,
        texts=_texts(body),
        note=body.note,
        activate=body.activate,
        expected_revision=expected_revision(request),
    )
    template = selectors.template_by_id(actor=request.actor, template_id=template_id)
    return Status(201, VersionOut.whole(version, template.active_version_id))


@templates_router.get("/{template_id}/versions/{number}", response=VersionOut)
def get_version(request: ApiRequest, template_id: UUID, number: int) -> Any:
    """One version with its texts."""
    template = selectors.template_by_id(actor=request.actor, template_id=template_id)
    version = _version(request, template, number)
    return VersionOut.whole(version, template.active_version_id)


@templates_router.post("/{template_id}/preview", response=TemplatePreviewOut)
def preview_template(request: ApiRequest, template_id: UUID, body: TemplatePreviewIn) -> Any:
    """What a version or unsaved texts make of a real document. Nothing is kept."""
    template = selectors.template_by_id(actor=request.actor, template_id=template_id)
    rendered = services.preview_template(
        actor=request.actor,
        template=template,
        texts=_tried(request, template, body),
        output=body.output,
        example=body.example,
    )
    content = b64encode(rendered.content).decode() if body.output == "pdf" else rendered.text
    return TemplatePreviewOut(
        output=body.output, content=content, pages=rendered.pages, broken=str(rendered.broken)
    )


@templates_router.post("/{template_id}/activate", response=TemplateOut)
def activate_version(
    request: ApiRequest, response: HttpResponse, template_id: UUID, body: ActivateIn
) -> Any:
    """Use this version from now on."""
    services.activate_version(
        actor=request.actor,
        template_id=template_id,
        number=body.number,
        expected_revision=expected_revision(request),
    )
    return _changed(request, response, template_id)


@templates_router.post("/{template_id}/rollback", response=TemplateOut)
def roll_back(
    request: ApiRequest, response: HttpResponse, template_id: UUID, body: RollbackIn
) -> Any:
    """Go back to an older version."""
    services.roll_back(
        actor=request.actor,
        template_id=template_id,
        number=body.number,
        expected_revision=expected_revision(request),
    )
    return _changed(request, response, template_id)


@templates_router.post("/{template_id}/use-default", response=TemplateOut)
def use_default(request: ApiRequest, response: HttpResponse, template_id: UUID) -> Any:
    """Make documents with the default from now on; the versions are kept."""
    services.use_default(
        actor=request.actor,
        template_id=template_id,
        expected_revision=expected_revision(request),
    )
    return _changed(request, response, template_id)


@branding_router.get("", response=BrandingOut)
def get_branding(request: ApiRequest, response: HttpResponse) -> Any:
    """Colour, logo and payment instructions of the billing company."""
    entity = billing_company(actor=request.actor)
    require_fresh(request, response, entity)
    return _branding(entity)


@branding_router.put("", response=BrandingOut)
def put_branding(request: ApiRequest, response: HttpResponse, body: BrandingIn) -> Any:
    """Replace them; issued invoices keep their payment instructions."""
    entity = update_legal_entity(
        actor=request.actor,
        entity_id=billing_company(actor=request.actor).pk,
        changes={
            "brand_colour": body.brand_colour,
            "payment_instructions": body.payment_instructions,
        },
        logo=_logo(body.logo) if body.logo else None,
        remove_logo=not body.logo,
        expected_revision=expected_revision(request),
    )
    set_etag(response, entity)
    return _branding(entity)


def _changed(request: ApiRequest, response: HttpResponse, template_id: UUID) -> TemplateOut:
    template = selectors.template_by_id(actor=request.actor, template_id=template_id)
    set_etag(response, template)
    return TemplateOut.of(template)


def _version(request: ApiRequest, template: DocumentTemplate, number: int) -> TemplateVersion:
    return selectors.version_by_number(actor=request.actor, template=template, number=number)


def _texts(body: VersionIn) -> Texts:
    return Texts(html=body.html, text=body.text, subject=body.subject, css=body.css)


def _tried(request: ApiRequest, template: DocumentTemplate, body: TemplatePreviewIn) -> Texts:
    if body.texts is not None:
        return _texts(body.texts)
    version = _version(request, template, body.number) if body.number else template.active_version
    return Texts(version.html, version.text, version.subject, version.css)


def _logo(text: str) -> Logo:
    try:
        return Logo(b64decode(text, validate=True))
    except (Base64Error, ValueError) as error:
        message = _("Write the picture in base64.")
        raise Invalid(errors=[FieldError("logo", "base64", message)]) from error


def _branding(entity: LegalEntity) -> BrandingOut:
    logo = b64encode(bytes(entity.logo)).decode() if entity.logo else None
    return BrandingOut.of(entity, logo)
