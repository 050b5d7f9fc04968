"""One form for each simple contract type. Source: `domain.md` 4."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.contracts.forms.fields import (
    AmountField,
    FactorField,
    HoursField,
    PercentField,
    TypeForm,
    filled,
    percent,
    plain,
)
from tenants.contracts.forms.rows import JobRatesForm, TieredForm
from tenants.contracts.models import ContractType

PER_HOUR = _("/ h")


class RevenueShareForm(TieredForm):
    """One rate or tiers, with guarantee, maximum and bonus."""

    template_name = "contracts/types/revenue_share.html"
    paths = {
        "revenue_share_rate": "revenue_share_rate",
        "tiers": "tier0_rate",
        "tier_mode": "tier_mode",
        "minimum_guarantee": "minimum_guarantee",
        "maximum_cap": "maximum_cap",
        "performance_bonus.threshold": "bonus_threshold",
        "performance_bonus.amount": "bonus_amount",
        "performance_bonus": "bonus_rate",
    }
    revenue_share_rate = PercentField(
        label=_("Share of revenue"), help_text=_("Leave empty to use tiers.")
    )
    minimum_guarantee = AmountField(label=_("Minimum guarantee a month"))
    maximum_cap = AmountField(label=_("Maximum a month"))
    bonus_threshold = AmountField(label=_("Bonus above revenue of"))
    bonus_rate = PercentField(label=_("Bonus on the excess"))
    bonus_amount = AmountField(label=_("or a fixed bonus of"))

    def terms(self) -> dict[str, Any]:
        """As `billing_configuration` of revenue_share."""
        data = self.cleaned_data
        bonus = filled(
            threshold=data["bonus_threshold"], rate=data["bonus_rate"], amount=data["bonus_amount"]
        )
        return filled(
            revenue_share_rate=data["revenue_share_rate"],
            **self.tiered(),
            minimum_guarantee=data["minimum_guarantee"],
            maximum_cap=data["maximum_cap"],
            performance_bonus=bonus,
        )

    @property
    def has_bonus(self) -> bool:
        """Whether the bonus is to be shown open."""
        names = ("bonus_threshold", "bonus_rate", "bonus_amount")
        return any(self[name].value() for name in names)

    @classmethod
    def initial_of(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the form starts with when terms are changed."""
        bonus = given.get("performance_bonus", {})
        return {
            **super().initial_of(given),
            **cls.tiers_initial(given),
            "revenue_share_rate": percent(given.get("revenue_share_rate")),
            "minimum_guarantee": plain(given.get("minimum_guarantee")),
            "maximum_cap": plain(given.get("maximum_cap")),
            "bonus_threshold": plain(bonus.get("threshold")),
            "bonus_rate": percent(bonus.get("rate")),
            "bonus_amount": plain(bonus.get("amount")),
        }


