"""The form of a new invoice: which contract and period, and what its terms need to know."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.periods import Frequency, Period, calendar_period
from shared.kernel.clock import today
from tenants.contracts.forms.fields import AmountField, DayField, HoursField
from tenants.contracts.models import Contract, ContractTerms, ContractType
from tenants.contracts.selectors import current_terms, terms_on

HOURS = ("regular", "overtime", "double_time", "holiday")
HOUR_LABELS = (_("Regular"), _("Overtime"), _("Double time"), _("Holiday"))
COST_ROWS = 12
CHARGE_ROWS = 6
LONGEST_TEXT = 255
# What the terms of a type are computed from.
NEEDS: Mapping[str, tuple[str, ...]] = {
    ContractType.REVENUE_SHARE: ("revenue",),
    ContractType.PER_LABOR_HOUR: ("hours",),
    ContractType.FIXED_FEE: (),
    ContractType.MANAGEMENT_AGREEMENT: ("revenue", "costs"),
}
Row = list[forms.BoundField]


def next_period(contract: Contract, terms: ContractTerms, billed_to: date | None) -> Period:
    """The period after the last one billed; else the last full one in which the contract ran."""
    frequency = Frequency(terms.billing_frequency)
    if billed_to is not None:
        return calendar_period(frequency, billed_to + timedelta(days=1))
    present = calendar_period(frequency, today())
    last_full = calendar_period(frequency, present.start_date - timedelta(days=1))
    return calendar_period(frequency, max(last_full.start_date, contract.effective_date))


class GenerateForm(forms.Form):
    """Contract, period, and what the records do not hold; only what the terms need is asked."""

    contract_id = forms.ChoiceField(label=_("Contract"))
    start_date = DayField(label=pgettext_lazy("first day", "From"))
    end_date = DayField(label=pgettext_lazy("last day", "To"))
    invoice_date = DayField(
        label=_("Invoice date"),
        required=False,
        help_text=_("Leave empty for the last day of the period; later once its books are closed."),
    )
    revenue_amount = AmountField(
        label=_("Revenue, net of sales tax"),
        help_text=_("Leave empty to use the recorded revenue of the period."),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        contracts: list[tuple[str, str]],
        contract: Contract | None,
        initial: dict[str, Any],
    ) -> None:
        super().__init__(data, initial=initial)
        choices = contracts if len(contracts) == 1 else [("", _("Choose a contract")), *contracts]
        self.fields["contract_id"].choices = choices  # type: ignore[attr-defined]
        self.contract = contract
        self._add_hours("")
        for number in range(len(self.job_codes)):
            self._add_hours(f"job{number}_")
        for number in range(COST_ROWS):
            self._add_amount("cost", number, _("Cost"), _("Net of tax"))
            self.fields[f"cost{number}_payroll"] = forms.BooleanField(
                label=_("Payroll"), required=False
            )
        for number in range(CHARGE_ROWS):
            self._add_amount("charge", number, _("For"), _("Amount, negative for a credit"))

    def _add_hours(self, prefix: str) -> None:
        for name, label in zip(HOURS, HOUR_LABELS, strict=True):
            self.fields[f"{prefix}{name}"] = HoursField(label=label)

    def _add_amount(self, kind: str, number: int, text: Any, amount: Any) -> None:
        self.fields[f"{kind}{number}_description"] = forms.CharField(
            label=text,
            max_length=LONGEST_TEXT,
            required=False,
            widget=forms.TextInput(attrs={"placeholder": " "}),
        )
        self.fields[f"{kind}{number}_amount"] = AmountField(label=amount)

    # --- what the page shows ---

    @cached_property
    def parts(self) -> list[Mapping[str, Any]]:
        """The terms' components, each with its type; a simple contract is its own only one."""
        if self.contract is None:
            return []
        terms = self._terms()
        own = {**terms.billing_configuration, "contract_type": terms.contract_type}
        return list(own.get("components", [own]))

    def _terms(self) -> ContractTerms:
        assert self.contract is not None
        given = self.data.get("start_date") if self.is_bound else self.initial.get("start_date")
        try:
            day = date.fromisoformat(str(given))
        except ValueError:
            day = today()
        return terms_on(self.contract, day) or current_terms(self.contract, day)

    @cached_property
    def needs(self) -> frozenset[str]:
        """revenue, hours, costs: what the terms are computed from."""
        return frozenset(name for part in self.parts for name in NEEDS[part["contract_type"]])

    @cached_property
    def job_codes(self) -> list[str]:
        """The codes for which the terms have rates of their own."""
        jobs = (job for part in self.parts for job in part.get("job_rates", []))
        return list(dict.fromkeys(job["job_code"] for job in jobs))

    def hours_row(self) -> Row:
        """The hours at the standard rate."""
        return [self[name] for name in HOURS]

    def job_rows(self) -> list[tuple[str, Row]]:
        """The hours of each job code."""
        return [
            (code, [self[f"job{number}_{name}"] for name in HOURS])
            for number, code in enumerate(self.job_codes)
        ]

    @cached_property
    def insures_payroll(self) -> bool:
        """Whether it matters which costs are payroll."""
        return any(part.get("insurance", {}).get("basis") == "payroll" for part in self.parts)

    def cost_rows(self) -> list[Row]:
        """Costs that are passed on."""
        rows = self._amount_rows("cost", COST_ROWS)
        if self.insures_payroll:
            for number, row in enumerate(rows):
                row.append(self[f"cost{number}_payroll"])
        return rows

    def charge_rows(self) -> list[Row]:
        """Charges and credits that no contract knows."""
        return self._amount_rows("charge", CHARGE_ROWS)

    def _amount_rows(self, kind: str, count: int) -> list[Row]:
        return [
            [self[f"{kind}{number}_description"], self[f"{kind}{number}_amount"]]
            for number in range(count)
        ]

    @property
    def shows_revenue(self) -> bool:
        """Whether revenue is asked for, or something stands there."""
        return "revenue" in self.needs or _has_values([self["revenue_amount"]])

    @property
    def shows_hours(self) -> bool:
        """Whether hours are asked for, or something stands there."""
        return "hours" in self.needs or _has_values(self.hours_row())

    @property
    def shows_costs(self) -> bool:
        """Whether costs are asked for, or something stands there."""
        return "costs" in self.needs or _has_values(self.cost_rows()[0][:2])

    @property
    def has_charges(self) -> bool:
        """Whether the additional charges are to be shown open."""
        return _has_values(self.charge_rows()[0])

    # --- what was filled in ---

    def clean(self) -> dict[str, Any]:
        """A description and its amount come together; the period is in order."""
        data = super().clean() or {}
        for kind, count in (("cost", COST_ROWS), ("charge", CHARGE_ROWS)):
            for number in range(count):
                name = f"{kind}{number}"
                text, amount = data.get(f"{name}_description"), data.get(f"{name}_amount")
                if text and amount is None and f"{name}_amount" not in self.errors:
                    self.add_error(f"{name}_amount", _("Enter the amount."))
                if amount is not None and not text:
                    self.add_error(f"{name}_description", _("Say what it is for."))
        start, end = data.get("start_date"), data.get("end_date")
        if start and end and end < start:
            self.add_error("end_date", _("The period ends before it starts."))
        return data

    @property
    def period(self) -> Period:
        """The period of a valid form."""
        return Period(self.cleaned_data["start_date"], self.cleaned_data["end_date"])

    @property
    def billing_data(self) -> dict[str, object]:
        """What was filled in, in the shape of `domain.md` 4; the rest comes from the records."""
        filled: dict[str, object] = {}
        if self.cleaned_data["revenue_amount"] is not None:
            filled["revenue_amount"] = self.cleaned_data["revenue_amount"]
        jobs = [
            {"job_code": code, **hours}
            for number, code in enumerate(self.job_codes)
            if (hours := self._hours(f"job{number}_"))
        ]
        costs = [
            {"payroll": self.cleaned_data[f"cost{number}_payroll"], **cost}
            for number, cost in self._amounts("cost", COST_ROWS)
        ]
        charges = [charge for _number, charge in self._amounts("charge", CHARGE_ROWS)]
        lists: tuple[tuple[str, object], ...] = (
            ("labor_hours", self._hours("")),
            ("labor", jobs),
            ("costs", costs),
            ("additional_charges", charges),
        )
        return {**filled, **{name: value for name, value in lists if value}}

    def _hours(self, prefix: str) -> dict[str, Decimal]:
        given = {name: self.cleaned_data[f"{prefix}{name}"] for name in HOURS}
        return {name: hours for name, hours in given.items() if hours}

    def _amounts(self, kind: str, count: int) -> list[tuple[int, dict[str, object]]]:
        names = ("description", "amount")
        rows = [
            (number, {name: self.cleaned_data[f"{kind}{number}_{name}"] for name in names})
            for number in range(count)
        ]
        return [(number, row) for number, row in rows if row["amount"] is not None]

    @property
    def service_fields(self) -> dict[str, str]:
        """The service's paths and the inputs they belong to."""
        return {
            "invoice_date": "invoice_date",
            "billing_period": "start_date",
            "billing_period.end_date": "end_date",
            "billing_data.revenue_amount": "revenue_amount",
            "billing_data.labor_hours": "regular",
            "billing_data.labor": "regular",
            "billing_data.costs": "cost0_amount",
            "billing_data.additional_charges": "charge0_amount",
            "contract_id": "contract_id",
        }


def _has_values(fields: Iterable[forms.BoundField]) -> bool:
    return any(field.value() not in (None, "") for field in fields)
