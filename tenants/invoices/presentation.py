"""Lines, totals and checks as the pages show them, of a stored or a previewed invoice."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from billing.lines import ChargeLine
from shared.kernel.formats import (
    format_day,
    format_money,
    format_percentage,
    format_period,
    format_quantity,
    format_unit_price,
)
from shared.kernel.tax_names import tax_name
from tenants.invoices.calculation import Calculation
from tenants.invoices.explanation import (
    StepText,
    check_as_json,
    check_text,
    line_name,
    rule_text,
    trace_steps,
)
from tenants.invoices.models import Invoice
from tenants.payments.models import Allocation

_SHARES = frozenset({"revenue_share", "insurance", "profit_share", "performance_bonus"})
_TONES = {"critical": "bad", "error": "bad", "warning": "warn"}


@dataclass(frozen=True)
class LineText:
    """One line and the reason for its amount."""

    name: str
    quantity: str
    rate: str
    amount: Decimal
    rule: str
    steps: list[StepText]


def lines_of(source: Invoice | Calculation) -> list[LineText]:
    """Every line with its trace in words."""
    if isinstance(source, Invoice):
        return [_line(line, line.trace, source.currency) for line in source.lines.all()]
    return charge_lines(source.lines, source.context.contract.currency)


def charge_lines(lines: Iterable[ChargeLine], currency: str) -> list[LineText]:
    """Rated lines that belong to no invoice, such as an example's."""
    return [_line(line, line.trace.as_json(), currency) for line in lines]


def totals_of(source: Invoice | Calculation) -> list[dict[str, Any]]:
    """Subtotal, each tax, total, and for an issued invoice what is paid and due."""
    language = get_language()
    taxes = source.taxes.all() if isinstance(source, Invoice) else source.totals.taxes
    subtotal = source.subtotal if isinstance(source, Invoice) else source.totals.subtotal
    total = source.total if isinstance(source, Invoice) else source.totals.total
    rows: list[dict[str, Any]] = [{"label": _("Subtotal"), "amount": subtotal}]
    rows.extend(
        {
            "label": f"{tax_name(tax.name)} {format_percentage(tax.rate, language=language)}",
            "amount": tax.amount,
        }
        for tax in taxes
    )
    rows.append({"label": _("Total"), "amount": total, "grand": True})
    return [*rows, *_settled_rows(source)] if isinstance(source, Invoice) else rows


def _settled_rows(invoice: Invoice) -> list[dict[str, Any]]:
    """What settled the invoice, and what is left; nothing where nothing did."""
    settled = (
        (_("Paid"), invoice.amount_paid),
        (_("Credited"), invoice.amount_credited),
        (_("Written off"), invoice.amount_written_off),
    )
    rows: list[dict[str, Any]] = [
        {"label": label, "amount": -amount} for label, amount in settled if amount
    ]
    if rows:
        label = _("Balance due") if invoice.total >= 0 else _("Open credit")
        rows.append({"label": label, "amount": invoice.balance_due, "rule": True})
    return rows


def checks_of(source: Invoice | Calculation) -> list[dict[str, Any]]:
    """What was checked, failures first; repeated passes are shown once."""
    if isinstance(source, Invoice):
        results, currency = source.checks, source.currency
    else:
        results = [check_as_json(check) for check in source.checks]
        currency = source.context.contract.currency
    shown: dict[str, dict[str, Any]] = {}
    for result in sorted(results, key=lambda one: bool(one["passed"])):
        tone = "ok" if result["passed"] else _TONES[result["severity"]]
        text = check_text(result, currency)
        shown.setdefault(text, {"tone": tone, "title": text})
    return list(shown.values())


@dataclass(frozen=True)
class ChecksScore:
    """How many of the different checks passed, and the tone of that."""

    passed: int
    total: int

    @property
    def tone(self) -> str:
        """Good only where all passed."""
        return "ok" if self.passed == self.total else "warn"


def checks_score(source: Invoice | Calculation) -> ChecksScore:
    """The checks as `checks_of` shows them, counted."""
    shown = checks_of(source)
    return ChecksScore(sum(check["tone"] == "ok" for check in shown), len(shown))


