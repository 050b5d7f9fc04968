"""What the API takes and answers about contracts and their billing configuration."""

from datetime import date
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from shared.kernel.api.schemas import Schema
from tenants.contracts.json_schema import ConfigurationShape
from tenants.contracts.models import BillingFrequency, Contract, ContractTerms, ContractType
from tenants.sites.schemas import AddressOut, ContactOut

Code = Annotated[str, Field(max_length=20)]
Configuration = Annotated[dict[str, Any], ConfigurationShape]


class ContractIn(Schema):
    """A new contract, as a draft."""

    contract_id: Code | None = None
    site_id: Code
    contract_type: ContractType
    billing_frequency: BillingFrequency = BillingFrequency.MONTHLY
    effective_date: date
    end_date: date | None = None
    currency: Annotated[str, Field(max_length=3)] = "CAD"
    payment_terms_days: Annotated[int, Field(ge=0, le=365)] = 30
    billing_configuration: Configuration


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
        )


class TerminateIn(Schema):
    """The last active day."""

    end_date: date


class AmendmentOut(Schema):
    """One version of the terms."""

    change_id: str
    contract_type: str
    billing_frequency: str
    billing_configuration: Configuration
    effective_date: date
    end_date: date | None


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
