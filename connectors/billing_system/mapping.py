"""Our fields and the billing system's, with the rule each value has to keep.

The tables are those of seed 000 (site_billing_mapping, contract_mapping, revenue_share_config,
per_labor_hour_config). Where `domain.md` 4 knows more than the seed, the rest of a configuration
keeps its own names: tiers take the place of the one percentage, types without a table pass as
they are, a contract's last day travels besides. Money and percentages are exact (Decimal).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.billing_system import ContractConfiguration, Customer
from connectors.errors import told as _

Problems = list["MappingProblem"]
Check = Callable[[Any, Mapping[str, Any]], str]

CONTRACT_TYPES = (
    "revenue_share",
    "per_labor_hour",
    "fixed_fee",
    "management_agreement",
    "hybrid",
)
FREQUENCIES = ("monthly", "quarterly", "annual")
ADDRESS_PARTS = ("street1", "city", "state", "zip")


@dataclass(frozen=True)
class MappingProblem:
    """A value that the table refuses: our field, a stable code and an English sentence."""

    field: str
    code: str
    message: str


@dataclass(frozen=True)
class Field:
    """One row of a table: `source` is a path in our document, `target` the other side's name."""

    source: str
    target: str
    required: bool = False
    check: Check | None = None
    code: str = "invalid"
    default: Any = None


def _matches(pattern: str) -> Check:
    compiled = re.compile(pattern)

    def check(value: Any, _document: Mapping[str, Any]) -> str:
        fits = isinstance(value, str) and compiled.fullmatch(value)
        return "" if fits else _("must have the form %(form)s", form=pattern)

    return check


def _at_most(length: int) -> Check:
    def check(value: Any, _document: Mapping[str, Any]) -> str:
        fits = isinstance(value, str) and len(value) <= length
        return "" if fits else _("must have at most %(limit)s characters", limit=length)

    return check


def _one_of(*values: str) -> Check:
    def check(value: Any, _document: Mapping[str, Any]) -> str:
        return "" if value in values else _("must be one of %(allowed)s", allowed=", ".join(values))

    return check


def _complete_address(value: Any, _document: Mapping[str, Any]) -> str:
    if not isinstance(value, Mapping):
        return _("must be an address")
    missing = [part for part in ADDRESS_PARTS if not str(value.get(part) or "").strip()]
    return _("lacks %(parts)s", parts=", ".join(missing)) if missing else ""


def _a_date(value: Any, _document: Mapping[str, Any]) -> str:
    return "" if isinstance(value, date) else _("must be a date, YYYY-MM-DD")


def _between(low: str, high: str) -> Check:
    def check(value: Any, _document: Mapping[str, Any]) -> str:
        number = as_number(value)
        fits = number is not None and Decimal(low) <= number <= Decimal(high)
        return "" if fits else _("must be between %(low)s and %(high)s", low=low, high=high)

    return check


def _at_least(low: str) -> Check:
    def check(value: Any, _document: Mapping[str, Any]) -> str:
        number = as_number(value)
        fits = number is not None and number >= Decimal(low)
        return "" if fits else _("must be at least %(limit)s", limit=low)

    return check


def _above_zero(value: Any, _document: Mapping[str, Any]) -> str:
    number = as_number(value)
    return "" if number is not None and number > 0 else _("must be more than %(limit)s", limit=0)


def _not_below_guarantee(value: Any, document: Mapping[str, Any]) -> str:
    cap, guarantee = as_number(value), as_number(document.get("minimum_guarantee") or 0)
    fits = cap is not None and guarantee is not None and cap >= guarantee
    return "" if fits else _("must not be below the minimum guarantee")


def _escalation(value: Any, _document: Mapping[str, Any]) -> str:
    increase = as_number(value.get("annual_increase")) if isinstance(value, Mapping) else None
    fits = increase is not None and increase >= 0 and bool(value.get("effective_date"))
    return "" if fits else _("must have an annual increase and its first day")


def _rate_matrix(value: Any, _document: Mapping[str, Any]) -> str:
    if not isinstance(value, list | tuple):
        return _("must be a list of job rates")
    codes = [row.get("job_code") for row in value if isinstance(row, Mapping)]
    if len(codes) != len(value) or not all(codes) or len(set(codes)) != len(codes):
        return _("must name each job once")
    if any((as_number(row.get("regular")) or Decimal(0)) <= 0 for row in value):
        return _("must have a regular rate above 0 for each job")
    return ""


