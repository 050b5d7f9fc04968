"""The home page's figures as its components take them: words, links, charts."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from billing.ageing import Bucket
from shared.kernel.actor import Actor
from shared.kernel.charts import Chart, Series, Slice, ageing_bar, stacked_bars
from shared.kernel.clock import today
from shared.kernel.formats import format_compact, format_day, format_money
from tenants.activity.selectors import MissingDays
from tenants.contracts.models import ContractType
from tenants.ledger.selectors import CompanyBooks
from tenants.reporting.selectors import (
    Attention,
    MonthFigures,
    Receivables,
    RevenueByType,
    StartingPoint,
)

Step = dict[str, Any]
COMPANIES_SHOWN = 20


def format_amounts(amounts: Mapping[str, Decimal]) -> str:
    """Amounts of each currency beside each other; they are never added up."""
    language = get_language()
    return " + ".join(
        format_money(amount, currency, language=language, code=len(amounts) > 1)
        for currency, amount in sorted(amounts.items())
    )


def pipeline_steps(
    *,
    missing: MissingDays,
    attention: Attention,
    figures: MonthFigures,
    owed: Receivables,
    actor: Actor,
) -> list[Step]:
    """Missing data, failed, ready to issue, sent, overdue, paid: each with its door."""
    return [
        _missing_step(missing),
        {
            "label": _("Failed checks"),
            "count": attention.failed_count,
            "note": _("in the latest billing run"),
            "url": _failed_url(attention, actor),
            "action": _("Fix") if attention.failed_count else "",
            "tone": "bad",
        },
        {
            "label": _("Ready to issue"),
            "count": figures.drafts.count,
            "note": format_amounts(figures.drafts.amounts) or _("no drafts"),
            "url": _invoices_url("validated"),
            "action": _("Review") if figures.drafts.count else "",
        },
        {
            "label": _("Sent, to be paid"),
            "count": figures.open.count,
            "note": _open_note(figures),
            "url": _invoices_url("unpaid"),
        },
        {
            "label": _("Overdue, every month"),
            "count": owed.overdue.count,
            "note": format_amounts(owed.overdue.amounts) or _("nobody is late"),
            "url": _invoices_url("overdue"),
            "action": _("Follow up") if owed.overdue.count else "",
            "tone": "bad",
        },
        {
            "label": pgettext("invoices of a month", "Paid"),
            "count": figures.paid.count,
            "note": format_amounts(figures.paid.amounts) or _("none of this month yet"),
            "url": _invoices_url("paid"),
            "tone": "ok",
        },
    ]


def _open_note(figures: MonthFigures) -> str:
    owed = format_amounts(figures.open.amounts) or _("nothing open of this month")
    if not figures.credits.count:
        return owed
    credits = format_amounts(figures.credits.amounts)
    return _("%(owed)s; credit notes %(credits)s") % {"owed": owed, "credits": credits}


def warned_items(attention: Attention) -> list[Step]:
    """Invoices that the month's latest run with warnings billed in spite of them."""
    run = attention.warned_run
    if run is None:
        return []
    number = attention.warned_count
    title = ngettext("Billed with %(n)d warning", "Billed with %(n)d warnings", number)
    return [
        {
            "title": title % {"n": number},
            "state": "now",
            "url": f"{reverse('billing_run_detail', args=[run.pk])}?warned=1",
            "action": _("Look"),
        }
    ]


def book_items(books: Sequence[CompanyBooks], last_day: date, actor: Actor) -> list[Step]:
    """The first companies by name: closed through which day, and the door to close the month."""
    month = format_day(last_day, "month", language=get_language())
    is_over, may_close = last_day < today(), actor.may("ledger.close")
    return [
        {
            "title": one.entity.name,
            "note": _("Closed through %(day)s")
            % {"day": format_day(one.closed_through, "medium", language=get_language())}
            if one.closed_through
            else _("Nothing is closed yet"),
            "state": "done" if _covers(one, last_day) else "now" if is_over else "later",
            "url": f"{reverse('ledger_close', args=[one.entity.pk])}?through={last_day}"
            if is_over and may_close
            else "",
            "action": _("Close %(month)s") % {"month": month},
        }
        for one in books[:COMPANIES_SHOWN]
    ]


