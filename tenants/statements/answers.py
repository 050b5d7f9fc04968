"""Statements and runs as the API answers them."""

from calendar import monthrange
from datetime import date
from decimal import Decimal
from typing import Any

from tenants.statements.models import Statement, StatementLine, StatementRun, StatementRunItem
from tenants.statements.selectors.runs import run_progress
from tenants.statements.selectors.warnings import warning_text

SHARE_OF_REVENUE = "revenue_share"


def period_name(first: date, last: date) -> str:
    """2025-01 for a whole month, else both days: 2025-01-01/2025-03-31."""
    whole = (first.day, last.day) == (1, monthrange(first.year, first.month)[1])
    if whole and (first.year, first.month) == (last.year, last.month):
        return f"{first:%Y-%m}"
    return f"{first}/{last}"


def statement_row(statement: Statement) -> dict[str, Any]:
    """A statement without its lines."""
    return {
        "statement_id": statement.pk,
        "statement_code": statement.statement_code,
        "customer_id": statement.customer_id,
        "customer_code": statement.customer.customer_id,
        "customer_name": statement.customer.name,
        "billing_period": period_name(statement.period_start, statement.period_end),
        "start_date": statement.period_start,
        "end_date": statement.period_end,
        "statement_date": statement.statement_date,
        "currency": statement.currency,
        "total_amount": statement.total_amount,
        "opening_balance": statement.opening_balance,
        "closing_balance": statement.closing_balance,
        "contract_type": statement.contract_type or None,
        "status": statement.status,
        "delivery_method": statement.delivery_method,
        "template_version": statement.template_version,
        "generated_date": statement.created_at,
    }


def statement_answer(statement: Statement) -> dict[str, Any]:
    """A statement with its lines, as `selectors.statement_by_id` loads it."""
    newer = getattr(statement, "replaced_by", None)
    names = ("current", "days_1_to_30", "days_31_to_60", "days_61_to_90", "over_90_days")
    return {
        **statement_row(statement),
        "invoiced": statement.invoiced,
        "credited": statement.credited,
        "paid": statement.paid,
        "adjusted": statement.adjusted,
        "ageing": {
            **dict(zip(names, statement.buckets, strict=True)),
            "credit": statement.open_credit,
        },
        "contract_id": statement.contract.contract_id if statement.contract else None,
        "billing_cycle": statement.billing_cycle or None,
        "entity_name": statement.entity.name,
        "run_id": statement.run_id,
        "replaces": statement.replaces_id,
        "replaced_by": newer.pk if newer else None,
        "line_items": [_line(line) for line in statement.lines.all()],
    }


def _line(line: StatementLine) -> dict[str, Any]:
    shared = line.code == SHARE_OF_REVENUE and line.rate is not None
    return {
        "description": line.service_description,
        "amount": line.amount,
        "item_type": line.item_type,
        "is_detail": line.is_detail,
        "posted_on": line.posted_on,
        "service_period_start": line.service_period_start,
        "service_period_end": line.service_period_end,
        "quantity": line.quantity,
        "rate": line.rate,
        "percentage": Decimal(line.rate) * 100 if shared and line.rate else None,
        "gross_revenue": line.quantity if shared else None,
        "reference": line.reference,
        "site_id": line.site.site_id if line.site else None,
        "contract_id": line.contract.contract_id if line.contract else None,
    }


def run_answer(run: StatementRun) -> dict[str, Any]:
    """A run with how far it is."""
    progress = run_progress(run)
    return {
        "run_id": run.pk,
        "status": run.status,
        "kind": run.kind,
        "billing_period": {"start_date": run.period_start, "end_date": run.period_end},
        "statement_date": run.statement_date,
        "customer_filters": run.filters,
        "options": {
            "template_version": run.template,
            "delivery_method": run.delivery_method,
            "include_detailed_breakdown": run.detailed,
        },
        "progress": {
            "total": progress.total,
            "made": progress.made,
            "skipped": progress.skipped,
            "failed": progress.failed,
            "waiting": progress.waiting,
            "statements_per_minute": progress.per_minute,
        },
        "warnings": [{**one, "message": warning_text(one)} for one in run.warnings],
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
    }


def item_answer(item: StatementRunItem) -> dict[str, Any]:
    """What became of one account of a run."""
    return {
        "customer_id": item.customer_id,
        "customer_code": item.customer.customer_id,
        "customer_name": item.customer.name,
        "currency": item.currency,
        "status": item.status,
        "statement_id": item.statement.pk if item.statement else None,
        "statement_code": item.statement.statement_code if item.statement else None,
        "reason": item.reason,
    }