SITE_BILLING_MAPPING = (
    Field("site_id", "customer_id", True, _matches(r"SITE[0-9]{6}"), "pattern"),
    Field("site_name", "customer_name", True, _at_most(255), "too_long"),
    Field("billing_address", "billing_address", True, _complete_address, "incomplete"),
    Field("territory_id", "territory_code", True, _matches(r"TER[0-9]{4}"), "pattern"),
)
CONTRACT_MAPPING = (
    Field("contract_id", "contract_number", True, _matches(r"CON[0-9]{8}"), "pattern"),
    Field("contract_type", "billing_method", True, _one_of(*CONTRACT_TYPES), "choice"),
    Field("billing_frequency", "invoice_frequency", True, _one_of(*FREQUENCIES), "choice"),
    Field("effective_date", "billing_start_date", True, _a_date, "date"),
)
REVENUE_SHARE_CONFIG = (
    Field("revenue_share_rate", "revenue_percentage", True, _between("0.01", "0.99"), "range"),
    Field("minimum_guarantee", "minimum_amount", False, _at_least("0"), "range"),
    Field("maximum_cap", "maximum_amount", False, _not_below_guarantee, "range"),
    Field("escalation_schedule", "escalation_rules", False, _escalation, "invalid"),
)
PER_LABOR_HOUR_CONFIG = (
    Field("hourly_rates.standard", "base_hourly_rate", True, _above_zero, "range"),
    Field(
        "hourly_rates.overtime_multiplier",
        "overtime_multiplier",
        True,
        _at_least("1.0"),
        "range",
        Decimal("1.5"),
    ),
    Field(
        "hourly_rates.holiday_multiplier",
        "holiday_multiplier",
        True,
        _at_least("1.0"),
        "range",
        Decimal("2.0"),
    ),
    Field("job_rates", "rate_schedule", True, _rate_matrix, "invalid", ()),
)
CONFIGURATIONS: Mapping[str, tuple[Field, ...]] = {
    "revenue_share": REVENUE_SHARE_CONFIG,
    "per_labor_hour": PER_LABOR_HOUR_CONFIG,
}


def as_number(value: Any) -> Decimal | None:
    """An exact number however it is written; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def customer_of(site: Mapping[str, Any]) -> tuple[Customer | None, Problems]:
    """The customer for our site's fields; None with the problems where the table refuses it."""
    values, problems = _translate(SITE_BILLING_MAPPING, site)
    return (None if problems else Customer(**values)), problems


def configuration_of(
    contract: Mapping[str, Any],
) -> tuple[ContractConfiguration | None, Problems]:
    """The configuration for our contract's fields, or the problems as `customer_of`."""
    values, problems = _translate(CONTRACT_MAPPING, contract)
    converted, wrong = to_billing(
        str(contract.get("contract_type")), contract.get("billing_configuration") or {}
    )
    problems += wrong
    if problems:
        return None, problems
    return (
        ContractConfiguration(
            **values,
            customer_id=str(contract["site_id"]),
            billing_end_date=contract.get("end_date"),
            configuration=converted,
        ),
        [],
    )


def to_billing(contract_type: str, ours: Mapping[str, Any]) -> tuple[dict[str, Any], Problems]:
    """A billing configuration in the other side's names, and what the table refuses in it."""
    table = _table(contract_type, ours)
    values, problems = _translate(table, ours)
    mapped = {one.source.partition(".")[0] for one in table}
    for name, value in ours.items():
        if name not in mapped:
            values[name] = value
        elif isinstance(value, Mapping):
            own = {one.source for one in table}
            values |= {
                part: inner
                for part, inner in value.items()
                if f"{name}.{part}" not in own and name not in own
            }
    return values, [
        MappingProblem(f"billing_configuration.{p.field}", p.code, p.message) for p in problems
    ]


def from_billing(contract_type: str, theirs: Mapping[str, Any]) -> dict[str, Any]:
    """The billing configuration in our names again; the inverse of `to_billing`."""
    table = _table(contract_type, theirs)
    by_target = {one.target: one.source for one in table}
    ours: dict[str, Any] = {}
    for name, value in theirs.items():
        source = by_target.get(name) or _home(contract_type, name)
        head, _dot, rest = source.partition(".")
        if rest:
            ours.setdefault(head, {})[rest] = value
        elif not (source == "job_rates" and not value):
            ours[source] = value
    return ours


def _home(contract_type: str, name: str) -> str:
    """The multiplier that the seed does not know lives beside the ones it does."""
    own = contract_type == "per_labor_hour" and name == "double_time_multiplier"
    return f"hourly_rates.{name}" if own else name


def _table(contract_type: str, document: Mapping[str, Any]) -> tuple[Field, ...]:
    table = CONFIGURATIONS.get(contract_type, ())
    if "tiers" in document:
        return tuple(one for one in table if one.source != "revenue_share_rate")
    return table


def _translate(
    table: tuple[Field, ...], document: Mapping[str, Any]
) -> tuple[dict[str, Any], Problems]:
    values: dict[str, Any] = {}
    problems: Problems = []
    for one in table:
        value = _look(document, one.source)
        value = one.default if value is None else value
        if value is None or value == "":
            if one.required:
                problems.append(MappingProblem(one.source, "required", _("is required")))
            continue
        wrong = one.check(value, document) if one.check else ""
        if wrong:
            problems.append(MappingProblem(one.source, one.code, wrong))
        values[one.target] = list(value) if isinstance(value, tuple) else value
    return values, problems


def _look(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def values_of(record: Customer | ContractConfiguration) -> dict[str, Any]:
    """A record's compared values by the other side's names, without its time of change."""
    return {
        one.name: getattr(record, one.name) for one in fields(record) if one.name != "updated_at"
    }
