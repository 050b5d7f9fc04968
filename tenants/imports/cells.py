"""The cells of a row of sites or contracts as what the services take."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import override

from shared.kernel.errors import FieldError, Text
from shared.kernel.wording import worded as _
from tenants.imports.columns import plain
from tenants.imports.models import Import
from tenants.imports.regions import region_code
from tenants.imports.values import Wrong, day_reader, read_amount

ADDRESS_PARTS = ("street1", "street2", "city", "state", "zip", "country")
_AMOUNTS = ("monthly_fee", "annual_fee", "minimum_guarantee", "maximum_cap")
_YES = frozenset({"yes", "y", "true", "1", "x", "oui", "o", "vrai", "active", "actif"})
_NO = frozenset({"", "no", "n", "false", "0", "non", "faux", "draft", "brouillon"})
_OTHER_WORDS = {
    **dict.fromkeys(("mensuel", "mensuelle", "month"), "monthly"),
    **dict.fromkeys(("trimestriel", "trimestrielle", "quarter"), "quarterly"),
    **dict.fromkeys(("annuel", "annuelle", "yearly", "year"), "annual"),
    **dict.fromkeys(("frais fixes", "forfait", "fixed", "flat fee"), "fixed_fee"),
    **dict.fromkeys(("partage des revenus", "share"), "revenue_share"),
    **dict.fromkeys(("taux horaire", "hourly", "labor hours"), "per_labor_hour"),
    **dict.fromkeys(("gestion", "management"), "management_agreement"),
}
Values = Mapping[str, str]


class ContractCells:
    """Reads the cells of a contract's row and gathers what is wrong with them."""

    def __init__(self, job: Import, values: Values) -> None:
        self.values = values
        self.errors: list[FieldError] = []
        self._day = day_reader(job.day_form)

    def add(self, field: str, code: str, message: Text) -> None:
        """One more thing that is wrong; the first of a field counts."""
        if not any(one.field == field for one in self.errors):
            self.errors.append(FieldError(field, code, message))

    def take(self, errors: Iterable[FieldError]) -> None:
        """What is wrong beside; a field that is wrong already stays as it was told first."""
        for one in errors:
            self.add(one.field, one.code, one.message)

    def read(self, field: str, read: Callable[[str], Any]) -> Any:
        """What `read` makes of the cell; None for an empty one or a wrong one."""
        text = self.values.get(field, "")
        if not text:
            return None
        try:
            return read(text)
        except Wrong as error:
            self.errors.append(error.at(field))
            return None

    def day(self, field: str) -> date | None:
        """A day."""
        found: date | None = self.read(field, self._day)
        return found

    def choice(self, field: str, choices: Any, default: str) -> str:
        """One of the choices, by its name or as it is called in one of our languages."""
        text = self.values.get(field, "")
        if not text and default:
            return default
        found = _names(choices).get(plain(text))
        if found is None:
            message = _("Use one of: %(choices)s.") % {"choices": ", ".join(choices.values)}
            self.add(field, "choice", message)
        return found or ""

    def whole_number(self, field: str, default: int) -> int:
        """A number without decimals."""
        text = self.values.get(field, "")
        if text and not (text.isascii() and text.isdecimal() and len(text) < 6):
            self.add(field, "not_a_number", _("A whole number."))
            return default
        return int(text) if text else default

    def yes_or_no(self, field: str) -> bool:
        """Yes or no, in one of our languages."""
        text = plain(self.values.get(field, ""))
        if text not in _YES | _NO:
            self.add(field, "choice", _("Yes or no."))
        return text in _YES

    def configuration(self, first: date | None) -> dict[str, Any]:
        """The terms, from JSON or from the columns of the usual ones, not from both.

        A yearly raise counts from `first`.
        """
        written = self.values.get("billing_configuration", "")
        found: dict[str, Any] = {
            name: amount for name in _AMOUNTS if (amount := self.read(name, read_amount))
        }
        if share := self.read("revenue_share_rate", _fraction):
            found["revenue_share_rate"] = share
        if rate := self.read("standard_rate", read_amount):
            found["hourly_rates"] = {"standard": rate}
        if (increase := self.read("annual_increase", _fraction)) and first:
            found["escalation_schedule"] = {
                "annual_increase": increase,
                "effective_date": first.isoformat(),
            }
        if not written:
            return found
        if found:
            message = _("Write the terms here or in columns of their own, not both.")
            self.add("billing_configuration", "misplaced", message)
        return self._json(written)

    def _json(self, written: str) -> dict[str, Any]:
        try:
            found = json.loads(written, parse_float=str)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            self.add("billing_configuration", "not_json", _("Not a JSON object."))
            return {}
        return found


def _fraction(text: str) -> str:
    """0.15, 15 % and 15,5 % as a fraction. Raises Wrong."""
    is_percentage = text.endswith("%")
    digits = read_amount(text.removesuffix("%"), decimal_comma=True)
    if not is_percentage:
        return digits
    return f"{Decimal(digits).scaleb(-2):f}"


def code_of(values: Values, name: str) -> str | None:
    """A public id in capitals; None for an empty cell."""
    return values.get(name, "").upper() or None


def address_of(values: Values, prefix: str) -> dict[str, str]:
    """The parts of an address that the row has; a province may be written in full."""
    parts = {part: values.get(f"{prefix}_{part}", "") for part in ADDRESS_PARTS}
    if parts["state"]:
        parts["state"] = region_code(parts["state"], parts["country"])
    return {part: text for part, text in parts.items() if text}


def _names(choices: Any) -> dict[str, str]:
    """Every choice by its name and by what it is called in each language."""
    names = {word: value for word, value in _OTHER_WORDS.items() if value in choices.values}
    names.update({plain(value): str(value) for value in choices.values})
    for language, _label in settings.LANGUAGES:
        with override(language):
            names.update({plain(label): str(value) for value, label in choices.choices})
    return names
