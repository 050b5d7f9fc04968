"""A billing configuration in words, for the contract's page and its timeline."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shared.kernel.formats import (
    format_day,
    format_money,
    format_percentage,
    format_quantity,
    format_unit_price,
)
from tenants.contracts.models import ContractType

Fact = tuple[str, str]


class TermsWording:
    """The facts of one configuration in the reader's language, most important first."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.language = get_language()

    def facts(self, contract_type: str, given: Mapping[str, Any]) -> list[Fact]:
        """What the terms of a type say; of a hybrid what stands over its components."""
        tell = {
            ContractType.REVENUE_SHARE: self._revenue_share,
            ContractType.PER_LABOR_HOUR: self._labour_hours,
            ContractType.FIXED_FEE: self._fixed_fee,
            ContractType.MANAGEMENT_AGREEMENT: self._management,
            ContractType.HYBRID: self._bounds,
        }[ContractType(contract_type)]
        return [*tell(given), *self._escalation(given.get("escalation_schedule"))]

    def _revenue_share(self, given: Mapping[str, Any]) -> list[Fact]:
        facts = [
            (_("Share of revenue"), self._percent(rate))
            for rate in [given.get("revenue_share_rate")]
            if rate is not None
        ]
        facts += self._tiers(given)
        return [*facts, *self._bounds(given), *self._bonus(given.get("performance_bonus"))]

    def _tiers(self, given: Mapping[str, Any]) -> list[Fact]:
        facts = []
        for tier in given.get("tiers", []):
            up_to = tier.get("up_to")
            label = _("Up to %(limit)s") % {"limit": self._money(up_to)} if up_to else _("Above")
            facts.append((label, self._percent(tier["rate"])))
        if given.get("tier_mode") == "whole":
            facts.append((_("Tiers apply"), _("The tier reached applies to all of it")))
        return facts

    def _bounds(self, given: Mapping[str, Any]) -> list[Fact]:
        names = (
            ("minimum_guarantee", _("Minimum guarantee a month")),
            ("maximum_cap", _("Maximum a month")),
        )
        return [(label, self._money(given[key])) for key, label in names if key in given]

    def _bonus(self, bonus: Mapping[str, Any] | None) -> list[Fact]:
        if not bonus:
            return []
        gain = self._percent(bonus["rate"]) if "rate" in bonus else self._money(bonus["amount"])
        words = _("%(gain)s above %(threshold)s") % {
            "gain": gain,
            "threshold": self._money(bonus["threshold"]),
        }
        return [(_("Performance bonus"), words)]

    def _labour_hours(self, given: Mapping[str, Any]) -> list[Fact]:
        rates = given["hourly_rates"]
        facts = [(_("Standard rate"), self._hourly(rates["standard"]))]
        classes = (
            ("overtime_multiplier", _("Overtime")),
            ("double_time_multiplier", _("Double time")),
            ("holiday_multiplier", _("Holiday")),
        )
        facts += [
            (label, f"× {self._number(rates[key])}") for key, label in classes if key in rates
        ]
        facts += [
            (_("Job %(code)s") % {"code": job["job_code"]}, self._hourly(job["regular"]))
            for job in given.get("job_rates", [])
        ]
        bonus = given.get("efficiency_bonus")
        if bonus:
            words = _("%(share)s of the hours below %(hours)s") % {
                "share": self._percent(bonus["savings_share"]),
                "hours": self._number(bonus["budgeted_hours"]),
            }
            facts.append((_("Efficiency bonus"), words))
        return facts

    def _fixed_fee(self, given: Mapping[str, Any]) -> list[Fact]:
        names = (("monthly_fee", _("Fee a month")), ("annual_fee", _("Fee a year")))
        return [(label, self._money(given[key])) for key, label in names if key in given]

    def _management(self, given: Mapping[str, Any]) -> list[Fact]:
        fee = given["management_fee"]
        facts = []
        if "monthly_fee" in fee:
            facts.append((_("Management fee a month"), self._money(fee["monthly_fee"])))
        elif "revenue_rate" in fee:
            share = _("%(rate)s of the revenue") % {"rate": self._percent(fee["revenue_rate"])}
            facts.append((_("Management fee"), share))
        else:
            share = _("%(rate)s of the costs") % {"rate": self._percent(fee["cost_rate"])}
            facts.append((_("Management fee"), share))
        if given.get("cost_markup_rate"):
            facts.append((_("Markup on costs"), self._percent(given["cost_markup_rate"])))
        insurance = given.get("insurance")
        if insurance:
            of_payroll = insurance["basis"] == "payroll"
            words = _("%(rate)s of payroll") if of_payroll else _("%(rate)s of the revenue")
            facts.append((_("Insurance"), words % {"rate": self._percent(insurance["rate"])}))
        profit = given.get("profit_share")
        if profit:
            facts.append((_("Profit shared above, a month"), self._money(profit["threshold"])))
            facts += self._tiers(profit)
        return facts

    def _escalation(self, schedule: Mapping[str, Any] | None) -> list[Fact]:
        if not schedule:
            return []
        start = date.fromisoformat(str(schedule["effective_date"]))
        words = _("%(rate)s, counted from %(day)s") % {
            "rate": self._percent(schedule["annual_increase"]),
            "day": format_day(start, language=self.language),
        }
        return [(_("Raised each year by"), words)]

    def _money(self, value: Any) -> str:
        return format_money(Decimal(str(value)), self.currency, language=self.language)

    def _hourly(self, value: Any) -> str:
        price = format_unit_price(Decimal(str(value)), self.currency, language=self.language)
        return _("%(price)s an hour") % {"price": price}

    def _percent(self, value: Any) -> str:
        return format_percentage(Decimal(str(value)), language=self.language)

    def _number(self, value: Any) -> str:
        return format_quantity(Decimal(str(value)), language=self.language)
