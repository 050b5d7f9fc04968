"""Canadian sales taxes by place of supply and day, and their computation on charge lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from billing.errors import FieldProblem, NoTaxRate, UnknownProvince
from billing.lines import ChargeLine
from billing.money import EXACT, ZERO, check_storable, round_money

GST, HST, PST, RST, QST = "GST", "HST", "PST", "RST", "QST"
CANADA = "CA"

PROVINCES = frozenset(
    {"AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"}
)
_TABLE_STARTS = date(2013, 7, 1)
_ETA = "Excise Tax Act, R.S.C. 1985, c. E-15, s. 165"
_HST = "New Harmonized Value-added Tax System Regulations, SOR/2010-117"
_MB_ACT = "The Retail Sales Tax Act, C.C.S.M. c. R130"
_SK_ACT = "The Provincial Sales Tax Act, R.S.S. 1978, c. P-34.1"


class TaxRule(NamedTuple):
    """One component's rate in one province from ``starts_on`` to ``ends_on``, both included.

    ``rate`` is a fraction. ``country`` and ``province`` are ISO 3166 codes; an empty province
    means all of the country. Tenants add their own rules, with their own ``source``.
    """

    country: str
    province: str
    name: str
    rate: Decimal
    starts_on: date
    ends_on: date | None
    source: str

    def applies(self, country: str, province: str, on: date) -> bool:
        """Tell whether the rule is in force at this place on this day."""
        is_here = self.country == country and self.province in ("", province)
        return is_here and self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)


class TaxComponent(NamedTuple):
    """A tax that applies to an invoice: its name, its rate as a fraction, where it is laid down."""

    name: str
    rate: Decimal
    source: str


class TaxAmount(NamedTuple):
    """One component on an invoice: ``amount`` = ``base`` x ``rate``, rounded half-up once."""

    name: str
    rate: Decimal
    base: Decimal
    amount: Decimal


class Exemption(NamedTuple):
    """A customer's exemption certificate; without ``components`` it covers every tax."""

    certificate_number: str
    components: tuple[str, ...]
    starts_on: date | None
    expires_on: date | None

    def covers(self, name: str, on: date) -> bool:
        """Tell whether the certificate exempts from ``name`` on a day, both ends included."""
        has_begun = self.starts_on is None or self.starts_on <= on
        has_expired = self.expires_on is not None and on > self.expires_on
        return has_begun and not has_expired and (not self.components or name in self.components)


def _rule(
    provinces: str,
    name: str,
    rate: str,
    source: str,
    starts_on: date = _TABLE_STARTS,
    ends_on: date | None = None,
) -> list[TaxRule]:
    return [
        TaxRule(CANADA, province, name, Decimal(rate), starts_on, ends_on, source)
        for province in provinces.split()
    ]


# The order is that of the components on an invoice: the federal tax first. Rates before the
# table's start (1 July 2013) are left out; asking for them is an error, not a wrong answer.
TAX_TABLE: tuple[TaxRule, ...] = (
    *_rule("AB BC MB NT NU QC SK YT", GST, "0.05", f"{_ETA}(1)"),
    *_rule("ON", HST, "0.13", f"{_ETA}(2); {_HST}"),
    *_rule("NB NL", HST, "0.13", f"{_ETA}(2); {_HST}", ends_on=date(2016, 6, 30)),
    *_rule("NB NL", HST, "0.15", f"{_ETA}(2); {_HST}", date(2016, 7, 1)),
    *_rule("PE", HST, "0.14", f"{_ETA}(2); {_HST}", ends_on=date(2016, 9, 30)),
    *_rule("PE", HST, "0.15", f"{_ETA}(2); SOR/2016-212", date(2016, 10, 1)),
    *_rule("NS", HST, "0.15", f"{_ETA}(2); {_HST}", ends_on=date(2025, 3, 31)),
    *_rule("NS", HST, "0.14", f"{_ETA}(2); SOR/2025-77", date(2025, 4, 1)),
    *_rule("BC", PST, "0.07", "Provincial Sales Tax Act, S.B.C. 2012, c. 35"),
    *_rule("MB", RST, "0.08", _MB_ACT, ends_on=date(2019, 6, 30)),
    *_rule("MB", RST, "0.07", _MB_ACT, date(2019, 7, 1)),
    *_rule("SK", PST, "0.05", _SK_ACT, ends_on=date(2017, 3, 22)),
    *_rule("SK", PST, "0.06", _SK_ACT, date(2017, 3, 23)),
    *_rule("QC", QST, "0.09975", "Act respecting the Québec sales tax, CQLR c. T-0.1, s. 16"),
)

TAX_NAMES = frozenset(rule.name for rule in TAX_TABLE)


def components_for(
    province: str, on: date, extra: Iterable[TaxRule] = (), *, country: str = CANADA
) -> tuple[TaxComponent, ...]:
    """Return the taxes at the place of supply on a day (normally the invoice date).

    ``extra`` are the tenant's rules: they come after the table's and replace a component of the
    same name. Outside Canada only they apply. Credit notes reuse the components of the invoice
    they correct instead of calling this. Raises UnknownProvince, and NoTaxRate before 2013-07-01.
    """
    rules: tuple[TaxRule, ...] = ()
    if country == CANADA:
        _check_province(province, on)
        rules = TAX_TABLE
    found: dict[str, TaxComponent] = {}
    for rule in (*rules, *extra):
        if rule.applies(country, province, on):
            found[rule.name] = TaxComponent(rule.name, rule.rate, rule.source)
    return tuple(found.values())


def _check_province(province: str, on: date) -> None:
    if province not in PROVINCES:
        allowed = ", ".join(sorted(PROVINCES))
        raise UnknownProvince(
            [
                FieldProblem(
                    "province",
                    "unknown_province",
                    f"must be one of {allowed}",
                    {"given": province, "allowed": allowed},
                )
            ]
        )
    if on < _TABLE_STARTS:
        start = _TABLE_STARTS.isoformat()
        raise NoTaxRate(
            [FieldProblem("invoice_date", "no_tax_rate", f"is before {start}", {"limit": start})]
        )


def find_exempt_names(
    exemptions: Sequence[Exemption], components: Iterable[TaxComponent], on: date
) -> frozenset[str]:
    """Return the names of the components from which a certificate exempts on a day."""
    return frozenset(
        component.name
        for component in components
        if any(exemption.covers(component.name, on) for exemption in exemptions)
    )


def is_taxable(line: ChargeLine, name: str) -> bool:
    """Tell whether the component ``name`` applies to the line."""
    return line.taxable if isinstance(line.taxable, bool) else name in line.taxable


def compute_taxes(
    lines: Collection[ChargeLine],
    components: Iterable[TaxComponent],
    currency: str,
    exemptions: Collection[str] = (),
) -> tuple[TaxAmount, ...]:
    """Return each component on the sum of its taxable lines, rounded half-up once.

    ``exemptions`` are names of components the customer is exempt from. A component without an
    amount to tax is left out; one whose lines cancel each other stays with a base of zero, for a
    credit of one of them needs its rate. A negative base gives a negative tax. Components never
    compound.
    """
    taxes = []
    for component in components:
        if component.name in exemptions:
            continue
        base, has_amounts = ZERO, False
        for line in lines:
            if line.amount and is_taxable(line, component.name):
                base, has_amounts = EXACT.add(base, line.amount), True
        if has_amounts:
            check_storable(base, component.name)
            amount = round_money(EXACT.multiply(base, component.rate), currency)
            taxes.append(TaxAmount(component.name, component.rate, base, amount))
    return tuple(taxes)
