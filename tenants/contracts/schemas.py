"""What the API takes and answers about contracts and their billing configuration."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from shared.kernel.api.schemas import Fraction, Money, Schema
from tenants.contracts.json_schema import ConfigurationShape
from tenants.contracts.models import (
    RENEWAL_NOTICE_DAYS,
    BillingFrequency,
    Contract,
    ContractTerms,
    ContractType,
)
from tenants.contracts.versions import Version
from tenants.sites.schemas import AddressOut, ContactOut
from tenants.structure.models import ServiceCategory

Code = Annotated[str, Field(max_length=20)]
Configuration = Annotated[dict[str, Any], ConfigurationShape]


class DetailsIn(Schema):
    """What stands around the terms. Without an entity the default one bills."""

    entity_id: UUID | None = None
    department: Annotated[str, Field(max_length=20)] | None = None
    is_construction: bool = False
    is_federal: bool = False
    holdback_rate: Fraction | None = None
    purchase_order: Annotated[str, Field(max_length=100)] = ""
    service_category: ServiceCategory | Literal[""] = ""
    renewal_notice_days: Annotated[int, Field(ge=0, le=730)] = RENEWAL_NOTICE_DAYS
    auto_renew_months: Annotated[int, Field(ge=1, le=120)] | None = None
    payment_terms_days: Annotated[int, Field(ge=0, le=365)] = 30


class ContractPatch(DetailsIn):
    """What to change around the terms; what is left out stays."""


class ContractIn(DetailsIn):
    """A new contract, as a draft."""

    contract_id: Code | None = None
    site_id: Code
    contract_type: ContractType
    billing_frequency: BillingFrequency = BillingFrequency.MONTHLY
    effective_date: date
    end_date: date | None = None
    currency: Annotated[str, Field(max_length=3)] = "CAD"
    billing_configuration: Configuration

    @property
    def details(self) -> dict[str, Any]:
        """What stands around the terms."""
        return {name: getattr(self, name) for name in DetailsIn.model_fields}


class ContractOut(Schema):
    """A contract with the terms in force, or the nearest ones."""

    contract_id: str
    site_id: str
    status: str
    contract_type: str
    billing_frequency: str
    effective_date: date
    end_date: date | None
    currency: str
    payment_terms_days: int
    billing_configuration: Configuration
    entity_id: UUID | None
    department: str | None
    is_construction: bool
    is_federal: bool
    holdback_rate: Fraction | None
    purchase_order: str
    service_category: str
    renewal_notice_days: int
    auto_renew_months: int | None

    @staticmethod
    def of(contract: Contract, terms: ContractTerms) -> "ContractOut":
        """The answer about a contract under these terms."""
        return ContractOut(
            contract_id=contract.contract_id,
            site_id=contract.site.site_id,
            status=contract.status,
            contract_type=terms.contract_type,
            billing_frequency=terms.billing_frequency,
            effective_date=contract.effective_date,
            end_date=contract.end_date,
            currency=contract.currency,
            payment_terms_days=contract.payment_terms_days,
            billing_configuration=terms.billing_configuration,
            entity_id=contract.entity_id,
            department=contract.department.code if contract.department else None,
            is_construction=contract.is_construction,
            is_federal=contract.is_federal,
            holdback_rate=contract.holdback_rate,
            purchase_order=contract.purchase_order,
            service_category=contract.service_category,
            renewal_notice_days=contract.renewal_notice_days,
            auto_renew_months=contract.auto_renew_months,
        )


class TerminateIn(Schema):
    """The last active day."""

    end_date: date


class RenewIn(Schema):
    """The last day of the next term; without one it goes on until further notice."""

    end_date: date | None = None
    reason: Annotated[str, Field(max_length=500)] = ""


class AmendmentIn(Schema):
    """New terms from a day on, and why. Without a frequency the one in force stays.

    `allow_invoiced` records them also where days are invoiced already, and asks a person to
    have those invoices recalculated.
    """

    contract_type: ContractType
    billing_frequency: BillingFrequency | None = None
    billing_configuration: Configuration
    effective_date: date
    reason: Annotated[str, Field(max_length=500)] = ""
    allow_invoiced: bool = False


class ChangeOut(Schema):
    """One field of the terms before and after."""

    field: str
    before: str | None
    after: str | None


class AmendmentOut(Schema):
    """One version of the terms and what it changed. `is_replaced`: by another on its day."""

    change_id: str
    contract_type: str
    billing_frequency: str
    billing_configuration: Configuration
    effective_date: date
    end_date: date | None
    reason: str
    made_by: str
    made_at: datetime
    is_replaced: bool
    changes: list[ChangeOut]

    @staticmethod
    def of(version: Version) -> "AmendmentOut":
        """The answer about a version."""
        return AmendmentOut(
            change_id=version.change_id,
            contract_type=version.contract_type,
            billing_frequency=version.billing_frequency,
            billing_configuration=dict(version.billing_configuration),
            effective_date=version.valid_from,
            end_date=version.valid_to,
            reason=str(version.reason),
            made_by=version.made_by,
            made_at=version.made_at,
            is_replaced=version.is_replaced,
            changes=[
                ChangeOut(field=one.field, before=_text(one.before), after=_text(one.after))
                for one in version.changes
            ],
        )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


class SignatureIn(Schema):
    """Somebody signs the text with this hash. Without a time, now."""

    signer_name: Annotated[str, Field(max_length=255)]
    signer_title: Annotated[str, Field(max_length=255)] = ""
    signer_email: Annotated[str, Field(max_length=254)]
    document_sha256: Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$")]
    signed_at: datetime | None = None


class SignatureOut(Schema):
    """Who signed which text, when and from where."""

    id: UUID
    signer_name: str
    signer_title: str
    signer_email: str
    ip_address: str
    document_sha256: str
    signed_at: datetime


class DocumentOut(Schema):
    """The contract's canonical text and its SHA-256."""

    document: str
    document_sha256: str


