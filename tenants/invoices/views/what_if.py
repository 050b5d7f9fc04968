"""The page on which draft terms are tried on past periods; nothing is stored."""

from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from shared.kernel.api.auth import ApiRequest
from shared.kernel.authorisation import authorize
from shared.kernel.charts import Chart, Series, stacked_bars
from shared.kernel.clock import today
from shared.kernel.errors import AppError
from shared.kernel.formats import format_compact, format_day, format_money
from tenants.contracts.forms import TermsEditor
from tenants.contracts.selectors import contract_by_code, current_terms
from tenants.contracts.views.editor import show_errors, terms_of
from tenants.invoices.explanation import line_name
from tenants.invoices.services.what_if import PERIODS_MAX, Side, TriedPeriod, WhatIf, try_terms

NO_AMOUNT = Decimal(0)


class PeriodsForm(forms.Form):
    """How far back."""

    periods = forms.IntegerField(
        label=gettext_lazy("Past periods"), min_value=1, max_value=PERIODS_MAX, initial=12
    )


def contract_what_if(request: ApiRequest, contract_id: str) -> HttpResponse:
    """Change the terms as in the editor and see what they would have come to."""
    authorize(request.actor, "invoices.read")
    contract = contract_by_code(actor=request.actor, contract_id=contract_id)
    present = current_terms(contract, today())
    data = request.POST if request.method == "POST" else None
    form = PeriodsForm(_with_periods(request) if data is not None else None)
    editor = TermsEditor(
        present.contract_type,
        data=data,
        configuration=present.billing_configuration,
        frequency=present.billing_frequency,
    )
    tried: WhatIf | None = None
    if data is not None and all([form.is_valid(), editor.is_valid()]):
        try:
            tried = try_terms(
                actor=request.actor,
                contract_id=contract_id,
                terms=terms_of(editor),
                periods=form.cleaned_data["periods"],
            )
        except AppError as error:
            show_errors(form, editor, error)
    detail_url = reverse("contract_detail", args=[contract_id])
    context = {
        "contract": contract,
        "contract_type": present.contract_type,
        "form": form,
        "editor": editor,
        "tried": tried,
        "result": _result(tried) if tried else None,
        "terms_url": reverse("contract_terms", args=[contract_id]),
        "cancel_url": detail_url,
        "crumbs": [
            (_("Contracts"), reverse("contract_list")),
            (contract_id, detail_url),
            (_("What if"), None),
        ],
    }
    wrong = form.errors or any(part.errors for part in editor.forms)
    return render(request, "invoices/what_if.html", context, status=422 if wrong else 200)


def _with_periods(request: ApiRequest) -> Any:
    """The editor's own page sends no number of periods."""
    given = request.POST.copy()
    given.setdefault("periods", "12")
    return given


def _result(tried: WhatIf) -> dict[str, Any]:
    return {
        "chart": _chart(tried) if tried.compared else None,
        "rows": [_row(one) for one in reversed(tried.periods)],
        "stats": [
            {"label": _("Until now"), "value": _money(tried, tried.total_before)},
            {"label": _("With the draft"), "value": _money(tried, tried.total_after)},
            {
                "label": _("Total effect"),
                "value": _money(tried, tried.difference),
                "trend_tone": "ok" if tried.difference >= 0 else "bad",
            },
        ],
    }


def _money(tried: WhatIf, amount: Decimal) -> str:
    return format_money(amount, tried.contract.currency, language=get_language())


def _name(one: TriedPeriod) -> str:
    language = get_language()
    first, last = one.period.start_date, one.period.end_date
    if (first.year, first.month) == (last.year, last.month):
        return format_day(first, "month", language=language)
    start, end = (format_day(day, "month", language=language) for day in (first, last))
    return f"{start} – {end}"


def _chart(tried: WhatIf) -> Chart:
    """Two bars a period beside each other: until now, and with the draft."""
    names: list[str] = []
    ticks: list[str] = []
    before: list[Decimal] = []
    after: list[Decimal] = []
    for one in tried.compared:
        if one.before is None or one.after is None:
            continue
        name = _name(one)
        names += [f"{name} · {_('until now')}", f"{name} · {_('with the draft')}"]
        # A phone has room for four months under the bars.
        is_told = (len(names) // 2 - 1) % max(-(-len(tried.compared) // 4), 1) == 0
        ticks += [f"{one.period.start_date:%m/%y}" if is_told else "", ""]
        before += [one.before.subtotal, NO_AMOUNT]
        after += [NO_AMOUNT, one.after.subtotal]
    return stacked_bars(
        title=_("Until now and with the draft, before tax"),
        categories=names,
        ticks=ticks,
        series=[Series(_("Until now"), before), Series(_("With the draft"), after)],
        format_value=lambda value: _money(tried, value),
        format_axis=lambda value: format_compact(
            value, tried.contract.currency, language=get_language()
        ),
        total_label=_("Total"),
        category_label=_("Period"),
    )


def _row(one: TriedPeriod) -> dict[str, Any]:
    return {
        "name": _name(one),
        "invoice": one.invoice,
        "before": one.before,
        "after": one.after,
        "difference": one.difference,
        "problem": one.problem,
        "lines": _paired(one.before, one.after),
    }


def _paired(before: Side | None, after: Side | None) -> list[tuple[str, Decimal, Decimal]]:
    """Each line's name with its amount on both sides; a missing one counts as nothing."""
    amounts: dict[str, list[Decimal]] = {}
    for place, side in enumerate((before, after)):
        for line in side.lines if side else ():
            pair = amounts.setdefault(line_name(line.code, line.subject), [NO_AMOUNT, NO_AMOUNT])
            pair[place] += line.amount
        if side and side.credited:
            given = amounts.setdefault(_("Credit given by hand"), [NO_AMOUNT, NO_AMOUNT])
            given[place] = side.credited
    return [(name, pair[0], pair[1]) for name, pair in amounts.items()]
