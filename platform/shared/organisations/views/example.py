"""The invoice on the home page: small, but computed like a real one."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shared.kernel.formats import format_money, format_percentage

REVENUE = Decimal(48_000)
SHARE = Decimal("0.12")
HST_ONTARIO = Decimal("0.13")
CENTS = Decimal("0.01")
CURRENCY = "CAD"


@dataclass(frozen=True)
class Example:
    """Amounts and texts in the reader's language."""

    note: str
    revenue_text: str
    share_text: str
    fee: Decimal
    steps: list[dict[str, str]]
    totals: list[dict[str, Any]]


def make_example() -> Example:
    """A revenue share with Ontario's HST, rounded half up to cents."""
    language = get_language() or "en"
    fee = (REVENUE * SHARE).quantize(CENTS, ROUND_HALF_UP)
    tax = (fee * HST_ONTARIO).quantize(CENTS, ROUND_HALF_UP)

    def money(amount: Decimal) -> str:
        return format_money(amount, CURRENCY, language=language)

    revenue, share = money(REVENUE), format_percentage(SHARE, language=language)
    rate = format_percentage(HST_ONTARIO, language=language)
    return Example(
        note=_("%(share)s of gross revenue") % {"share": share},
        revenue_text=revenue,
        share_text=share,
        fee=fee,
        steps=[
            {"label": _("Gross revenue of the month"), "value": revenue},
            {"label": _("Your share"), "value": money(fee), "formula": f"{revenue} × {share}"},
        ],
        totals=[
            {"label": _("Subtotal"), "amount": fee},
            {"label": _("HST %(rate)s, Ontario") % {"rate": rate}, "amount": tax},
            {"label": _("Total"), "amount": fee + tax, "grand": True, "rule": True},
        ],
    )
