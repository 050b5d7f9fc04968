"""One form for each simple contract type. Source: `domain.md` 4."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.contracts.forms.fields import AmountField, PercentField, TypeForm, filled, percent
from tenants.contracts.models import ContractType

TIER_ROWS = 4
JOB_ROWS = 5


def _tier_fields() -> dict[str, forms.Field]:
    fields: dict[str, forms.Field] = {}
    for row in range(TIER_ROWS):
        fields[f"tier{row}_up_to"] = AmountField(
            label=_("Revenue up to"), help_text=_("Empty in the last row: no limit.")
        )
        fields[f"tier{row}_rate"] = PercentField(label=_("Rate, %"))
    return fields


class _TieredForm(TypeForm):
    """Rows of tiers; the ones with a rate count."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(_tier_fields())

    def tier_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The rows for the page."""
        return [(self[f"tier{n}_up_to"], self[f"tier{n}_rate"]) for n in range(TIER_ROWS)]

    def tiers(self) -> list[dict[str, Any]]:
        """The tiers of a valid form."""
        rows = [
            (self.cleaned_data[f"tier{n}_up_to"], self.cleaned_data[f"tier{n}_rate"])
            for n in range(TIER_ROWS)
        ]
        return [{"up_to": up_to, "rate": rate} for up_to, rate in rows if rate is not None]

    @staticmethod
    def tiers_initial(tiers: list[Mapping[str, Any]]) -> dict[str, Any]:
        """What the rows start with."""
        initial: dict[str, Any] = {}
        for n, tier in enumerate(tiers[:TIER_ROWS]):
            initial[f"tier{n}_up_to"] = tier["up_to"]
            initial[f"tier{n}_rate"] = percent(tier["rate"])
        return initial


class RevenueShareForm(_TieredForm):
    """One rate or tiers, with guarantee, maximum and bonus."""

    template_name = "contracts/types/revenue_share.html"
    paths = {
        "revenue_share_rate": "revenue_share_rate",
        "tiers": "tier0_rate",
        "tier_mode": "tier_mode",
        "minimum_guarantee": "minimum_guarantee",
        "maximum_cap": "maximum_cap",
        "performance_bonus.threshold": "bonus_threshold",
        "performance_bonus": "bonus_rate",
    }
    revenue_share_rate = PercentField(
        label=_("Share of revenue, %"), help_text=_("Leave empty to use tiers.")
    )
    tier_mode = forms.ChoiceField(
        label=_("Tiers apply"),
        required=False,
        choices=[
            ("marginal", _("Each slice at its own rate")),
            ("whole", _("The tier reached applies to all of it")),
        ],
    )
    minimum_guarantee = AmountField(label=_("Minimum guarantee a month"))
    maximum_cap = AmountField(label=_("Maximum a month"))
    bonus_threshold = AmountField(label=_("Bonus above revenue of"))
    bonus_rate = PercentField(label=_("Bonus, % of the excess"))
    bonus_amount = AmountField(label=_("or a fixed bonus of"))

    def configuration(self) -> dict[str, Any]:
        """As `billing_configuration` of revenue_share."""
        data = self.cleaned_data
        tiers = self.tiers()
        bonus = filled(
            threshold=data["bonus_threshold"], rate=data["bonus_rate"], amount=data["bonus_amount"]
        )
        return filled(
            revenue_share_rate=data["revenue_share_rate"],
            tiers=tiers,
            tier_mode=data["tier_mode"] if tiers else None,
            minimum_guarantee=data["minimum_guarantee"],
            maximum_cap=data["maximum_cap"],
            performance_bonus=bonus,
        )

    @classmethod
    def initial_of(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the form starts with when terms are changed."""
        bonus = given.get("performance_bonus", {})
        return {
            "revenue_share_rate": percent(given.get("revenue_share_rate")),
            "tier_mode": given.get("tier_mode", "marginal"),
            "minimum_guarantee": given.get("minimum_guarantee"),
            "maximum_cap": given.get("maximum_cap"),
            "bonus_threshold": bonus.get("threshold"),
            "bonus_rate": percent(bonus.get("rate")),
            "bonus_amount": bonus.get("amount"),
            **cls.tiers_initial(given.get("tiers", [])),
        }


