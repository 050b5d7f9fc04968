"""`/api/v1/legal-entities`, `/departments`, `/tax-rules`, `/tax-exclusions` and
`/construction-rules`.
"""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router, Status

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import expected_revision, require_fresh, set_etag
from shared.kernel.api.pagination import Page, Paging, paginate
from tenants.structure import selectors, services
from tenants.structure.schemas import (
    ConstructionRuleIn,
    ConstructionRuleOut,
    DepartmentIn,
    DepartmentOut,
    DepartmentPatch,
    EntityIn,
    EntityOut,
    EntityPatch,
    RuleEnd,
    TaxExclusionIn,
    TaxExclusionOut,
    TaxRuleIn,
    TaxRuleOut,
)

entities_router = Router(tags=["Legal entities"])
departments_router = Router(tags=["Departments"])
taxes_router = Router(tags=["Taxes"])
construction_router = Router(tags=["Construction"])


@entities_router.get("", response=Page[EntityOut])
def list_entities(request: ApiRequest, paging: Query[Paging]) -> Any:
    """The companies that bill."""
    found = selectors.legal_entities(actor=request.actor)
    page = paginate(found, paging, orderings=("name",), default="name")
    return {"items": [EntityOut.of(row) for row in page.items], "next": page.next}


@entities_router.post("", response={201: EntityOut})
def create_entity(request: ApiRequest, response: HttpResponse, body: EntityIn) -> Any:
    """Make a further company that bills."""
    entity = services.create_legal_entity(
        actor=request.actor, given=body.given, tax_registrations=body.tax_registrations
    )
    set_etag(response, entity)
    return Status(201, EntityOut.of(entity))


@entities_router.get("/{uuid:entity_id}", response=EntityOut)
def get_entity(request: ApiRequest, response: HttpResponse, entity_id: UUID) -> Any:
    """One company."""
    entity = selectors.legal_entity(actor=request.actor, entity_id=entity_id)
    require_fresh(request, response, entity)
    return EntityOut.of(entity)


@entities_router.patch("/{uuid:entity_id}", response=EntityOut)
def update_entity(
    request: ApiRequest, response: HttpResponse, entity_id: UUID, body: EntityPatch
) -> Any:
    """Change a company; issued invoices keep what they were issued with."""
    entity = services.update_legal_entity(
        actor=request.actor,
        entity_id=entity_id,
        changes=body.given,
        tax_registrations=body.tax_registrations,
        expected_revision=expected_revision(request),
    )
    set_etag(response, entity)
    return EntityOut.of(entity)


@entities_router.post("/{uuid:entity_id}/make-default", response=EntityOut)
def make_default(request: ApiRequest, response: HttpResponse, entity_id: UUID) -> Any:
    """Let this company bill the contracts that name none."""
    entity = services.make_default_entity(
        actor=request.actor, entity_id=entity_id, expected_revision=expected_revision(request)
    )
    set_etag(response, entity)
    return EntityOut.of(entity)


@departments_router.get("", response=Page[DepartmentOut])
def list_departments(request: ApiRequest, paging: Query[Paging]) -> Any:
    """Departments by code."""
    found = selectors.departments(actor=request.actor)
    page = paginate(found, paging, orderings=("code", "name"), default="code")
    return {"items": [DepartmentOut.of(row) for row in page.items], "next": page.next}


@departments_router.post("", response={201: DepartmentOut})
def create_department(request: ApiRequest, response: HttpResponse, body: DepartmentIn) -> Any:
    """Make a department."""
    department = services.create_department(actor=request.actor, **body.model_dump())
    set_etag(response, department)
    return Status(201, DepartmentOut.of(department))


@departments_router.get("/{code}", response=DepartmentOut)
def get_department(request: ApiRequest, response: HttpResponse, code: str) -> Any:
    """One department."""
    department = selectors.department_by_code(actor=request.actor, code=code)
    require_fresh(request, response, department)
    return DepartmentOut.of(department)


@departments_router.patch("/{code}", response=DepartmentOut)
def update_department(
    request: ApiRequest, response: HttpResponse, code: str, body: DepartmentPatch
) -> Any:
    """Change a department, close it or open it again."""
    department = services.update_department(
        actor=request.actor,
        code=code,
        changes=body.model_dump(exclude_unset=True),
        expected_revision=expected_revision(request),
    )
    set_etag(response, department)
    return DepartmentOut.of(department)


