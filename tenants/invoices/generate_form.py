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
WORK_ROWS = 62  # two codes each day of a month
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
            if self.terms_change:
                self.fields[f"cost{number}_day"] = DayField(label=_("Day"), required=False)
        for number in range(WORK_ROWS if self.terms_change else 0):
            self._add_work(f"work{number}_")
        for number in range(CHARGE_ROWS):
            self._add_amount("charge", number, _("For"), _("Amount, negative for a credit"))

    def _add_hours(self, prefix: str) -> None:
        for name, label in zip(HOURS, HOUR_LABELS, strict=True):
            self.fields[f"{prefix}{name}"] = HoursField(label=label)

    def _add_work(self, prefix: str) -> None:
        self.fields[f"{prefix}day"] = DayField(label=_("Day"), required=False)
        if self.job_codes:
            codes = [("", _("Standard rate")), *((code, code) for code in self.job_codes)]
            self.fields[f"{prefix}job_code"] = forms.ChoiceField(
                label=_("Job code"), choices=codes, required=False
            )
        self._add_hours(prefix)

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
        found: list[Mapping[str, Any]] = []
        for terms in self._versions:
            own = {**terms.billing_configuration, "contract_type": terms.contract_type}
            found += own.get("components", [own])
        return found

    @cached_property
    def _versions(self) -> list[ContractTerms]:
        """The versions of the terms in the period that is typed so far; at least one."""
        if self.contract is None:
            return []
        start, end = self._typed("start_date") or today(), self._typed("end_date")
        last = max(start, end or start)
        found = [
            terms
            for terms in self.contract.terms.order_by("valid_from")
            if terms.valid_from <= last and (terms.valid_to is None or terms.valid_to >= start)
        ]
        return found or [terms_on(self.contract, start) or current_terms(self.contract, start)]

    def _typed(self, name: str) -> date | None:
        given = self.data.get(name) if self.is_bound else self.initial.get(name)
        try:
            return date.fromisoformat(str(given))
        except ValueError:
            return None

    @property
    def terms_change(self) -> date | None:
        """The day on which other terms begin inside the period: hours and costs need their day."""
        return self._versions[1].valid_from if len(self._versions) > 1 else None

    @cached_property
    def needs(self) -> frozenset[str]:
        """revenue, hours, costs: what the terms are computed from."""
        return frozenset(name for part in self.parts for name in NEEDS[part["contract_type"]])

    @cached_property
    def job_codes(self) -> list[str]:
        """The codes for which the terms have rates of their own."""
        jobs = (job for part in self.parts for job in part.get("job_rates", []))
        return list(dict.fromkeys(job["job_code"] for job in jobs))

    def work_rows(self) -> list[Row]:
        """Hours of a day each, where the terms change inside the period."""
        if not self.terms_change:
            return []
        names = ("day", *(["job_code"] if self.job_codes else []), *HOURS)
        return [[self[f"work{number}_{name}"] for name in names] for number in range(WORK_ROWS)]

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
        for number, row in enumerate(rows):
            if self.terms_change:
                row.insert(0, self[f"cost{number}_day"])
            if self.insures_payroll:
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
    def shows_whole_hours(self) -> bool:
        """Whether hours of the whole period can be typed; not where their day decides the rate."""
        rows = [self.hours_row(), *(row for _code, row in self.job_rows())]
        return not self.terms_change or any(_has_values(row) for row in rows)

    @property
    def shows_costs(self) -> bool:
        """Whether costs are asked for, or something stands there."""
        return "costs" in self.needs or _has_values(self._amount_rows("cost", 1)[0])

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
        if self.terms_change:
            self._require_days(data)
        return data

    def _require_days(self, data: Mapping[str, Any]) -> None:
        """The day decides what hours and costs are billed at."""
        rows = {f"cost{n}_day": (f"cost{n}_amount",) for n in range(COST_ROWS)} | {
            f"work{n}_day": tuple(f"work{n}_{name}" for name in HOURS) for n in range(WORK_ROWS)
        }
        for day, figures in rows.items():
            if not data.get(day) and day not in self.errors and any(map(data.get, figures)):
                self.add_error(day, _("Enter the day."))

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
        jobs += [row for _number, row in self._work()]
        costs = [
            {
                "payroll": self.cleaned_data[f"cost{number}_payroll"],
                **cost,
                **_dated("incurred_on", self.cleaned_data.get(f"cost{number}_day")),
            }
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

    def _work(self) -> list[tuple[int, dict[str, object]]]:
        """The rows with hours, each with its place on the page."""
        found: list[tuple[int, dict[str, object]]] = []
        for number in range(WORK_ROWS if self.terms_change else 0):
            prefix = f"work{number}_"
            code = self.cleaned_data.get(f"{prefix}job_code")
            if hours := self._hours(prefix):
                day = _dated("worked_on", self.cleaned_data[f"{prefix}day"])
                found.append((number, {**({"job_code": code} if code else {}), **day, **hours}))
        return found

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
        whole = sum(bool(self._hours(f"job{number}_")) for number in range(len(self.job_codes)))
        costs = enumerate(self._amounts("cost", COST_ROWS))
        return {
            **{
                f"billing_data.labor[{whole + place}]": f"work{number}_day"
                for place, (number, _row) in enumerate(self._work())
            },
            **{
                f"billing_data.costs[{place}].incurred_on": f"cost{number}_day"
                for place, (number, _cost) in costs
                if self.terms_change
            },
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


def _dated(name: str, day: date | None) -> dict[str, str]:
    return {name: day.isoformat()} if day else {}


def _has_values(fields: Iterable[forms.BoundField]) -> bool:
    return any(field.value() not in (None, "") for field in fields)