class LabourHoursForm(TypeForm):
    """Rates an hour, by job where they differ, and a bonus for hours saved."""

    template_name = "contracts/types/labour_hours.html"
    paths = {
        "hourly_rates.standard": "standard",
        "hourly_rates": "standard",
        "hourly_rates.overtime_multiplier": "overtime_multiplier",
        "hourly_rates.holiday_multiplier": "holiday_multiplier",
        "hourly_rates.double_time_multiplier": "double_time_multiplier",
        "job_rates": "job0_code",
        "efficiency_bonus.budgeted_hours": "budgeted_hours",
        "efficiency_bonus": "savings_share",
    }
    standard = AmountField(label=_("Standard rate an hour"))
    overtime_multiplier = AmountField(label=_("Overtime, times"), initial="1.5")
    double_time_multiplier = AmountField(label=_("Double time, times"), initial="2")
    holiday_multiplier = AmountField(label=_("Holiday, times"), initial="2")
    budgeted_hours = AmountField(label=_("Hours budgeted a period"))
    savings_share = PercentField(label=_("Share of the hours saved, %"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for row in range(JOB_ROWS):
            self.fields[f"job{row}_code"] = forms.CharField(
                label=_("Job code"), max_length=50, required=False
            )
            self.fields[f"job{row}_regular"] = AmountField(label=_("Regular rate"))
            self.fields[f"job{row}_overtime"] = AmountField(label=_("Overtime rate"))

    def job_rows(self) -> list[tuple[forms.BoundField, ...]]:
        """The rows for the page."""
        names = ("code", "regular", "overtime")
        return [tuple(self[f"job{n}_{name}"] for name in names) for n in range(JOB_ROWS)]

    def configuration(self) -> dict[str, Any]:
        """As `billing_configuration` of per_labor_hour."""
        data = self.cleaned_data
        names = ("overtime_multiplier", "holiday_multiplier", "double_time_multiplier")
        jobs = [
            filled(
                job_code=data[f"job{n}_code"],
                regular=data[f"job{n}_regular"],
                overtime=data[f"job{n}_overtime"],
            )
            for n in range(JOB_ROWS)
        ]
        return filled(
            hourly_rates=filled(standard=data["standard"], **{name: data[name] for name in names}),
            job_rates=[job for job in jobs if job],
            efficiency_bonus=filled(
                budgeted_hours=data["budgeted_hours"], savings_share=data["savings_share"]
            ),
        )

    @classmethod
    def initial_of(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the form starts with when terms are changed."""
        bonus = given.get("efficiency_bonus", {})
        initial = {
            **given.get("hourly_rates", {}),
            "budgeted_hours": bonus.get("budgeted_hours"),
            "savings_share": percent(bonus.get("savings_share")),
        }
        for n, job in enumerate(given.get("job_rates", [])[:JOB_ROWS]):
            initial[f"job{n}_code"] = job["job_code"]
            initial[f"job{n}_regular"] = job["regular"]
            initial[f"job{n}_overtime"] = job.get("overtime")
        return initial


class FixedFeeForm(TypeForm):
    """A fee by month or by year."""

    template_name = "contracts/types/fixed_fee.html"
    paths = {"monthly_fee": "monthly_fee", "annual_fee": "annual_fee"}
    monthly_fee = AmountField(label=_("Fee a month"))
    annual_fee = AmountField(label=_("or fee a year"))

    def configuration(self) -> dict[str, Any]:
        """As `billing_configuration` of fixed_fee."""
        return filled(**self.cleaned_data)

    @classmethod
    def initial_of(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the form starts with when terms are changed."""
        return {"monthly_fee": given.get("monthly_fee"), "annual_fee": given.get("annual_fee")}


class ManagementForm(_TieredForm):
    """Costs passed on, a fee, insurance and a share of the profit."""

    template_name = "contracts/types/management_agreement.html"
    paths = {
        "cost_markup_rate": "cost_markup_rate",
        "management_fee.monthly_fee": "monthly_fee",
        "management_fee.revenue_rate": "revenue_rate",
        "management_fee.cost_rate": "cost_rate",
        "management_fee": "monthly_fee",
        "insurance.rate": "insurance_rate",
        "insurance": "insurance_basis",
        "profit_share.threshold": "profit_threshold",
        "profit_share": "tier0_rate",
    }
    cost_markup_rate = PercentField(label=_("Markup on costs, %"))
    monthly_fee = AmountField(label=_("Management fee a month"))
    revenue_rate = PercentField(label=_("or % of revenue"))
    cost_rate = PercentField(label=_("or % of costs"))
    insurance_basis = forms.ChoiceField(
        label=_("Insurance on"),
        required=False,
        choices=[("", _("None")), ("payroll", _("Payroll")), ("gross_revenue", _("Revenue"))],
    )
    insurance_rate = PercentField(label=_("Insurance rate, %"))
    profit_threshold = AmountField(label=_("Share the profit above, a month"))

    def configuration(self) -> dict[str, Any]:
        """As `billing_configuration` of management_agreement."""
        data = self.cleaned_data
        names = ("monthly_fee", "revenue_rate", "cost_rate")
        return filled(
            cost_markup_rate=data["cost_markup_rate"],
            management_fee=filled(**{name: data[name] for name in names}),
            insurance=filled(basis=data["insurance_basis"], rate=data["insurance_rate"]),
            profit_share=filled(threshold=data["profit_threshold"], tiers=self.tiers()),
        )

    @classmethod
    def initial_of(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the form starts with when terms are changed."""
        fee, insurance = given.get("management_fee", {}), given.get("insurance", {})
        profit = given.get("profit_share", {})
        return {
            "cost_markup_rate": percent(given.get("cost_markup_rate")),
            "monthly_fee": fee.get("monthly_fee"),
            "revenue_rate": percent(fee.get("revenue_rate")),
            "cost_rate": percent(fee.get("cost_rate")),
            "insurance_basis": insurance.get("basis"),
            "insurance_rate": percent(insurance.get("rate")),
            "profit_threshold": profit.get("threshold"),
            **cls.tiers_initial(profit.get("tiers", [])),
        }


SIMPLE_FORMS: Mapping[str, type[TypeForm]] = {
    ContractType.REVENUE_SHARE: RevenueShareForm,
    ContractType.PER_LABOR_HOUR: LabourHoursForm,
    ContractType.FIXED_FEE: FixedFeeForm,
    ContractType.MANAGEMENT_AGREEMENT: ManagementForm,
}
