"""`/api/v1/billing/runs`, `…/validation-settings`, `…/invoices/{id}/validate`.

Source: seed 001; `api.md`, from invoice generation.
"""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router, Status

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import expected_revision, require_fresh, set_etag
from shared.kernel.api.pagination import Page, Paging, paginate
from tenants.invoices import services
from tenants.invoices.explanation import check_text
from tenants.invoices.fixing import fix_for
from tenants.invoices.models import BillingRunItem, Invoice, ValidationSettings
from tenants.invoices.run_filters import RunFilters
from tenants.invoices.run_schemas import (
    BillingRunIn,
    BillingRunOut,
    BillingRunPreviewIn,
    BillingRunPreviewOut,
    BillingRunProgressOut,
    BillingRunResultOut,
    BillingRunRow,
    CurrencyTotalOut,
    InvoiceCheckOut,
    ResultFilters,
    RunExceptionOut,
    RunFiltersOut,
    RunWarningOut,
    ValidationOut,
    ValidationRuleOut,
    ValidationSettingsIn,
    ValidationSettingsOut,
    WarnedContractOut,
)
from tenants.invoices.selectors import runs as selectors
from tenants.invoices.selectors.validation import validation_settings
from tenants.invoices.services.run_preview import PreviewedContract, preview_run
from tenants.invoices.validators import VALIDATORS

runs_router = Router(tags=["Billing runs"])
ALL = ResultFilters(limit=50, cursor=None, ordering=None)


@runs_router.get("/runs", response=Page[BillingRunRow])
def list_billing_runs(request: ApiRequest, paging: Query[Paging]) -> Any:
    """Runs, newest first."""
    found = selectors.billing_runs(actor=request.actor)
    page = paginate(found, paging, orderings=("created_at",), default="-created_at")
    return {"items": [_row(run) for run in page.items], "next": page.next}


@runs_router.post("/runs", response={202: BillingRunOut})
def start_billing_run(request: ApiRequest, body: BillingRunIn) -> Any:
    """Start billing every contract due in the period; ask for its progress by its id."""
    run = services.start_run(
        actor=request.actor,
        period=body.billing_period.period,
        issue=body.issue,
        filters=body.filters,
        auto_distribute=body.auto_distribute,
        hold_warned=body.hold_warned,
    )
    return Status(202, _whole(run, ALL))


@runs_router.post("/runs/preview", response=BillingRunPreviewOut)
def preview_billing_run(request: ApiRequest, body: BillingRunPreviewIn) -> Any:
    """What a run would make and which contracts would fail; nothing is written."""
    made = preview_run(actor=request.actor, period=body.billing_period.period, filters=body.filters)
    return BillingRunPreviewOut(
        due=made.due,
        billed_before=made.billed_before,
        unbilled=made.unbilled,
        examined=made.examined,
        ready=made.ready,
        totals=_amounts(made.totals),
        exceptions=[_exception(one) for one in made.failing],
        warned=[
            WarnedContractOut(
                contract_id=one.contract.contract_id,
                site_id=one.contract.site.site_id,
                warnings=[
                    RunWarningOut(rule=check.name, explanation=text)
                    for check, text in zip(one.warnings, one.texts, strict=True)
                ],
            )
            for one in made.warned
        ],
    )


@runs_router.get("/runs/{uuid:run_id}", response=BillingRunOut)
def get_billing_run(request: ApiRequest, run_id: UUID, wanted: Query[ResultFilters]) -> Any:
    """How far a run is, and a page of what became of its contracts."""
    return _whole(selectors.billing_run(actor=request.actor, run_id=run_id), wanted)


@runs_router.post("/runs/{uuid:run_id}/retry-failed", response={202: BillingRunOut})
def retry_failed_of_run(request: ApiRequest, run_id: UUID) -> Any:
    """Bill again what failed, and nothing else."""
    run = services.retry_failed(actor=request.actor, run_id=run_id)
    return Status(202, _whole(run, ALL))


@runs_router.post("/invoices/{invoice_id}/validate", response=ValidationOut)
def validate_invoice(request: ApiRequest, invoice_id: str) -> Any:
    """Check the invoice by every rule as things are now; kept with one that is not issued."""
    invoice = services.validate_invoice(actor=request.actor, invoice_id=invoice_id)
    blocking = ("critical", "error")
    return ValidationOut(
        invoice_id=invoice.invoice_id,
        document_status=invoice.document_status,
        passed=all(one["passed"] or one["severity"] not in blocking for one in invoice.checks),
        stored=invoice.document_status
        not in (Invoice.DocumentStatus.ISSUED, Invoice.DocumentStatus.VOID),
        checks=[
            InvoiceCheckOut(**{**one, "explanation": check_text(one, invoice.currency)})
            for one in invoice.checks
        ],
    )


