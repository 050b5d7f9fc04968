"""Sites and contracts out of the rows of a file, made by the services that everybody uses.

A dry run makes each record and takes it back, so that it finds exactly what the import itself
would find.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import DataError, IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import override

from shared.kernel.actor import Actor
from shared.kernel.errors import AppError, FieldError, Invalid
from shared.kernel.models import RevisedRow
from tenants.contracts.models import BillingFrequency, ContractType
from tenants.contracts.services import TermsInput, activate_contract, create_contract
from tenants.imports.columns import plain
from tenants.imports.models import Import
from tenants.imports.values import Wrong, day_reader, read_amount
from tenants.sites.services import BillingContact, create_site

CONFIGURATION_MAX = 10_000
ADDRESS_PARTS = ("street1", "street2", "city", "state", "zip", "country")
# Fields of the services by the column that brings them.
_SITE_FIELDS = {
    **{f"billing_address.{part}": f"billing_{part}" for part in ADDRESS_PARTS},
    **{f"site_address.{part}": f"site_{part}" for part in ADDRESS_PARTS},
    **{f"billing_contact.{part}": f"contact_{part}" for part in ("name", "email", "phone")},
}
_CONTRACT_FIELDS = {
    "hourly_rates.standard": "standard_rate",
    "escalation_schedule.annual_increase": "annual_increase",
    "escalation_schedule.effective_date": "annual_increase",
}
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
# What makes one row bad and leaves the others alone.
REFUSED = (AppError, IntegrityError, DataError)


def make_record(*, actor: Actor, job: Import, values: Values) -> RevisedRow:
    """The site or contract of a row. Raises one of `REFUSED`."""
    make = _make_site if job.kind == Import.Kind.SITES else _make_contract
    return make(actor, job, values)


def reasons_of(error: Exception) -> list[FieldError]:
    """What is wrong with the row, by its columns."""
    if not isinstance(error, AppError):
        return [FieldError("", "not_storable", _("This row cannot be stored as it is."))]
    if not error.errors:
        return [FieldError("", error.code, str(error.detail))]
    names = {**_SITE_FIELDS, **_CONTRACT_FIELDS}
    reasons = []
    for one in error.errors:
        path = one.field.removeprefix("billing_configuration.")
        reasons.append(FieldError(names.get(path, path), one.code, str(one.message)))
    return reasons


def _make_site(actor: Actor, _job: Import, values: Values) -> RevisedRow:
    place = _address(values, "site")
    return create_site(
        actor=actor,
        site_id=_code(values, "site_id"),
        site_name=values.get("site_name", ""),
        customer_id=_code(values, "customer_id"),
        territory_id=_code(values, "territory_id"),
        currency=values.get("currency", "").upper() or "CAD",
        billing_address=_address(values, "billing"),
        site_address=place or None,
        billing_contact=BillingContact(
            name=values.get("contact_name", ""),
            email=values.get("contact_email", ""),
            phone=values.get("contact_phone", ""),
        ),
    )


def _make_contract(actor: Actor, job: Import, values: Values) -> RevisedRow:
    wrong = _Wrongs(job, values)
    contract_type = wrong.choice("contract_type", ContractType, "")
    frequency = wrong.choice("billing_frequency", BillingFrequency, BillingFrequency.MONTHLY)
    first = wrong.day("effective_date")
    last = wrong.day("end_date")
    days = wrong.whole_number("payment_terms_days", 30)
    active = wrong.yes_or_no("activate")
    configuration = wrong.configuration(first)
    if first is None:
        wrong.add("effective_date", "required", _("This field is required."))
    if wrong.errors or first is None:
        raise Invalid(errors=wrong.errors)
    contract = create_contract(
        actor=actor,
        contract_id=_code(values, "contract_id"),
        site_id=values.get("site_id", "").upper(),
        terms=TermsInput(contract_type, configuration, frequency),
        effective_date=first,
        end_date=last,
        currency=values.get("currency", "").upper() or "CAD",
        payment_terms_days=days,
    )
    if active:
        return activate_contract(actor=actor, contract_id=contract.contract_id)
    return contract


class _Wrongs:
    """Reads the cells of a contract and gathers what is wrong with them."""

    def __init__(self, job: Import, values: Values) -> None:
        self.values = values
        self.errors: list[FieldError] = []
        self._day = day_reader(job.day_form)

    def add(self, field: str, code: str, message: str) -> None:
        """One more thing that is wrong; the first of a field counts."""
        if not any(one.field == field for one in self.errors):
            self.errors.append(FieldError(field, code, message))

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
        """The terms, from JSON or from the columns of the usual ones, not from both."""
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


def _code(values: Values, name: str) -> str | None:
    return values.get(name, "").upper() or None


def _address(values: Values, prefix: str) -> dict[str, str]:
    parts = {part: values.get(f"{prefix}_{part}", "") for part in ADDRESS_PARTS}
    return {part: text for part, text in parts.items() if text}


def _names(choices: Any) -> dict[str, str]:
    """Every choice by its name and by what it is called in each language."""
    names = {word: value for word, value in _OTHER_WORDS.items() if value in choices.values}
    names.update({plain(value): str(value) for value in choices.values})
    for language, _label in settings.LANGUAGES:
        with override(language):
            names.update({plain(label): str(value) for value, label in choices.choices})
    return names
