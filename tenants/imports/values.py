"""What a cell says: days, amounts, words. A cell of a text file is text, of a workbook typed."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from shared.kernel.errors import FieldError, Text
from shared.kernel.wording import worded as _
from tenants.imports.models import Import

DAY_FORMS: dict[str, tuple[str, ...]] = {
    Import.DayForm.ISO: ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"),
    Import.DayForm.DAY_FIRST: ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d"),
    Import.DayForm.MONTH_FIRST: ("%m/%d/%Y", "%m-%d-%Y", "%Y-%m-%d"),
}
AMOUNT_DIGITS = 15
AMOUNT_LENGTH = 25
AMOUNT_PLACES = Decimal("0.0001")
SHOWN_LENGTH = 200
_PLAIN_AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,4})?")
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009]")
_MIDNIGHT = re.compile(r"[ T]00:00(:00(\.0+)?)?$")
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?|[0-9]{1,3}(\.[0-9]{3})+(,[0-9]*)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What a download of bad rows puts before a text that a spreadsheet would run.
_QUOTED_FORMULA = re.compile(r"'(?=[=+\-@\t\r])")


class Wrong(Exception):
    """A cell does not say what it should."""

    def __init__(self, code: str, message: Text) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    def at(self, field: str) -> FieldError:
        """As the problem of that field."""
        return FieldError(field, self.code, self.message)


def read_text(cell: Any, length: int) -> str:
    """The trimmed text; a whole number of a workbook as it looks there. Raises Wrong."""
    text = (
        shown(cell, length + 1)
        if not isinstance(cell, str)
        else _QUOTED_FORMULA.sub("", cell, count=1)
    )
    text = text.strip()
    if len(text) > length:
        raise Wrong("too_long", _("At most %(n)s characters.") % {"n": length})
    if _CONTROL.search(text):
        raise Wrong("characters", _("It contains control characters."))
    return text


def read_amount(cell: Any, *, decimal_comma: bool = False) -> str:
    """The amount as PostgreSQL reads it, up to 4 decimals. Raises Wrong.

    Texts may carry $, spaces and commas between thousands, a comma before the cents, and
    brackets for a negative amount. Numbers of a workbook are binary: they are read to 15 digits,
    as Excel shows them, and rounded half-up to 4 decimals.
    """
    if isinstance(cell, str):
        if _PLAIN_AMOUNT.fullmatch(cell):
            return cell
        return _amount_of_text(cell, decimal_comma)
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        raise _no_amount()
    try:
        exact = Decimal(f"{cell:.15g}").quantize(AMOUNT_PLACES, rounding=ROUND_HALF_UP)
    except InvalidOperation as error:
        raise _no_amount() from error
    return _bounded(exact)


def day_reader(form: str) -> Callable[[Any], date]:
    """Reads days written in that form, and real dates of a workbook. It raises Wrong."""
    forms = DAY_FORMS[form]

    def read_day(cell: Any) -> date:
        if isinstance(cell, datetime):
            return cell.date()
        if isinstance(cell, date):
            return cell
        text = _MIDNIGHT.sub("", str(cell).strip())
        for one in forms if text.isascii() else ():
            try:
                day = datetime.strptime(text, one).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
            if one != "%Y%m%d" or len(text) == 8:
                return day
        raise Wrong("not_a_day", _("Not a day. Write it as %(form)s.") % {"form": _sample(form)})

    return read_day


def shown(cell: Any, length: int = SHOWN_LENGTH) -> str:
    """A cell as a person sees it, for a list of bad rows; long texts are cut."""
    if cell is None:
        return ""
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, float):
        return f"{cell:.15g}"
    return str(cell)[:length].replace("\x00", "")


def _sample(form: str) -> str:
    return {
        Import.DayForm.DAY_FIRST: "30/11/2026",
        Import.DayForm.MONTH_FIRST: "11/30/2026",
    }.get(Import.DayForm(form), "2026-11-30")


def _amount_of_text(cell: str, decimal_comma: bool) -> str:
    text = _SPACES.sub("", _QUOTED_FORMULA.sub("", cell.strip(), count=1)).replace("−", "-")
    negative = text.startswith("(") and text.endswith(")")
    text = text.strip("()") if negative else text
    text = text.replace("$", "", 1).removesuffix("CAD").removesuffix("CA")
    negative, text = negative ^ text.startswith("-"), text.removeprefix("-")
    text = _without_groups(text, decimal_comma)
    if not re.fullmatch(r"[0-9]*\.?[0-9]+|[0-9]+\.", text) or len(text) > AMOUNT_LENGTH:
        raise _no_amount()
    amount = Decimal(text.rstrip("."))
    if amount != amount.quantize(AMOUNT_PLACES):
        raise Wrong("decimals", _("At most 4 decimals."))
    return _bounded(-amount if negative else amount)


def _without_groups(text: str, decimal_comma: bool) -> str:
    """With a point before the cents and nothing between thousands.

    A single comma before exactly three digits is a thousand, unless the file writes cents so.
    """
    if "," not in text and text.count(".") <= 1:
        return text
    if not (decimal_comma and re.fullmatch(r"[0-9]+,[0-9]{3}", text)) and _GROUPED.fullmatch(text):
        dots = text.count(".")
        cents = "," if dots > 1 or (dots and text.rfind(",") > text.rfind(".")) else "."
        group = "." if cents == "," else ","
        return text.replace(group, "").replace(cents, ".")
    return text.replace(",", ".") if text.count(",") == 1 and "." not in text else "?"


def _bounded(amount: Decimal) -> str:
    if abs(amount) >= Decimal(10) ** AMOUNT_DIGITS:
        raise Wrong("range", _("Not a usable amount."))
    return f"{amount:f}"


def _no_amount() -> Wrong:
    return Wrong("not_a_number", _("Not an amount. Write it as 1234.56."))