@runs_router.get("/validation-settings", response=ValidationSettingsOut)
def get_validation_settings(request: ApiRequest, response: HttpResponse) -> Any:
    """The rules that invoices are checked against, and how strict they are."""
    kept = validation_settings(actor=request.actor)
    require_fresh(request, response, kept)
    return _settings(kept)


@runs_router.put("/validation-settings", response=ValidationSettingsOut)
def put_validation_settings(
    request: ApiRequest, response: HttpResponse, body: ValidationSettingsIn
) -> Any:
    """Choose the tolerance, and severity and switch of each rule that is not critical."""
    kept = services.change_validation_settings(
        actor=request.actor,
        variance_limit=body.variance_limit,
        severities=body.severities,
        off=body.off,
        missing_days_are_zero=body.missing_days_are_zero,
        expected_revision=expected_revision(request),
    )
    set_etag(response, kept)
    return _settings(kept)


def _row(run: Any) -> dict[str, Any]:
    """A BillingRunRow of a run with its counts."""
    return {
        "run_id": run.pk,
        "status": run.status,
        "period_start": run.period_start,
        "period_end": run.period_end,
        "filters": RunFiltersOut.of(RunFilters.of_json(run.filters)),
        "issue": run.issues,
        "auto_distribute": run.distributes,
        "hold_warned": run.holds_warned,
        "billed": run.billed,
        "failed": run.failed,
        "started_by": str(run.started_by.get("label", "")),
        "started_at": run.created_at,
        "finished_at": run.finished_at,
    }


def _whole(run: Any, wanted: ResultFilters) -> BillingRunOut:
    progress = selectors.run_progress(run)
    run.billed, run.failed = progress.billed, progress.failed
    items = selectors.run_items(
        run,
        status=wanted.status or "",
        error_kind=wanted.error_kind or "",
        warned=wanted.warned,
    )
    page = paginate(items, wanted, orderings=("contract_code",), default="contract_code")
    return BillingRunOut(
        **_row(run),
        progress=BillingRunProgressOut.model_validate(progress),
        errors=selectors.error_counts(run),
        warned=selectors.warned_count(run),
        totals=_amounts(selectors.run_totals(run)),
        results=Page[BillingRunResultOut](
            items=[_result(one) for one in page.items], next=page.next
        ),
    )


def _amounts(totals: Any) -> list[CurrencyTotalOut]:
    return [
        CurrencyTotalOut(currency=currency, amount=amount) for currency, amount in totals.items()
    ]


def _result(item: BillingRunItem) -> BillingRunResultOut:
    contract, invoice = item.contract, item.invoice
    failed = item.status == BillingRunItem.Status.FAILED
    return BillingRunResultOut(
        contract_id=contract.contract_id,
        site_id=contract.site.site_id,
        status=item.status,
        error_kind=item.error_kind,
        code=item.code,
        reason=item.reason,
        field=item.field,
        link=fix_for(contract, field=item.field, code=item.code).url if failed else "",
        corrections=item.corrections,
        warnings=[
            RunWarningOut(
                rule=one["name"],
                explanation=check_text(one, contract.currency),
            )
            for one in item.warnings
        ],
        distribution=item.distribution,
        invoice_id=invoice.invoice_id if invoice else None,
        invoice_number=invoice.number if invoice else None,
        total_amount=invoice.total if invoice else None,
        currency=invoice.currency if invoice else None,
    )


def _exception(one: PreviewedContract) -> RunExceptionOut:
    return RunExceptionOut(
        contract_id=one.contract.contract_id,
        site_id=one.contract.site.site_id,
        error_kind=one.problem.kind,
        code=one.problem.code,
        reason=str(one.problem.reason),
        field=one.problem.field,
        link=one.fix.url,
    )


def _settings(kept: ValidationSettings) -> ValidationSettingsOut:
    return ValidationSettingsOut(
        variance_limit=kept.variance_limit,
        missing_days_are_zero=kept.missing_days_are_zero,
        rules=[
            ValidationRuleOut(
                name=rule.name,
                label=str(rule.label),
                about=str(rule.about),
                fields=list(rule.fields),
                severity=rule.severity,
                chosen_severity=kept.severities.get(rule.name, rule.severity),
                critical=rule.is_critical,
                enabled=rule.name not in kept.off,
            )
            for rule in VALIDATORS
        ],
    )