class AdjustmentIn(Schema):
    """A negotiated amount: once on `valid_from`, or every month to `valid_to`."""

    amount: Money
    reason: Annotated[str, Field(max_length=500)]
    valid_from: date
    valid_to: date | None = None
    is_monthly: bool = False


class DecisionIn(Schema):
    """A decision about an adjustment; rejecting needs the note."""

    note: Annotated[str, Field(max_length=500)] = ""
    allow_invoiced: bool = False


class RejectionIn(Schema):
    """Why an adjustment is rejected."""

    note: Annotated[str, Field(max_length=500)]


class AdjustmentOut(Schema):
    """A negotiated adjustment and what was decided about it."""

    adjustment_id: str
    amount: Money
    reason: str
    valid_from: date
    valid_to: date | None
    is_monthly: bool
    status: str
    proposed_by: str
    decided_by: str
    decided_at: datetime | None
    decision_note: str


class BillingConfigIn(Schema):
    """New terms from a day on. Besides the named fields it takes those of the contract type,
    as in the integration spec: `hourly_rates`, `revenue_share_rate` and so on. Without a
    frequency the one in force stays.
    """

    model_config = ConfigDict(extra="allow")

    contract_type: ContractType
    billing_frequency: BillingFrequency | None = None
    effective_date: date
    billing_configuration: Configuration | None = None


class BillingConfigOut(Schema):
    """What became of the change."""

    status: str
    message: str
    effective_date: date
    change_id: str


class ContractInfo(Schema):
    """The contract of a site, in short."""

    contract_id: str
    contract_type: str
    billing_frequency: str
    effective_date: date


class BillingInfoOut(Schema):
    """Everything billing needs to know of a site."""

    site_id: str
    site_name: str
    billing_contact: ContactOut | None
    billing_address: AddressOut
    contract_info: ContractInfo
    billing_configuration: Configuration
