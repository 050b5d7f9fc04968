"""How payments, ageing and expected cash are shown."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from billing.ageing import Bucket
from billing.application import Share
from billing.habits import Week
from shared.audit.selectors import EntryFilter, list_entries
from shared.kernel.actor import Actor
from shared.kernel.api.schemas import at_least_cents
from shared.kernel.charts import Chart, Series, Slice, ageing_bar, stacked_bars
from shared.kernel.errors import Text
from shared.kernel.formats import format_compact, format_day, format_money
from tenants.invoices.models import OPEN_PAYMENT, Invoice
from tenants.ledger.models import ExchangeRate
from tenants.payments.models import Allocation
from tenants.payments.selectors.ageing import AgeingRow, GroupBy
from tenants.payments.selectors.expected import ExpectedCash, sum_in_books
from tenants.payments.services import propose_shares
from tenants.payments.services.returning import live_refunds

HISTORY_MAX = 50
INVOICES_OFFERED = 50
WEEKS_A_TICK = 4


def payment_context(
    payment: Any,
    allocations: Sequence[Allocation],
    gains: Mapping[UUID, Decimal],
    sent: Mapping[str, str],
) -> dict[str, Any]:
    """What the page of a payment shows; amounts that were sent and refused stay as typed."""
    shares = propose_shares(payment)
    suggested = {share.key: share for share in shares}
    open_invoices = Invoice.objects.filter(
        customer_id=payment.customer_id,
        currency=payment.currency,
        document_status=Invoice.DocumentStatus.ISSUED,
        payment_status__in=OPEN_PAYMENT,
        total__gt=0,
    ).order_by("due_date", "invoice_id")
    offered = list(open_invoices[:INVOICES_OFFERED]) if payment.unapplied > 0 else []
    reversal = getattr(payment, "reversal", None)
    return {
        "payment": payment,
        "reversal": reversal,
        "allocations": [_allocation(one, gains) for one in allocations],
        "gain": sum(gains.values(), Decimal(0)),
        "suggestions": [
            {
                "invoice": one,
                "typed": sent.get(
                    f"amount-{one.invoice_id}", _typed(suggested.get(one.invoice_id))
                ),
            }
            for one in offered
        ],
        "rule": Allocation.Rule(shares[0].rule.value).label if shares else "",
        "status": "reversed" if reversal else "unapplied" if payment.unapplied else "applied",
        "status_label": _status_label(payment, reversal),
        "tone": "bad" if reversal else "warn" if payment.unapplied else "ok",
        "facts": _facts(payment),
        "may_reverse": reversal is None and not live_refunds(payment).exists(),
    }


def payment_history(actor: Actor, payment: Any) -> list[dict[str, Any]]:
    """What was done to the payment, in order of time, for who may see the audit log."""
    if not actor.may("audit.read"):
        return []
    wanted = EntryFilter(object=str(payment.pk))
    entries = list_entries(actor=actor, wanted=wanted).order_by("sequence")[:HISTORY_MAX]
    titles = {
        "payment.recorded": pgettext("payment", "Recorded"),
        "payment.applied": _("Applied"),
        "payment.unapplied": _("Taken back"),
        "payment.refunded": _("Refunded"),
        "payment.refund_undone": _("Refund taken back"),
        "payment.reversed": _("Reversed"),
    }
    return [
        {
            "title": titles.get(entry.action, entry.action),
            "note": entry.actor_label,
            "when": entry.at,
            "state": "done",
        }
        for entry in entries
    ]


def bucket_labels() -> dict[Bucket, Text]:
    """The buckets in words."""
    return {
        Bucket.CURRENT: _("Not due yet"),
        Bucket.DAYS_1_30: _("1–30 days late"),
        Bucket.DAYS_31_60: _("31–60 days late"),
        Bucket.DAYS_61_90: _("61–90 days late"),
        Bucket.OVER_90: _("Over 90 days late"),
    }


def group_labels() -> dict[str, str]:
    """What an ageing can be grouped by, in words."""
    return {
        GroupBy.CUSTOMER.value: _("Customer"),
        GroupBy.SITE.value: _("Site"),
        GroupBy.ENTITY.value: _("Legal entity"),
    }


def ageing_summaries(totals: Sequence[AgeingRow]) -> list[dict[str, Any]]:
    """Of each currency its total and a bar by age."""
    labels = bucket_labels()
    return [
        {
            "row": row,
            "chart": ageing_bar(
                title=_("Receivable in %(currency)s by age") % {"currency": row.currency},
                buckets=[Slice(str(labels[b]), amount) for b, amount in row.buckets.items()],
                format_value=_formatter(row.currency),
                header=(_("Age"), _("Outstanding")),
            ),
        }
        for row in totals
    ]


def in_books(totals: dict[str, Decimal], on: date) -> dict[str, Any]:
    """The sum over currencies with each rate, its day and source; nothing for one currency."""
    if len(totals) < 2:
        return {}
    total, missing = sum_in_books(totals, on)
    if total is None:
        return {"missing": ", ".join(missing)}
    language = get_language()
    sources = dict(ExchangeRate.Source.choices)
    rates = [
        _("%(currency)s at %(rate)s of %(day)s (%(source)s)")
        % {
            "currency": part.currency,
            "rate": f"{part.rate.rate.normalize():f}",
            "day": format_day(part.rate.on, "medium", language=language),
            "source": sources.get(part.rate.source, part.rate.source),
        }
        for part in total.parts
        if part.rate
    ]
    return {"amount": total.amount, "currency": total.currency, "rates": rates}


def expected_context(found: ExpectedCash) -> dict[str, Any]:
    """What the page of expected cash shows."""
    totals = {
        code: sum((w.amount for w in weeks), Decimal(0)) for code, weeks in found.weeks.items()
    }
    return {
        "found": found,
        "charts": [
            {"currency": code, "total": totals[code], "chart": _weeks_chart(code, weeks)}
            for code, weeks in found.weeks.items()
        ],
        "in_books": in_books(totals, found.on),
        "habits": [{"row": one, "habit": _habit(one.days_late, one.seen)} for one in found.habits],
    }


def _weeks_chart(currency: str, weeks: Sequence[Week]) -> Chart:
    language = get_language()
    names = [
        _("Week of %(day)s") % {"day": format_day(week.start, "medium", language=language)}
        if week.start
        else _("Later")
        for week in weeks
    ]
    # A phone has room for a word under every fourth bar.
    ticks = [
        format_day(week.start, "month_day", language=language)
        if week.start and number % WEEKS_A_TICK == 0
        else ""
        for number, week in enumerate(weeks)
    ]
    return stacked_bars(
        title=_("Expected cash in %(currency)s by week") % {"currency": currency},
        categories=names,
        series=[Series(_("Expected"), [week.amount for week in weeks])],
        format_value=_formatter(currency),
        format_axis=lambda value: format_compact(value, currency, language=language),
        total_label=_("Total"),
        category_label=_("Week"),
        ticks=ticks,
    )


def _habit(days: int, seen: int) -> str:
    if not seen:
        return _("No history: the due date")
    if days > 0:
        return ngettext("%(days)d day late", "%(days)d days late", days) % {"days": days}
    if days < 0:
        return ngettext("%(days)d day early", "%(days)d days early", -days) % {"days": -days}
    return _("On the due date")


def _formatter(currency: str) -> Any:
    language = get_language()
    return lambda value: format_money(value, currency, language=language)


def _found_by(row: Allocation) -> str:
    """What the rule went by, with amounts and days as the reader writes them."""
    found, language = row.rule_detail, get_language()
    try:
        if row.rule == Allocation.Rule.EXACT and found:
            currency = row.invoice.currency
            amounts = (Decimal(one) for one in found.split(" + "))
            return " + ".join(format_money(one, currency, language=language) for one in amounts)
        if row.rule == Allocation.Rule.OLDEST and found:
            return format_day(date.fromisoformat(found), language=language)
    except (ArithmeticError, ValueError):  # cut, where there were many
        return found
    return found


def _allocation(row: Allocation, gains: Mapping[UUID, Decimal]) -> dict[str, Any]:
    undone = hasattr(row, "reversed_by")
    return {
        "row": row,
        "why": _("Taken back") if row.reverses_id else row.get_rule_display(),
        "detail": _found_by(row),
        "gain": gains.get(row.pk),
        "live": not undone and row.reverses_id is None,
    }


def _typed(share: Share | None) -> str:
    """The proposed amount as a person would type it; at least cents."""
    return f"{at_least_cents(share.amount):f}" if share else ""


def _status_label(payment: Any, reversal: Any) -> str:
    if reversal:
        return _("Reversed")
    return _("Unapplied credit") if payment.unapplied else _("Applied")


def _facts(payment: Any) -> list[tuple[str, Any]]:
    language = get_language()
    facts: list[tuple[str, Any]] = [
        (_("Customer"), payment.customer.name),
        (_("Received on"), format_day(payment.received_on, "long", language=language)),
        (_("Method"), payment.get_method_display()),
    ]
    optional = (
        (_("Reference"), payment.reference),
        (_("Payer"), payment.payer),
        (_("Transaction number"), payment.transaction_id),
        (_("Recorded by"), payment.recorded_by),
    )
    facts += [(name, value) for name, value in optional if value]
    if payment.exchange_rate is not None:
        rate = (
            f"1 {payment.currency} = {payment.exchange_rate.normalize():f} {payment.base_currency}"
        )
        facts.append((_("Exchange rate"), rate))
    return facts