@taxes_router.get("/tax-rules", response=Page[TaxRuleOut])
def list_tax_rules(request: ApiRequest, paging: Query[Paging]) -> Any:
    """The organisation's own taxes and rates."""
    found = selectors.tax_rules(actor=request.actor)
    return paginate(found, paging, orderings=("starts_on", "component"), default="-starts_on")


@taxes_router.post("/tax-rules", response={201: TaxRuleOut})
def add_tax_rule(request: ApiRequest, response: HttpResponse, body: TaxRuleIn) -> Any:
    """Charge a tax of the organisation's own, or another rate, from a day on."""
    rule = services.add_tax_rule(actor=request.actor, **body.model_dump())
    set_etag(response, rule)
    return Status(201, rule)


@taxes_router.post("/tax-rules/{uuid:rule_id}/end", response=TaxRuleOut)
def end_tax_rule(request: ApiRequest, response: HttpResponse, rule_id: UUID, body: RuleEnd) -> Any:
    """Set the last day of a rule."""
    rule = services.end_tax_rule(
        actor=request.actor,
        rule_id=rule_id,
        ends_on=body.ends_on,
        expected_revision=expected_revision(request),
    )
    set_etag(response, rule)
    return rule


@taxes_router.delete("/tax-rules/{uuid:rule_id}", response={204: None})
def remove_tax_rule(request: ApiRequest, rule_id: UUID) -> Any:
    """Take a rule away; what is invoiced keeps its taxes."""
    services.remove_tax_rule(actor=request.actor, rule_id=rule_id)
    return Status(204, None)


@taxes_router.get("/tax-exclusions", response=Page[TaxExclusionOut])
def list_tax_exclusions(request: ApiRequest, paging: Query[Paging]) -> Any:
    """What the organisation leaves untaxed."""
    found = selectors.tax_exclusions(actor=request.actor)
    return paginate(found, paging, orderings=("starts_on", "component"), default="-starts_on")


@taxes_router.post("/tax-exclusions", response={201: TaxExclusionOut})
def add_tax_exclusion(request: ApiRequest, response: HttpResponse, body: TaxExclusionIn) -> Any:
    """Leave a tax out of some lines from a day on."""
    given = body.model_dump()
    exclusion = services.add_tax_exclusion(
        actor=request.actor, **{**given, "service_category": given["service_category"] or ""}
    )
    set_etag(response, exclusion)
    return Status(201, exclusion)


@taxes_router.delete("/tax-exclusions/{uuid:exclusion_id}", response={204: None})
def remove_tax_exclusion(request: ApiRequest, exclusion_id: UUID) -> Any:
    """Tax those lines again; what is invoiced keeps its taxes."""
    services.remove_tax_exclusion(actor=request.actor, exclusion_id=exclusion_id)
    return Status(204, None)


@construction_router.get("/construction-rules", response=Page[ConstructionRuleOut])
def list_construction_rules(request: ApiRequest, paging: Query[Paging]) -> Any:
    """The organisation's own holdbacks and lien periods."""
    found = selectors.construction_rules(actor=request.actor)
    return paginate(found, paging, orderings=("starts_on", "jurisdiction"), default="-starts_on")


@construction_router.post("/construction-rules", response={201: ConstructionRuleOut})
def add_construction_rule(
    request: ApiRequest, response: HttpResponse, body: ConstructionRuleIn
) -> Any:
    """Hold back another share than the law's table says, or release it after other days."""
    rule = services.add_construction_rule(actor=request.actor, **body.model_dump())
    set_etag(response, rule)
    return Status(201, rule)


@construction_router.post("/construction-rules/{uuid:rule_id}/end", response=ConstructionRuleOut)
def end_construction_rule(
    request: ApiRequest, response: HttpResponse, rule_id: UUID, body: RuleEnd
) -> Any:
    """Set the last day of a rule."""
    rule = services.end_construction_rule(
        actor=request.actor,
        rule_id=rule_id,
        ends_on=body.ends_on,
        expected_revision=expected_revision(request),
    )
    set_etag(response, rule)
    return rule


@construction_router.delete("/construction-rules/{uuid:rule_id}", response={204: None})
def remove_construction_rule(request: ApiRequest, rule_id: UUID) -> Any:
    """Take a rule away; invoices keep what they hold back."""
    services.remove_construction_rule(actor=request.actor, rule_id=rule_id)
    return Status(204, None)
