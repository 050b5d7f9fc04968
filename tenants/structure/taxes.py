"""The organisation's own taxes over the built-in table, and what is not taxed.

Source: `domain.md` 5.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from billing.activity import Taxable
from billing.lines import LINE_CODES
from billing.tax import TaxComponent, components_for
from billing.tax import TaxRule as Rule
from tenants.structure.models import TaxExclusion, TaxRule


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

    def sources(self, place: Mapping[str, str], on: date, *, category: str) -> dict[str, str]:
        """By line code which taxes are left out of it, with what lays that down, for traces."""
        found: dict[str, list[str]] = {}
        for one in self._in_force(place, on, category):
            for code in one.line_codes or LINE_CODES:
                found.setdefault(code, []).append(f"{one.component} ({one.source})")
        return {code: ", ".join(texts) for code, texts in found.items()}

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
