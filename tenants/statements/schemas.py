"""What the API takes and answers about statements. Source: seed 002, `api.md`.

Both camelCase and snake_case are taken; camelCase is answered.
"""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.kernel.api.schemas import CamelSchema, Filters, Money, Number, Worded

Name = Annotated[str, Field(max_length=40)]
ContractTypeName = Literal[
    "revenue_share", "per_labor_hour", "fixed_fee", "management_agreement", "hybrid"
]
DeliveryMethod = Literal["none", "email", "portal", "auto"]
StatementStatus = Literal[
    "generated", "requested", "sent", "delivered", "failed", "archived", "unusual"
]
CUSTOMERS_MAX = 1_000


class BillingPeriod(CamelSchema):
    """A period, both days included."""

    start_date: date
    end_date: date


class CustomerFilters(CamelSchema):
    """Whose statements; nothing means everybody's. Customers by id or code (CUS000001)."""

    contract_types: Annotated[list[ContractTypeName], Field(max_length=5)] = []
    customer_ids: Annotated[list[Name], Field(max_length=CUSTOMERS_MAX)] = []


class StatementOptions(CamelSchema):
    """How they look and travel.

    `templateVersion` is `latest`, `default` (ours), or the id of a version of your template.
    """

    template_version: Name = "latest"
    delivery_method: DeliveryMethod = "none"
    include_detailed_breakdown: bool = True


class GenerateStatementsIn(CamelSchema):
    """A run of statements. `corrections` replaces those whose figures have changed since."""

    billing_period: BillingPeriod
    customer_filters: CustomerFilters = CustomerFilters()
    options: StatementOptions = StatementOptions()
    statement_date: date | None = None
    corrections: bool = False


class RunProgressOut(CamelSchema):
    """How far a run is."""

    total: int
    made: int
    skipped: int
    failed: int
    waiting: int
    statements_per_minute: int


class WarningOut(CamelSchema):
    """What the period still lacked when the run was planned."""

    code: str
    count: int
    message: str
    examples: list[str]


class StatementRunOut(CamelSchema):
    """A run of statements and how far it is."""

    run_id: UUID
    status: Literal["planning", "running", "done"]
    kind: Literal["regular", "correction"]
    billing_period: BillingPeriod
    statement_date: date
    customer_filters: CustomerFilters
    options: StatementOptions
    progress: RunProgressOut
    warnings: list[WarningOut]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class RunItemOut(CamelSchema):
    """What became of one account of a run."""

    customer_id: UUID
    customer_code: str
    customer_name: str
    currency: str
    status: Literal["waiting", "made", "skipped", "failed"]
    statement_id: UUID | None
    statement_code: str | None
    reason: Worded


class StatementAgeingOut(CamelSchema):
    """What is open of invoices by days past the due date; `credit` is negative."""

    current: Money
    days_1_to_30: Money
    days_31_to_60: Money
    days_61_to_90: Money
    over_90_days: Money
    credit: Money


class StatementRow(CamelSchema):
    """A statement without its lines.

    Movements are signed by their effect on the balance: payments and credits are negative.
    """

    statement_id: UUID
    statement_code: str
    customer_id: UUID
    customer_code: str
    customer_name: str
    billing_period: str = Field(description="2025-01 for a month, else 2025-01-01/2025-03-31.")
    start_date: date
    end_date: date
    statement_date: date
    currency: str
    total_amount: Money = Field(description="Billed in the period: invoices and credit notes.")
    opening_balance: Money
    closing_balance: Money
    contract_type: str | None
    status: str
    delivery_method: str
    template_version: str
    generated_date: datetime


class LineItemOut(CamelSchema):
    """A movement, or with `isDetail` a charge or tax of the document above it.

    `percentage` and `grossRevenue` are those of a share of revenue (25.0 of 50000.00).
    """

    description: str
    amount: Money
    item_type: str
    is_detail: bool
    posted_on: date
    service_period_start: date
    service_period_end: date
    quantity: Number | None
    rate: Number | None
    percentage: Number | None
    gross_revenue: Money | None
    reference: str
    site_id: str | None
    contract_id: str | None


class StatementOut(StatementRow):
    """A statement with its lines."""

    invoiced: Money
    credited: Money
    paid: Money
    adjusted: Money
    ageing: StatementAgeingOut
    contract_id: str | None
    billing_cycle: str | None
    entity_name: str
    run_id: UUID
    replaces: UUID | None
    replaced_by: UUID | None
    line_items: list[LineItemOut]


class StatementSendIn(CamelSchema):
    """How to send it; `auto` is what the customer prefers."""

    delivery_method: Literal["email", "portal", "auto"] = "auto"


class SentOut(CamelSchema):
    """That delivery has taken it."""

    statement_id: UUID
    status: str
    delivery_method: str


class StatementFilters(Filters):
    """Which statements."""

    q: str = Field("", max_length=100)
    status: StatementStatus | None = None
    contract_type: ContractTypeName | None = Field(None, alias="contractType")
    customer_id: str = Field("", max_length=40, alias="customerId")
    period_from: date | None = Field(None, alias="periodFrom")
    period_to: date | None = Field(None, alias="periodTo")
    run_id: UUID | None = Field(None, alias="runId")


class RunItemFilters(Filters):
    """Which results of a run."""

    status: Literal["waiting", "made", "skipped", "failed"] | None = None
