"""What the API takes and answers about legal entities, departments and own taxes."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from billing.lines import LineCode
from shared.kernel.api.schemas import Fraction, Schema
from tenants.structure.models import Department, LegalEntity, ServiceCategory

ShortText = Annotated[str, Field(max_length=255)]
Prefix = Annotated[str, Field(max_length=9)]
Registrations = dict[Annotated[str, Field(max_length=10)], Annotated[str, Field(max_length=40)]]


class EntityPatch(Schema):
    """What to change of a company; what is left out stays. Registrations are replaced whole."""

    name: ShortText = ""
    street1: ShortText = ""
    street2: ShortText = ""
    city: Annotated[str, Field(max_length=100)] = ""
    state: Annotated[str, Field(max_length=50)] = ""
    zip: Annotated[str, Field(max_length=20)] = ""
    country: Annotated[str, Field(max_length=2)] = "CA"
    email: Annotated[str, Field(max_length=254)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    currency: Annotated[str, Field(max_length=3)] = "CAD"
    number_prefix: Annotated[str, Field(max_length=8)] = ""
    credit_note_prefix: Prefix = ""
    adjustment_prefix: Prefix = ""
    release_prefix: Prefix = ""
    payment_terms_days: Annotated[int, Field(ge=0, le=365)] = 30
    payment_instructions: Annotated[str, Field(max_length=2000)] = ""
    brand_colour: Annotated[str, Field(max_length=7)] = ""
    tax_registrations: Registrations | None = None

    @property
    def given(self) -> dict[str, object]:
        """The fields that were sent."""
        return self.model_dump(exclude_unset=True, exclude={"tax_registrations"})


class EntityIn(EntityPatch):
    """A further company that bills."""

    name: ShortText
    number_prefix: Annotated[str, Field(max_length=8)]


class EntityOut(Schema):
    """A company that bills. The prefixes are those in use."""

    id: UUID
    name: str
    street1: str
    street2: str
    city: str
    state: str
    zip: str
    country: str
    email: str
    phone: str
    currency: str
    number_prefix: str
    credit_note_prefix: str
    adjustment_prefix: str
    release_prefix: str
    payment_terms_days: int
    payment_instructions: str
    brand_colour: str
    is_default: bool
    tax_registrations: dict[str, str]

    @staticmethod
    def of(entity: LegalEntity) -> "EntityOut":
        """The answer about a company with its registrations."""
        own = {
            name: getattr(entity, name)
            for name in EntityOut.model_fields
            if name not in ("tax_registrations",)
        }
        for series in ("credit_note", "adjustment", "release"):
            own[f"{series}_prefix"] = entity.series_prefix(series)
        numbers = {row.component: row.number for row in entity.tax_registrations.all()}
        return EntityOut(**own, tax_registrations=numbers)


class DepartmentIn(Schema):
    """A new department, of the default company unless told otherwise."""

    code: Annotated[str, Field(max_length=20)]
    name: ShortText
    entity_id: UUID | None = None
    manager_id: UUID | None = None


class DepartmentPatch(Schema):
    """What to change of a department; what is left out stays."""

    name: ShortText = ""
    entity_id: UUID | None = None
    manager_id: UUID | None = None
    is_active: bool = True


class DepartmentOut(Schema):
    """A department."""

    code: str
    name: str
    entity_id: UUID
    entity_name: str
    manager_id: UUID | None
    is_active: bool

    @staticmethod
    def of(department: Department) -> "DepartmentOut":
        """The answer about a department."""
        return DepartmentOut(
            code=department.code,
            name=department.name,
            entity_id=department.entity_id,
            entity_name=department.entity.name,
            manager_id=department.manager_id,
            is_active=department.is_active,
        )


class TaxRuleIn(Schema):
    """A tax of the organisation's own, or another rate than the table's, from a day on."""

    country: Annotated[str, Field(max_length=2)] = "CA"
    province: Annotated[str, Field(max_length=50)] = ""
    component: Annotated[str, Field(max_length=10)]
    rate: Fraction
    starts_on: date
    ends_on: date | None = None
    source: Annotated[str, Field(max_length=300)]


class TaxRuleOut(TaxRuleIn):
    """A tax of the organisation's own."""

    id: UUID


class RuleEnd(Schema):
    """The last day of a rule."""

    ends_on: date


class TaxExclusionIn(Schema):
    """A tax left out of some lines; no lines mean all of them, no category every contract."""

    country: Annotated[str, Field(max_length=2)] = "CA"
    province: Annotated[str, Field(max_length=50)] = ""
    component: Annotated[str, Field(max_length=10)]
    line_codes: Annotated[list[LineCode], Field(max_length=50)] = []
    service_category: ServiceCategory | None = None
    starts_on: date
    ends_on: date | None = None
    source: Annotated[str, Field(max_length=300)]


class TaxExclusionOut(Schema):
    """A tax left out of some lines."""

    id: UUID
    country: str
    province: str
    component: str
    line_codes: list[str]
    service_category: str
    starts_on: date
    ends_on: date | None
    source: str


class ConstructionRuleIn(Schema):
    """Another holdback than the table's, or another release, from a day on.

    `jurisdiction` is a province's code or `federal`; without `release_days` the table says when
    it is released.
    """

    jurisdiction: Annotated[str, Field(max_length=10)]
    holdback_rate: Fraction
    release_days: Annotated[int, Field(ge=1, le=730)] | None = None
    is_yearly: bool = False
    starts_on: date
    ends_on: date | None = None
    source: Annotated[str, Field(max_length=300)]


class ConstructionRuleOut(ConstructionRuleIn):
    """A holdback or lien period of the organisation's own."""

    id: UUID