def facts_of(invoice: Invoice) -> list[tuple[str, Any]]:
    """Buyer, dates and contract, as a list of terms."""
    buyer = invoice.parties["buyer"]
    language = get_language()
    return [
        (_("Customer"), buyer["name"]),
        (_("Attention"), buyer["contact_name"]),
        (_("E-mail"), buyer["contact_email"]),
        (_("Contract"), _link("contract_detail", invoice.contract.contract_id)),
        (_("Site"), _link("site_detail", invoice.site.site_id)),
        (_("Invoice date"), format_day(invoice.invoice_date, language=language)),
        (_("Due date"), format_day(invoice.due_date, language=language)),
    ]


def _link(url_name: str, code: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse(url_name, args=[code]), code)


def subtitle_of(invoice: Invoice) -> str:
    """Period, number and due date under the page's title."""
    language = get_language()
    period = format_period(
        invoice.period_start, invoice.period_end + timedelta(days=1), language=language
    )
    due = _("due %(day)s") % {"day": format_day(invoice.due_date, language=language)}
    return " · ".join((period, invoice.contract.contract_id, due))


_ACTIONS = {
    "invoice.generated": gettext_noop("Calculated and checked"),
    "invoice.issued": gettext_noop("Issued"),
    "invoice.delivered": gettext_noop("Delivered"),
    "payment.recorded": gettext_noop("Payment recorded"),
    "invoice.approved": gettext_noop("Approved"),
    "invoice.voided": gettext_noop("Voided"),
    "invoice.recalculated": gettext_noop("Calculated again"),
    "invoice.remade": gettext_noop("Draft made again"),
    "invoice.credit_drafted": gettext_noop("Credit note drafted"),
    "invoice.release_drafted": gettext_noop("Release drafted"),
    "invoice.written_off": gettext_noop("Written off"),
    "invoice.write_off_undone": gettext_noop("Write-off taken back"),
    "credit_note.refunded": gettext_noop("Refunded"),
    "credit_note.refund_undone": gettext_noop("Refund taken back"),
}


def action_text(action: str) -> str:
    """What an audit entry says happened to the invoice."""
    return _(_ACTIONS[action]) if action in _ACTIONS else action


def settling_event(settled: Allocation, currency: str) -> dict[str, Any]:
    """A payment, a credit or a write-off as an item of the timeline."""
    amount = format_money(settled.amount, currency, language=get_language())
    if settled.payment is not None:
        title, note = _("%(amount)s received"), str(settled.payment.get_method_display())
    elif settled.credit_note is not None:
        title, note = _("%(amount)s credited"), str(settled.credit_note)
    else:
        title, note = _("%(amount)s written off"), ""
    return {
        "title": title % {"amount": amount},
        "note": note,
        "when": settled.created_at,
    }


def statuses() -> list[tuple[str, Any]]:
    """The values of the list's status filter."""
    return [
        ("validated", Invoice.DocumentStatus.VALIDATED.label),
        ("approved", Invoice.DocumentStatus.APPROVED.label),
        ("issued", Invoice.DocumentStatus.ISSUED.label),
        ("overdue", _("Overdue")),
        ("unpaid", Invoice.PaymentStatus.UNPAID.label),
        ("partially_paid", Invoice.PaymentStatus.PARTIALLY_PAID.label),
        ("paid", Invoice.PaymentStatus.PAID.label),
        ("credited", Invoice.PaymentStatus.CREDITED.label),
        ("void", Invoice.DocumentStatus.VOID.label),
    ]


def _line(line: Any, trace: Any, currency: str) -> LineText:
    return LineText(
        name=line_name(line.code, line.subject),
        quantity=_quantity(line),
        rate=_rate(line, currency),
        amount=line.amount,
        rule=rule_text(trace),
        steps=trace_steps(trace, currency),
    )


def _quantity(line: Any) -> str:
    return "" if line.quantity is None else format_quantity(line.quantity, language=get_language())


def _rate(line: Any, currency: str) -> str:
    if line.rate is None:
        return ""
    if line.code == "reimbursable_cost" and line.quantity != 1:
        return f"+{format_percentage(line.rate - 1, language=get_language())}"  # the markup
    if line.code in _SHARES or (line.code == "management_fee" and line.rate < 1):
        return format_percentage(line.rate, language=get_language())
    return format_unit_price(line.rate, currency, language=get_language())