class LabourHoursForm(JobRatesForm):
    """Rates an hour, by job where they differ, and a bonus for hours saved."""

    template_name = "contracts/types/labour_hours.html"
    paths = {
        "hourly_rates": "standard",
        "hourly_rates.overtime_multiplier": "overtime_multiplier",
        "hourly_rates.holiday_multiplier": "holiday_multiplier",
        "hourly_rates.double_time_multiplier": "double_time_multiplier",
        "job_rates": "job0_job_code",
        "efficiency_bonus.budgeted_hours": "budgeted_hours",
        "efficiency_bonus": "savings_share",
    }
    standard = AmountField(label=_("Standard rate"), suffix=PER_HOUR)
    overtime_multiplier = FactorField(label=_("Overtime"), initial="1.5")
    double_time_multiplier = FactorField(label=_("Double time"), initial="2")
    holiday_multiplier = FactorField(label=_("Holiday"), initial="2")
    budgeted_hours = HoursField(label=_("Hours budgeted a period"))
    savings_share = PercentField(label=_("Share of the hours saved"))

    def terms(self) -> dict[str, Any]:
        """As `billing_configuration` of per_labor_hour."""
        data = self.cleaned_data
        names = ("standard", "overtime_multiplier", "holiday_multiplier", "double_time_multiplier")
        return filled(
            hourly_rates=filled(**{name: data[name] for name in names}),
            job_rates=self.job_rates(),
            efficiency_bonus=filled(
                budgeted_hours=data["budgeted_hours"], savings_share=data["savings_share"]
            ),
        )

    @property
    def has_bonus(self) -> bool:
        """Whether the bonus is to be shown open."""
        return bool(self["budgeted_hours"].value() or self["savings_share"].value())

    @classmethod
    def initial_of(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the form starts with when terms are changed."""
        bonus = given.get("efficiency_bonus", {})
        rates = given.get("hourly_rates", {})
        return {
            **super().initial_of(given),
            **cls.jobs_initial(given),
            **{name: plain(rate) for name, rate in rates.items()},
            "budgeted_hours": plain(bonus.get("budgeted_hours")),
            "savings_share": percent(bonus.get("savings_share")),
        }


class FixedFeeForm(TypeForm):
    """A fee by month or by year."""

    template_name = "contracts/types/fixed_fee.html"
    paths = {"monthly_fee": "monthly_fee", "annual_fee": "annual_fee"}
    monthly_fee = AmountField(label=_("Fee a month"))
    annual_fee = AmountField(label=_("or fee a year"))

    def terms(self) -> dict[str, Any]:
        """As `billing_configuration` of fixed_fee."""
        data = self.cleaned_data
        return filled(monthly_fee=data["monthly_fee"], annual_fee=data["annual_fee"])

    @classmethod
    def initial_of(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the form starts with when terms are changed."""
        return {
            **super().initial_of(given),
            "monthly_fee": plain(given.get("monthly_fee")),
            "annual_fee": plain(given.get("annual_fee")),
        }


class ManagementForm(TieredForm):
    """Costs passed on, a fee, insurance and a share of the profit."""

    template_name = "contracts/types/management_agreement.html"
    rows_path = "profit_share.tiers"
    paths = {
        "cost_markup_rate": "cost_markup_rate",
        "management_fee": "monthly_fee",
        "management_fee.revenue_rate": "revenue_rate",
        "management_fee.cost_rate": "cost_rate",
        "insurance.rate": "insurance_rate",
        "insurance": "insurance_basis",
        "profit_share.threshold": "profit_threshold",
        "profit_share": "tier0_rate",
    }
    cost_markup_rate = PercentField(label=_("Markup on costs"))
    monthly_fee = AmountField(label=_("Management fee a month"))
    revenue_rate = PercentField(label=_("or of the revenue"))
    cost_rate = PercentField(label=_("or of the costs"))
    insurance_basis = forms.ChoiceField(
        label=_("Insurance on"),
        required=False,
        choices=[("", _("None")), ("payroll", _("Payroll")), ("gross_revenue", _("Revenue"))],
    )
    insurance_rate = PercentField(label=_("Insurance rate"))
    profit_threshold = AmountField(label=_("Share the profit above, a month"))

    def terms(self) -> dict[str, Any]:
        """As `billing_configuration` of management_agreement."""
        data = self.cleaned_data
        names = ("monthly_fee", "revenue_rate", "cost_rate")
        return filled(
            cost_markup_rate=data["cost_markup_rate"],
            management_fee=filled(**{name: data[name] for name in names}),
            insurance=filled(basis=data["insurance_basis"], rate=data["insurance_rate"]),
            profit_share=filled(threshold=data["profit_threshold"], **self.tiered()),
        )

    @property
    def has_profit_share(self) -> bool:
        """Whether the share of the profit is to be shown open."""
        return bool(self["profit_threshold"].value()) or self.has_rows()

    @classmethod
    def initial_of(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the form starts with when terms are changed."""
        fee, insurance = given.get("management_fee", {}), given.get("insurance", {})
        profit = given.get("profit_share", {})
        return {
            **super().initial_of(given),
            **cls.tiers_initial(profit),
            "cost_markup_rate": percent(given.get("cost_markup_rate")),
            "monthly_fee": plain(fee.get("monthly_fee")),
            "revenue_rate": percent(fee.get("revenue_rate")),
            "cost_rate": percent(fee.get("cost_rate")),
            "insurance_basis": insurance.get("basis"),
            "insurance_rate": percent(insurance.get("rate")),
            "profit_threshold": plain(profit.get("threshold")),
        }


SIMPLE_FORMS: Mapping[str, type[TypeForm]] = {
    ContractType.REVENUE_SHARE: RevenueShareForm,
    ContractType.PER_LABOR_HOUR: LabourHoursForm,
    ContractType.FIXED_FEE: FixedFeeForm,
    ContractType.MANAGEMENT_AGREEMENT: ManagementForm,
}
