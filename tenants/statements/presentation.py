"""Statements and runs as their pages show them."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from shared.kernel.charts import Chart, Slice, ageing_bar
from shared.kernel.formats import format_day, format_money, format_period
from tenants.statements.models import LegalHold, Statement, StatementRun, StatementRunItem
from tenants.statements.selectors.runs import RunProgress
from tenants.statements.selectors.warnings import PAGES, warning_text

STATUSES = (
    ("generated", gettext_lazy("Generated")),
    ("requested", gettext_lazy("Being sent")),
    ("sent", gettext_lazy("Sent")),
    ("delivered", gettext_lazy("Delivered")),
    ("failed", gettext_lazy("Failed")),
    ("unusual", gettext_lazy("Unusual")),
    ("archived", gettext_lazy("Archived")),
)


def period_name(first: date, last: date) -> str:
    """The period; a whole month by its name."""
    return format_period(first, last + timedelta(days=1), language=get_language())


def movements_of(statement: Statement) -> list[dict[str, Any]]:
    """From the opening to the closing balance, for the component `totals`."""
    rows: list[tuple[str, Decimal]] = [
        (_("Opening balance"), statement.opening_balance),
        (_("Invoices"), statement.invoiced),
        (_("Credit notes"), statement.credited),
        (_("Payments"), statement.paid),
        (_("Adjustments"), statement.adjusted),
    ]
    shown = [
        {"label": label, "amount": amount}
        for number, (label, amount) in enumerate(rows)
        if amount or number == 0
    ]
    closing = {"label": _("Closing balance"), "amount": statement.closing_balance, "grand": True}
    return [*shown, closing]


def ageing_of(statement: Statement) -> Chart | None:
    """What is open by days past the due date; None where nothing is."""
    if not any(statement.buckets):
        return None
    labels = (
        _("Not due"),
        _("1–30 days"),
        _("31–60 days"),
        _("61–90 days"),
        _("Over 90 days"),
    )
    return ageing_bar(
        title=_("Ageing on the last day"),
        buckets=[
            Slice(label, amount) for label, amount in zip(labels, statement.buckets, strict=True)
        ],
        format_value=lambda value: format_money(value, statement.currency, language=get_language()),
        header=(_("Overdue by"), _("Amount")),
    )


def facts_of(statement: Statement, hold: LegalHold | None) -> list[tuple[str, Any]]:
    """Who, when, how, and what keeps it."""
    language = get_language()
    template = _template_name(statement.template_version)
    facts: list[tuple[str, Any]] = [
        (_("Customer"), f"{statement.customer.name} · {statement.customer.customer_id}"),
        (_("From"), statement.entity.name),
        (_("Period"), period_name(statement.period_start, statement.period_end)),
        (_("Dated"), format_day(statement.statement_date, language=language)),
        (
            _("Contract type"),
            statement.get_contract_type_display() or _("Several or none"),
        ),
        (_("Template"), template if not statement.fell_back else f"{template} ({_('fallback')})"),
        (_("Delivery"), statement.get_delivery_method_display()),
        (_("Made by"), statement.created_by),
    ]
    if hold is not None:
        facts.append((_("Legal hold"), hold.reason))
    return facts


def _template_name(version: str) -> str:
    """`default-` and a digest, or `own-v` and a number, in words."""
    kind, _dash, number = version.partition("-v")
    if kind == "own":
        return _("Your own, version %(number)s") % {"number": number}
    return _("The default")


def run_tabs(progress: RunProgress) -> list[dict[str, Any]]:
    """All accounts of a run, then those of each outcome that there are any of."""
    outcomes = [
        {"label": label, "url": f"?status={value}", "count": getattr(progress, value)}
        for value, label in StatementRunItem.Status.choices
        if getattr(progress, value)
    ]
    return [{"label": _("All"), "url": "?", "count": progress.total}, *outcomes]


def warnings_of(run_warnings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the period lacks, for the component `reasons`."""
    rows = []
    for warning in run_warnings:
        page, label = PAGES[warning["code"]]
        rows.append(
            {
                "tone": "warn",
                "title": warning_text(warning),
                "note": ", ".join(warning["examples"]),
                "url": reverse(page),
                "action": str(label),
            }
        )
    return rows


def run_name(run: StatementRun) -> str:
    """The run's period in words."""
    return period_name(run.period_start, run.period_end)
