"""The organisation's own taxes over the built-in table, and what is not taxed.

Source: `domain.md` 5.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from billing.activity import Taxable
from billing.lines import LINE_CODES, ChargeLine
from billing.tax import TaxComponent, components_for, is_taxable
from billing.tax import TaxRule as Rule
from tenants.structure.models import TaxExclusion, TaxRule


@dataclass(frozen=True)
class TaxReasons:
    """What the organisation's own rules say of lines, in words for their traces.

    `left_out` is by line code, `charged` what lays a tax down by component.
    """

    left_out: Mapping[str, str] = field(default_factory=dict)
    charged: Mapping[str, str] = field(default_factory=dict)

    def tell(self, line: ChargeLine, default: Taxable | None) -> ChargeLine:
        """The line with what concerns it in its trace; `default` is its code's taxability."""
        trace = line.trace
        if line.code in self.left_out and line.taxable == default:
            trace = trace.with_input("untaxed", self.left_out[line.code])
        own = [f"{name} ({why})" for name, why in self.charged.items() if is_taxable(line, name)]
        if own:
            trace = trace.with_input("taxed", ", ".join(own))
        return line if trace is line.trace else line._replace(trace=trace)


@dataclass(frozen=True)
class TaxBook:
    """Every rule of the organisation, loaded once for however many contracts."""

    rules: tuple[Rule, ...] = ()
    exclusions: tuple[TaxExclusion, ...] = ()

    def components(self, place: Mapping[str, str], on: date) -> tuple[TaxComponent, ...]:
        """The taxes at a place on a day: the table's, then the organisation's own.

        Raises UnknownProvince and NoTaxRate.
        """
        return components_for(place["state"], on, self.rules, country=place["country"])

    def taxability(
        self,
        place: Mapping[str, str],
        on: date,
        *,
        category: str,
        components: Collection[TaxComponent],
    ) -> dict[str, Taxable]:
        """By line code which of the components apply; a code without exclusions is absent.

        It is the default where an input does not say.
        """
        names = [component.name for component in components]
        applying = self._in_force(place, on, category)
        found: dict[str, Taxable] = {}
        for code in LINE_CODES if applying else ():
            out = {
                one.component for one in applying if not one.line_codes or code in one.line_codes
            }
            kept = tuple(name for name in names if name not in out)
            if len(kept) < len(names):
                found[code] = kept or False
        return found

    def reasons(
        self,
        place: Mapping[str, str],
        on: date,
        *,
        category: str,
        components: Collection[TaxComponent],
    ) -> TaxReasons:
        """What of the taxes at a place comes from the organisation's own rules, for traces."""
        left_out: dict[str, list[str]] = {}
        for one in self._in_force(place, on, category):
            for code in one.line_codes or LINE_CODES:
                left_out.setdefault(code, []).append(f"{one.component} ({one.source})")
        own = {
            rule.name for rule in self.rules if rule.applies(place["country"], place["state"], on)
        }
        return TaxReasons(
            left_out={code: ", ".join(texts) for code, texts in left_out.items()},
            charged={one.name: one.source for one in components if one.name in own},
        )

    def _in_force(self, place: Mapping[str, str], on: date, category: str) -> list[TaxExclusion]:
        return [one for one in self.exclusions if _applies(one, place, on, category)]


def tax_book() -> TaxBook:
    """The organisation's rules, in two queries.

    The nearest place and the latest start come last, for the last one in force counts.
    """
    rows = TaxRule.objects.order_by("country", "province", "starts_on")
    rules = tuple(
        Rule(
            country=row.country,
            province=row.province,
            name=row.component,
            rate=row.rate,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            source=row.source,
        )
        for row in rows
    )
    return TaxBook(rules, tuple(TaxExclusion.objects.all()))


def _applies(one: TaxExclusion, place: Mapping[str, str], on: date, category: str) -> bool:
    here = one.country == place["country"] and one.province in ("", place["state"])
    in_force = one.starts_on <= on and (one.ends_on is None or on <= one.ends_on)
    return here and in_force and one.service_category in ("", category)
