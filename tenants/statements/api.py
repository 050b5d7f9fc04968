"""`/api/statements`, also below `/api/v1`: runs of statements, and reading and sending them.

Source: seed 002, `api.md` (From statements).
"""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from billing.errors import InvalidPeriod
from billing.periods import Period
from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import require_fresh
from shared.kernel.api.pagination import Page, Paging, Slice, paginate
from shared.kernel.errors import FieldError, Gone, Invalid
from tenants.documents.rendering import Output
from tenants.documents.views.answers import answer_document, stream_pdf
from tenants.statements import services
from tenants.statements.answers import item_answer, run_answer, statement_answer, statement_row
from tenants.statements.schemas import (
    BillingPeriod,
    GenerateStatementsIn,
    RunItemFilters,
    RunItemOut,
    SentOut,
    StatementFilters,
    StatementOut,
    StatementRow,
    StatementRunOut,
    StatementSendIn,
)
from tenants.statements.selectors import runs as run_selectors
from tenants.statements.selectors import statements as selectors
from tenants.statements.showing import show_statement

router = Router(tags=["Statements"])


def _media(name: str) -> dict[str, Any]:
    schema = {"type": "string", **({"format": "binary"} if name == "application/pdf" else {})}
    content = {name: {"schema": schema}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        "responses": {
            200: {"description": "The document.", "content": content},
            410: {"description": "Erased after its years were over.", "content": problem},
        }
    }


@router.post("/generate", response={202: StatementRunOut}, by_alias=True)
def generate_statements(request: ApiRequest, body: GenerateStatementsIn) -> Status[dict[str, Any]]:
    """Start a run: a statement for each customer, legal entity and currency of the period.

    Follow it at `/statements/runs/{runId}`. An account that has a statement of the period is
    passed over, unless `corrections` asks for new ones where figures have changed.
    """
    options, filters = body.options, body.customer_filters
    order = services.Order(
        period=_period(body.billing_period),
        kind="correction" if body.corrections else "regular",
        statement_date=body.statement_date,
        contract_types=filters.contract_types,
        customer_ids=filters.customer_ids,
        detailed=options.include_detailed_breakdown,
        template=options.template_version,
        delivery_method=options.delivery_method,
    )
    run = services.start_run(actor=request.actor, order=order)
    return Status(202, run_answer(run))


@router.get("/runs", response=Page[StatementRunOut], by_alias=True)
def list_statement_runs(request: ApiRequest, paging: Query[Paging]) -> Slice[dict[str, Any]]:
    """Runs, newest first."""
    found = run_selectors.statement_runs(actor=request.actor)
    page = paginate(found, paging, orderings=("created_at",), default="-created_at")
    return Slice([run_answer(run) for run in page.items], page.next)


@router.get("/runs/{uuid:run_id}", response=StatementRunOut, by_alias=True)
def get_statement_run(request: ApiRequest, run_id: UUID) -> dict[str, Any]:
    """One run and how far it is."""
    return run_answer(run_selectors.statement_run(actor=request.actor, run_id=run_id))


@router.get("/runs/{uuid:run_id}/items", response=Page[RunItemOut], by_alias=True)
def list_statement_run_items(
    request: ApiRequest, run_id: UUID, filters: Query[RunItemFilters], paging: Query[Paging]
) -> Slice[dict[str, Any]]:
    """What became of each account of a run."""
    run = run_selectors.statement_run(actor=request.actor, run_id=run_id)
    found = run_selectors.run_items(actor=request.actor, run=run, status=filters.status or "")
    page = paginate(found, paging, orderings=("id",), default="id")
    return Slice([item_answer(item) for item in page.items], page.next)


@router.post("/runs/{uuid:run_id}/retry-failed", response={202: StatementRunOut}, by_alias=True)
def retry_statement_run(request: ApiRequest, run_id: UUID) -> Status[dict[str, Any]]:
    """Try again what failed; what was made stays."""
    run = services.retry_failed(actor=request.actor, run_id=run_id)
    return Status(202, run_answer(run))


@router.get("", response=Page[StatementRow], by_alias=True)
def list_statements(
    request: ApiRequest, filters: Query[StatementFilters], paging: Query[Paging]
) -> Slice[dict[str, Any]]:
    """Statements, newest first."""
    found = selectors.search_statements(
        actor=request.actor,
        text=filters.q,
        status=filters.status or "",
        contract_type=filters.contract_type or "",
        customer=filters.customer_id,
        period_from=filters.period_from,
        period_to=filters.period_to,
        run_id=filters.run_id,
    )
    page = paginate(
        found,
        paging,
        orderings=("statement_date", "closing_balance", "total_amount", "statement_code"),
        default="-statement_date",
    )
    return Slice([statement_row(statement) for statement in page.items], page.next)


@router.get("/{uuid:statement_id}", response=StatementOut, by_alias=True)
def get_statement(
    request: ApiRequest, response: HttpResponse, statement_id: UUID
) -> dict[str, Any]:
    """One statement with its lines."""
    statement = selectors.statement_by_id(actor=request.actor, statement_id=statement_id)
    require_fresh(request, response, statement)
    return statement_answer(statement)


@router.get("/{uuid:statement_id}/pdf", response=None, openapi_extra=_media("application/pdf"))
def get_statement_pdf(request: ApiRequest, statement_id: UUID) -> HttpResponseBase:
    """The PDF as it was made. 410 once it was erased."""
    document = selectors.statement_file(actor=request.actor, statement_id=statement_id)
    if document is None:
        raise Gone(_("The statement is archived; its file is gone."))
    return stream_pdf(document)


@router.get("/{uuid:statement_id}/html", response=None, openapi_extra=_media("text/html"))
def get_statement_html(request: ApiRequest, statement_id: UUID) -> HttpResponse:
    """The statement as a page."""
    return _shown(request, statement_id, "html")


@router.get("/{uuid:statement_id}/text", response=None, openapi_extra=_media("text/plain"))
def get_statement_text(request: ApiRequest, statement_id: UUID) -> HttpResponse:
    """The statement as plain text."""
    return _shown(request, statement_id, "text")


@router.post("/{uuid:statement_id}/send", response={202: SentOut}, by_alias=True)
def send_statement(
    request: ApiRequest, statement_id: UUID, body: StatementSendIn | None = None
) -> Status[dict[str, Any]]:
    """Send it, or send it again. 409 where it is archived, replaced, or cannot be sent."""
    method = body.delivery_method if body else "auto"
    statement = services.send_statement(
        actor=request.actor, statement_id=statement_id, method=method
    )
    answer = {
        "statement_id": statement.pk,
        "status": statement.status,
        "delivery_method": method,
    }
    return Status(202, answer)


def _shown(request: ApiRequest, statement_id: UUID, output: Output) -> HttpResponse:
    code, rendered = show_statement(actor=request.actor, statement_id=statement_id, output=output)
    return answer_document(rendered, output=output, name=code)


def _period(given: BillingPeriod) -> Period:
    try:
        return Period(given.start_date, given.end_date)
    except InvalidPeriod as error:
        message = _("The end comes before the start.")
        field = FieldError("billingPeriod.endDate", "before_start", message)
        raise Invalid(errors=[field]) from error
