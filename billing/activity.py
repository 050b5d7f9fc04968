"""What happened at a site in a period: the inputs (``billing_data``) of a calculation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from billing.errors import FieldProblem, InvalidActivity
from billing.money import ZERO
from billing.numbers import AMOUNT, HOURS
from billing.periods import Period
from billing.reading import FieldReader
from billing.terms import HourClass

ROOT = "billing_data"
MAX_LABOR_ROWS = 2000
MAX_COSTS = 5000
MAX_CHARGES = 1000
MAX_COMPONENT_NAMES = 10
MAX_COMPONENT_NAME = 20
MAX_JOB_CODE = 50
MAX_CATEGORY = 100

Taxable: TypeAlias = bool | tuple[str, ...]
"""Every component of the province, none, or the named ones."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours by class, 4 decimals; ``job_code`` None uses the standard rates.

    ``worked_on`` is needed only where the terms change inside the period.
    """

    regular: Decimal = ZERO
    overtime: Decimal = ZERO
    double_time: Decimal = ZERO
    holiday: Decimal = ZERO
    job_code: str | None = None
    worked_on: date | None = None

    def by_class(self) -> tuple[tuple[HourClass, Decimal], ...]:
        """Return the hours in the order of invoice lines."""
        return (
            (HourClass.REGULAR, self.regular),
            (HourClass.OVERTIME, self.overtime),
            (HourClass.DOUBLE_TIME, self.double_time),
            (HourClass.HOLIDAY, self.holiday),
        )

    @property
    def total(self) -> Decimal:
        """All classes together."""
        return self.regular + self.overtime + self.double_time + self.holiday


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost passed on; ``amount`` is net of recoverable tax. ``taxable`` None = not told.

    ``incurred_on`` is needed only where the terms change inside the period.
    """

    description: str
    amount: Decimal
    category: str = ""
    payroll: bool = False
    taxable: Taxable | None = None
    incurred_on: date | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """An additional charge, negative for a credit. ``taxable`` None = not told."""

    description: str
    amount: Decimal
    taxable: Taxable | None = None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A negotiated adjustment: dated, approved, with a reason.

    With ``days`` the amount is one a month on these days, prorated as a fee is; without, it
    stands once. It never comes with a request's ``billing_data``: the caller adds the approved
    ones with ``dataclasses.replace(activity, adjustments=…)``.
    """

    reason: str
    amount: Decimal
    agreed_on: date
    approved_by: str
    taxable: Taxable | None = None
    days: Period | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """Inputs of one site and period; ``revenue_amount`` None means not given.

    ``is_part``: of a period that was divided because its terms change; a part without hours is
    no missing data, and no saving either.
    """

    revenue_amount: Decimal | None = None
    labor_hours: Hours = Hours()
    labor: tuple[Hours, ...] = ()
    costs: tuple[Cost, ...] = ()
    additional_charges: tuple[Charge, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    is_part: bool = False

    def undated(self) -> list[str]:
        """Return the paths of hours and costs that do not tell their day."""
        paths = [f"{ROOT}.labor_hours"] if self.labor_hours.total else []
        paths += [
            f"{ROOT}.labor[{index}].worked_on"
            for index, row in enumerate(self.labor)
            if row.worked_on is None
        ]
        return paths + [
            f"{ROOT}.costs[{index}].incurred_on"
            for index, cost in enumerate(self.costs)
            if cost.incurred_on is None
        ]

    def dated_outside(self, period: Period) -> list[str]:
        """Return the paths of days of hours and costs that are not in ``period``."""
        days = {f"labor[{n}].worked_on": row.worked_on for n, row in enumerate(self.labor)}
        days |= {f"costs[{n}].incurred_on": cost.incurred_on for n, cost in enumerate(self.costs)}
        return [f"{ROOT}.{path}" for path, day in days.items() if day and day not in period]

    def part(self, period: Period) -> Activity:
        """Return the hours and costs of ``period``, all of which tell their day."""
        return replace(
            self,
            labor=tuple(row for row in self.labor if row.worked_on and row.worked_on in period),
            costs=tuple(one for one in self.costs if one.incurred_on and one.incurred_on in period),
            is_part=True,
        )

    @property
    def hour_rows(self) -> tuple[Hours, ...]:
        """``labor_hours`` first, then each ``labor`` row in the order given."""
        return (self.labor_hours, *self.labor)

    @property
    def total_hours(self) -> Decimal:
        """All rows and classes together."""
        return sum((row.total for row in self.hour_rows), ZERO)

    @property
    def raw_costs(self) -> Decimal:
        """Sum of the costs before any markup."""
        return sum((cost.amount for cost in self.costs), ZERO)

    @property
    def payroll_costs(self) -> Decimal:
        """Sum of the raw costs marked as payroll."""
        return sum((cost.amount for cost in self.costs if cost.payroll), ZERO)

    def known_revenue(self) -> Decimal:
        """Return the revenue; raise InvalidActivity when it was not given."""
        if self.revenue_amount is None:
            raise InvalidActivity([missing_revenue()])
        return self.revenue_amount


def missing_revenue() -> FieldProblem:
    """The problem of a contract that needs revenue and has none (zero would be revenue)."""
    return FieldProblem(f"{ROOT}.revenue_amount", "required", "is required by this contract")


def parse_activity(data: Mapping[str, object]) -> Activity:
    """Return the activity that ``billing_data`` states; everything in it is optional.

    Raises InvalidActivity with every problem at once, named by its path below ``billing_data``.
    """
    problems: list[FieldProblem] = []
    reader = FieldReader(data, ROOT, problems)
    activity = Activity(
        revenue_amount=reader.optional_number("revenue_amount", AMOUNT),
        labor_hours=_read_labor_hours(reader),
        labor=tuple(_read_labor(row) for row in reader.sections("labor", most=MAX_LABOR_ROWS)),
        costs=tuple(_read_cost(item) for item in reader.sections("costs", most=MAX_COSTS)),
        additional_charges=tuple(
            _read_charge(item) for item in reader.sections("additional_charges", most=MAX_CHARGES)
        ),
    )
    reader.refuse_unknown()
    if problems:
        raise InvalidActivity(problems)
    return activity


def _read_labor_hours(reader: FieldReader) -> Hours:
    item = reader.optional_section("labor_hours")
    if item is None:
        return Hours()
    hours = _read_hours(item, job_code=None)
    item.refuse_unknown()
    return hours


def _read_labor(item: FieldReader) -> Hours:
    """A row without a job code has the standard rates; only its day makes it other than
    ``labor_hours``, so it must tell one.
    """
    day = item.optional_day("worked_on")
    standard = day is not None and not item.has("job_code")
    code = None if standard else item.text("job_code", longest=MAX_JOB_CODE)
    hours = _read_hours(item, job_code=code, worked_on=day)
    item.refuse_unknown()
    return hours


def _read_hours(item: FieldReader, *, job_code: str | None, worked_on: date | None = None) -> Hours:
    return Hours(
        regular=item.optional_number("regular", HOURS) or ZERO,
        overtime=item.optional_number("overtime", HOURS) or ZERO,
        double_time=item.optional_number("double_time", HOURS) or ZERO,
        holiday=item.optional_number("holiday", HOURS) or ZERO,
        job_code=job_code,
        worked_on=worked_on,
    )


def _read_cost(item: FieldReader) -> Cost:
    cost = Cost(
        description=item.text("description"),
        amount=item.number("amount", AMOUNT),
        category=item.optional_text("category", longest=MAX_CATEGORY),
        payroll=item.flag("payroll", default=False),
        taxable=_read_taxable(item),
        incurred_on=item.optional_day("incurred_on"),
    )
    item.refuse_unknown()
    return cost


def _read_charge(item: FieldReader) -> Charge:
    charge = Charge(
        description=item.text("description"),
        amount=item.number("amount", AMOUNT),
        taxable=_read_taxable(item),
    )
    item.refuse_unknown()
    return charge


def _read_taxable(item: FieldReader) -> Taxable | None:
    if not item.has("taxable"):
        return None
    given = item.raw("taxable")
    if isinstance(given, bool):
        return given
    if isinstance(given, list | tuple):
        return _read_component_names(item, given)
    item.report("taxable", "not_taxability", "must be true, false or a list of tax names")
    return None


def _read_component_names(item: FieldReader, given: list[object] | tuple[object, ...]) -> Taxable:
    if len(given) > MAX_COMPONENT_NAMES:
        limit = str(MAX_COMPONENT_NAMES)
        item.report("taxable", "too_many", f"must have at most {limit} items", limit=limit)
        return ()
    names = [name for name in given if _is_component_name(name)]
    for index, name in enumerate(given):
        if not _is_component_name(name):
            item.report(f"taxable[{index}]", "not_a_tax_name", "must be the name of a tax")
    return tuple(str(name) for name in names)


def _is_component_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= MAX_COMPONENT_NAME and name.isprintable()
