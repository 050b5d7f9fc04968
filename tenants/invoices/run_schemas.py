"""What the API takes and answers about billing runs and their rules. Source: seed 001, `api.md`."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from billing.periods import Frequency
from shared.kernel.api.pagination import Page, Paging
from shared.kernel.api.schemas import Fraction, Money, Schema, Worded
from tenants.contracts.models import ContractType
from tenants.invoices.run_filters import VALUES_MAX, RunFilters
from tenants.invoices.schemas import Code, PeriodIn

Codes = Annotated[list[Code], Field(max_length=VALUES_MAX)]
ItemStatus = Literal["waiting", "billed", "skipped", "failed"]
Kind = Literal["data_validation", "calculation", "template", "distribution"]


class RunFiltersIn(Schema):
    """Which of the contracts due; an empty choice leaves that side open."""

    contract_types: Annotated[list[ContractType], Field(max_length=20)] = []
    frequencies: Annotated[list[Frequency], Field(max_length=10)] = []
    customer_site_ids: Codes = []
    entity_ids: Annotated[list[UUID], Field(max_length=VALUES_MAX)] = []
    contract_ids: Codes = []

    @property
    def filters(self) -> RunFilters:
        """The choices as a run takes them."""
        return RunFilters(
            contract_types=tuple(str(one) for one in self.contract_types),
            frequencies=tuple(str(one) for one in self.frequencies),
            site_ids=tuple(self.customer_site_ids),
            entity_ids=tuple(str(one) for one in self.entity_ids),
            contract_ids=tuple(self.contract_ids),
        )


class BillingRunPreviewIn(RunFiltersIn):
    """The period and contracts of a run that is only looked at."""

    billing_period: PeriodIn


class BillingRunIn(BillingRunPreviewIn):
    """A run to start. `auto_distribute` sends what is issued to the customers.

    With `hold_warned` an invoice that fails a check of warning stays a draft.
    """

    issue: bool = True
    auto_distribute: bool = False
    hold_warned: bool = False


class RunFiltersOut(Schema):
    """The choices a run or a schedule was made with."""

    contract_types: list[str]
    frequencies: list[str]
    customer_site_ids: list[str]
    entity_ids: list[str]
    contract_ids: list[str]

    @staticmethod
    def of(filters: RunFilters) -> "RunFiltersOut":
        """The answer about these choices."""
        return RunFiltersOut(
            contract_types=list(filters.contract_types),
            frequencies=list(filters.frequencies),
            customer_site_ids=list(filters.site_ids),
            entity_ids=list(filters.entity_ids),
            contract_ids=list(filters.contract_ids),
        )


class CurrencyTotalOut(Schema):
    """An amount with tax in one currency."""

    currency: str
    amount: Money


class RunExceptionOut(Schema):
    """A contract that would not be billed, and where that is mended."""

    contract_id: str
    site_id: str
    error_kind: str
    code: str
    reason: Worded
    field: str
    link: str


class RunWarningOut(Schema):
    """A failed check that does not stop the invoice."""

    rule: str
    explanation: str


class WarnedContractOut(Schema):
    """A contract that would be billed with warnings."""

    contract_id: str
    site_id: str
    warnings: list[RunWarningOut]


class BillingRunPreviewOut(Schema):
    """What a run would make; calculated for at most the first contracts of it."""

    due: int
    billed_before: int
    unbilled: int
    examined: int
    ready: int
    totals: list[CurrencyTotalOut]
    exceptions: list[RunExceptionOut]
    warned: list[WarnedContractOut]


class BillingRunProgressOut(Schema):
    """How many contracts of a run are in which state."""

    total: int
    waiting: int
    billed: int
    skipped: int
    failed: int


class BillingRunRow(Schema):
    """A run in a list."""

    run_id: UUID
    status: str
    period_start: date
    period_end: date
    filters: RunFiltersOut
    issue: bool
    auto_distribute: bool
    hold_warned: bool
    billed: int
    failed: int
    started_by: str
    started_at: datetime
    finished_at: datetime | None


class BillingRunResultOut(Schema):
    """What became of one contract."""

    contract_id: str
    site_id: str
    status: str
    error_kind: str
    code: str
    reason: Worded
    field: str
    link: str
    corrections: list[str]
    warnings: list[RunWarningOut]
    distribution: str
    invoice_id: str | None
    invoice_number: str | None
    total_amount: Money | None
    currency: str | None


class BillingRunOut(BillingRunRow):
    """A run with its progress, what it billed and a page of its contracts."""

    progress: BillingRunProgressOut
    errors: dict[str, int]
    warned: int
    totals: list[CurrencyTotalOut]
    results: Page[BillingRunResultOut]


class ResultFilters(Paging):
    """Which contracts of a run."""

    status: ItemStatus | None = None
    error_kind: Kind | None = None
    warned: bool = False


class InvoiceCheckOut(Schema):
    """What one rule found."""

    name: str
    severity: str
    fields: list[str]
    passed: bool
    explanation: str
    values: dict[str, Any]


class ValidationOut(Schema):
    """An invoice checked again; `stored` where the results were kept with it."""

    invoice_id: str
    document_status: str
    passed: bool
    stored: bool
    checks: list[InvoiceCheckOut]


class ValidationRuleOut(Schema):
    """One rule, with what the organisation chose about it."""

    name: str
    label: str
    about: str
    fields: list[str]
    severity: str
    chosen_severity: str
    critical: bool
    enabled: bool


class ValidationSettingsOut(Schema):
    """Tolerance and rules."""

    variance_limit: Fraction
    missing_days_are_zero: bool
    rules: list[ValidationRuleOut]


class ValidationSettingsIn(Schema):
    """All choices; a rule that is not named keeps its own severity and stays on."""

    variance_limit: Fraction
    missing_days_are_zero: bool = False
    severities: dict[Annotated[str, Field(max_length=60)], Literal["error", "warning"]] = {}
    off: Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=50)] = []