def _covers(books: CompanyBooks, day: date) -> bool:
    return books.closed_through is not None and books.closed_through >= day


def _missing_step(missing: MissingDays) -> Step:
    one_site = missing.worst[0].site_id if missing.sites == 1 else ""
    note = ngettext("revenue days at %(n)d site", "revenue days at %(n)d sites", missing.sites)
    return {
        "label": _("Missing data"),
        "count": missing.days,
        "note": note % {"n": missing.sites} if missing.sites else _("every day is reported"),
        "url": reverse("site_revenue", args=[one_site]) if one_site else "#needs-you",
        "action": _("Enter revenue") if missing.days else "",
        "tone": "warn",
    }


def _failed_url(attention: Attention, actor: Actor) -> str:
    if not attention.failed:
        return reverse("billing_runs") if actor.may("invoices.generate") else "#needs-you"
    return f"{reverse('billing_run_detail', args=[attention.failed[0].run_id])}?status=failed"


def _invoices_url(status: str) -> str:
    return f"{reverse('invoice_list')}?{urlencode({'status': status})}"


def revenue_chart(revenue: RevenueByType, currency: str, *, is_complete: bool) -> Chart | None:
    """Bars of twelve months by contract type; a month still being billed is pale."""
    series = revenue.series(currency)
    if not series:
        return None
    language = get_language()
    labels = dict(ContractType.choices)
    return stacked_bars(
        title=_("Revenue by contract type"),
        categories=[format_day(month, "month", language=language) for month in revenue.months],
        ticks=[format_day(month, "month", language=language)[:1] for month in revenue.months],
        series=[Series(str(labels[ContractType(kind)]), values) for kind, values in series],
        format_value=lambda value: format_money(value, currency, language=language),
        format_axis=lambda value: format_compact(value, currency, language=language),
        total_label=_("Total"),
        category_label=_("Month"),
        provisional_from=None if is_complete else len(revenue.months) - 1,
    )


def ageing_chart(owed: Receivables, currency: str) -> Chart:
    """What is open by age, as one bar and its table."""
    language = get_language()
    names = {
        Bucket.CURRENT: _("Not due yet"),
        Bucket.DAYS_1_30: _("1–30 days late"),
        Bucket.DAYS_31_60: _("31–60 days late"),
        Bucket.DAYS_61_90: _("61–90 days late"),
        Bucket.OVER_90: _("Over 90 days late"),
    }
    buckets = owed.buckets.get(currency, {})
    return ageing_bar(
        title=_("Receivables by age"),
        buckets=[Slice(names[one], buckets.get(one, Decimal(0))) for one in Bucket],
        format_value=lambda value: format_money(value, currency, language=language),
        header=(_("Age"), _("Outstanding")),
    )


def checklist(start: StartingPoint, actor: Actor) -> list[dict[str, Any]]:
    """The steps to the first invoice; the first one not done is the one to do now."""
    steps: list[tuple[bool, str, str, str, str, str]] = [
        (
            start.has_company,
            _("Fill in the billing company"),
            _("Address and tax registration stand on every invoice."),
            "legal_entity",
            _("Fill in"),
            "organisation.write",
        ),
        (
            start.has_site,
            _("Make the first site"),
            _("Its address decides which taxes are charged."),
            "site_new",
            _("New site"),
            "sites.write",
        ),
        (
            start.has_active_contract,
            _("Make and activate a contract"),
            _("It says what is billed, and how; a worked example stands beside the form."),
            "contract_new",
            _("New contract"),
            "contracts.write",
        ),
        (
            start.has_issued_invoice,
            _("Issue the first invoice"),
            _("See every amount and the reason for it before it exists."),
            "invoice_generate",
            _("New invoice"),
            "invoices.generate",
        ),
    ]
    current = next((number for number, step in enumerate(steps) if not step[0]), None)
    return [
        {
            "title": title,
            "note": note,
            "state": "done" if done else "now" if number == current else "later",
            "url": reverse(url_name) if actor.may(permission) else "",
            "action": action,
        }
        for number, (done, title, note, url_name, action, permission) in enumerate(steps)
    ]
