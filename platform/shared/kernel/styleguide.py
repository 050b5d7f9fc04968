"""Realistic data for the styleguide: what each component gets from a page."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shared.kernel.charts import Chart, Series, Slice, ageing_bar, sparkline, stacked_bars
from shared.kernel.formats import format_compact, format_day, format_money
from shared.kernel.shell import Group, Link, Shell

HERE = "/styleguide"


class ContractForm(forms.Form):
    """One field of every kind a page uses."""

    kind = forms.ChoiceField(
        label=_("Contract type"),
        widget=forms.RadioSelect,
        choices=[("share", _("Revenue share")), ("hours", _("Labour hours")), ("fee", _("Fee"))],
    )
    name = forms.CharField(label=_("Name"), help_text=_("As it should stand on the invoice."))
    email = forms.EmailField(label=_("Billing e-mail"))
    share = forms.DecimalField(label=_("Share"), max_digits=7, decimal_places=4, min_value=0)
    minimum = forms.DecimalField(label=_("Minimum per month"), required=False, localize=True)
    province = forms.ChoiceField(
        label=_("Province"), choices=[("", "—"), ("ON", "Ontario"), ("QC", "Québec")]
    )
    starts_on = forms.DateField(
        label=_("In force from"), widget=forms.DateInput(attrs={"type": "date"})
    )
    rounding = forms.ChoiceField(
        label=_("Rounding"),
        widget=forms.RadioSelect,
        choices=[("line", _("Each line")), ("total", _("The total"))],
        required=False,
    )
    logo = forms.FileField(label=_("Logo"), required=False)
    colour = forms.CharField(
        label=_("Brand colour"), required=False, widget=forms.TextInput(attrs={"type": "color"})
    )
    notes = forms.CharField(label=_("Notes"), widget=forms.Textarea, required=False)
    active = forms.BooleanField(
        label=_("Bill it from the next run"), help_text=_("Can be changed later.")
    )

    def clean(self) -> dict[str, Any] | None:
        """A rule over two fields, to show an error of the whole form."""
        cleaned = super().clean()
        if self.data.get("kind") == "share" and not self.data.get("province"):
            self.add_error(None, _("A revenue share needs the province its tax comes from."))
        return cleaned


def _cad(value: Decimal) -> str:
    return format_money(value, "CAD", language=get_language())


def _axis(value: Decimal) -> str:
    return format_compact(value, language=get_language())


def _shell() -> Shell:
    return Shell(
        organisation="Acme Electric",
        person="Marie Chen",
        role=_("Billing manager"),
        groups=(
            Group(
                "",
                (
                    Link(_("Home"), "/home", "house"),
                    Link(_("Approvals"), "/approvals", "inbox", 12),
                ),
            ),
            Group(
                _("Billing"),
                (
                    Link(_("Invoices"), HERE, "receipt-text"),
                    Link(_("Contracts"), "/contracts", "scroll-text"),
                    Link(_("Sites"), "/sites", "map-pin"),
                    Link(_("Payments"), "/payments", "banknote"),
                    Link(_("Disputes"), "/disputes", "message-square-warning", 2),
                ),
            ),
            Group(
                _("Company"),
                (
                    Link(_("Structure"), "/structure", "network"),
                    Link(_("Settings"), "/settings", "settings"),
                ),
            ),
        ),
    )


def _revenue_chart() -> Chart:
    shares = [49200, 56300, 61000, 61800, 58200, 51900, 44500, 38800, 36700, 38800, 44400, 51600]
    months = [date(2025 + (11 + i) // 12, (11 + i) % 12 + 1, 1) for i in range(12)]
    language = get_language()
    return stacked_bars(
        title=_("Revenue by contract type"),
        description=_("Twelve months; the last is not complete."),
        categories=[format_day(month, "month", language=language) for month in months],
        ticks=[format_day(month, "month", language=language)[:1].upper() for month in months],
        series=[
            Series(_("Revenue share"), [Decimal(n) for n in shares]),
            Series(_("Labour"), [Decimal(n * 52 // 100) for n in shares]),
            Series(_("Fees"), [Decimal(14200 + n // 30) for n in shares]),
        ],
        format_value=_cad,
        format_axis=_axis,
        category_label=_("Month"),
        total_label=_("Total"),
        provisional_from=11,
    )


def _ageing_chart() -> Chart:
    amounts = ("193737.94", "65620.92", "34372.86", "12004.11", "6744.72")
    labels = (_("Current"), _("1–30 days"), _("31–60 days"), _("61–90 days"), _("Over 90 days"))
    return ageing_bar(
        title=_("Receivables by age"),
        buckets=[Slice(label, Decimal(text)) for label, text in zip(labels, amounts, strict=True)],
        format_value=_cad,
        header=(_("Age"), _("Amount")),
    )


def _sparkline() -> Chart:
    return sparkline(
        title=_("Days to payment, 8 months"),
        points=[Slice(str(i), Decimal(n)) for i, n in enumerate((41, 39, 40, 36, 37, 33, 31, 29))],
        format_value=str,
        header=(_("Month"), _("Days")),
    )


def _invoices() -> list[dict[str, Any]]:
    rows = (
        ("AE-2026-001234", "Lakeside Parking", "pending_approval", "21470.00", "2026-11-30"),
        ("AE-2026-001233", "Hôpital Saint-Luc", "overdue", "8204.55", "2026-10-31"),
        ("AE-2026-001232", "North Yard retrofit and switchgear", "issued", "3184.50", "2026-11-28"),
        ("AE-2026-001231", "Place Ville Marie", "partially_paid", "128440.10", "2026-11-15"),
        ("AE-2026-001230", "Lakeside Parking", "paid", "19822.41", "2026-10-31"),
        ("AE-2026-001229", "Hôpital Saint-Luc", "credited", "-840.00", "2026-10-12"),
        ("", "Harbour Garage", "draft", "0.00", "2026-12-01"),
    )
    return [
        {
            "number": number,
            "customer": customer,
            "status": status,
            "total": Decimal(total),
            "due_on": date.fromisoformat(due),
        }
        for number, customer, status, total, due in rows
    ]


def _pipeline() -> list[dict[str, Any]]:
    return [
        {"label": label, "count": count, "note": note, "url": "#", "action": act, "tone": tone}
        for label, count, note, act, tone in (
            (_("Missing data"), 3, _("revenue days at 2 sites"), _("Ask the sites"), "warn"),
            (_("Failed checks"), 2, _("1 rate, 1 overlap"), _("Review"), "bad"),
            (_("Waiting for approval"), 12, _("oldest 2 days, L. Roy"), _("Remind"), ""),
            (_("Ready to issue"), 19, _cad(Decimal("184220.10")), _("Issue all"), ""),
            (_("Sent"), 0, _("nothing on its way"), "", ""),
            (_("Paid"), 3, _cad(Decimal("41006.75")), _("See payments"), "ok"),
        )
    ]


def _trace() -> list[dict[str, str]]:
    return [
        {"label": _("Gross revenue, 31 days, 4 sources"), "value": "182,000.00"},
        {"label": _("First 100,000.00 at 10%"), "value": "10,000.00", "formula": "100000 × 0.10"},
        {"label": _("Next 82,000.00 at 13%"), "value": "10,660.00", "formula": "82000 × 0.13"},
        {"label": _("Sum, rounded to the cent"), "value": "20,660.00"},
    ]


def _timeline() -> list[dict[str, Any]]:
    return [
        {
            "title": _("Calculated and checked"),
            "when": datetime(2026, 11, 1, 7, 14, tzinfo=UTC),
            "note": _("monthly run"),
            "state": "done",
        },
        {
            "title": _("Approved by M. Chen"),
            "when": datetime(2026, 11, 2, 14, 2, tzinfo=UTC),
            "state": "done",
        },
        {
            "title": _("Waiting for L. Roy, finance"),
            "note": _("escalates tomorrow at 9:00"),
            "state": "now",
        },
        {"title": _("Issue, send by e-mail, post to QuickBooks"), "state": "later"},
    ]


def _reasons() -> list[dict[str, str]]:
    return [
        {
            "tone": "warn",
            "title": _("Revenue variance +18%"),
            "note": _("Above the 15% this contract allows. Two event days explain 11 points."),
            "url": "#",
            "action": _("See the days"),
        },
        {"tone": "ok", "title": _("Independent recomputation agrees to the cent")},
        {"tone": "ok", "title": _("Every day of October has revenue")},
        {"tone": "bad", "title": _("The tax registration of the customer is missing")},
    ]


def _checklist() -> list[dict[str, str]]:
    return [
        {"title": _("Create your organisation"), "state": "done"},
        {
            "title": _("Add your first site"),
            "note": _("Where the work or the revenue happens."),
            "state": "now",
            "url": "#",
            "action": _("Add a site"),
        },
        {"title": _("Write a contract"), "state": "later", "url": "#", "action": _("Start")},
    ]


def _totals() -> list[dict[str, Any]]:
    return [
        {"label": _("Subtotal"), "amount": Decimal("18960.00")},
        {"label": "HST 13% · 81234 5678 RT0001", "amount": Decimal("2464.80")},
        {"label": _("Total"), "amount": Decimal("21424.80"), "grand": True, "rule": True},
    ]


def _lists() -> dict[str, Any]:
    return {
        "steps": [
            {"label": _("Parties"), "url": "#steps"},
            {"label": _("Terms"), "url": "#steps"},
            {"label": _("Taxes")},
            {"label": _("Check")},
        ],
        "tabs": [
            {"label": _("All"), "url": HERE, "count": 48},
            {"label": _("Drafts"), "url": "#a", "count": 3},
            {"label": _("Overdue"), "url": "#b", "count": 2},
            {"label": _("Settings"), "url": "#c"},
        ],
        "crumbs": [(_("Invoices"), "#"), ("AE-2026-001234", "")],
        "chips": [{"label": _("Overdue"), "url": "#"}, {"label": "Ontario", "url": "#"}],
        "definitions": [
            (_("Contract"), "CON00000412"),
            (_("Period"), _("October 2026")),
            (_("Bill to"), "Lakeside Parking Ltd., 18 King Street West, Toronto ON  M5H 1A1"),
            (_("Purchase order"), ""),
        ],
        "card_texts": {
            "share": _("A part of the site's revenue, by tiers, with minimum and cap."),
            "hours": _("Hours by class of work with overtime and materials."),
            "fee": _("The same amount each period, with escalation."),
        },
    }


def styleguide_context(request: HttpRequest) -> dict[str, Any]:
    """Everything styleguide.html shows; `?toasts=1` adds the toasts, which cover the page."""
    broken = ContractForm(
        {
            "kind": "share",
            "name": "",
            "email": "billing@",
            "share": "-3",
            "starts_on": "2026-13-01",
        },
        auto_id="broken_%s",
    )
    toasts = (
        Message(constants.SUCCESS, _("Invoice AE-2026-001234 was issued and is being sent.")),
        Message(constants.INFO, _("The billing run goes on; you can leave this page.")),
        Message(constants.WARNING, _("Saved, but two sites have no revenue for 14 November.")),
        Message(constants.ERROR, _("QuickBooks did not answer. We try again in 5 minutes.")),
    )
    return {
        **_lists(),
        "app_shell": _shell(),
        "messages": toasts if request.GET.get("toasts") else (),
        "tones": ("", "ok", "warn", "bad", "info", "brand"),
        "form": ContractForm(initial={"kind": "share", "name": "Lakeside Parking"}),
        "broken": broken,
        "revenue_chart": _revenue_chart(),
        "ageing_chart": _ageing_chart(),
        "sparkline": _sparkline(),
        "invoices": _invoices(),
        "pipeline": _pipeline(),
        "trace": _trace(),
        "timeline": _timeline(),
        "reasons": _reasons(),
        "checklist": _checklist(),
        "totals": _totals(),
        "now": datetime(2026, 11, 21, 14, 5, tzinfo=UTC),
        "period_start": date(2026, 10, 1),
        "period_end": date(2026, 11, 1),
        "share": Decimal("0.09975"),
        "rate": Decimal("0.0825"),
    }
