"""Sites and contracts out of the rows of a file, made by the services that everybody uses.

A dry run makes each record and takes it back, so that it finds exactly what the import itself
would find.
"""

from datetime import date
from typing import Any

from django.db import DataError, IntegrityError

from shared.kernel.actor import Actor
from shared.kernel.errors import AppError, FieldError, Invalid
from shared.kernel.models import RevisedRow
from shared.kernel.wording import worded as _
from tenants.contracts.models import BillingFrequency, ContractType
from tenants.contracts.services import (
    TermsInput,
    activate_contract,
    check_terms,
    create_contract,
)
from tenants.contracts.services.contracts import frame_errors
from tenants.imports.cells import ADDRESS_PARTS, ContractCells, Values, address_of, code_of
from tenants.imports.models import Import
from tenants.imports.naming import site_code_of
from tenants.sites.services import BillingContact, create_site

CONFIGURATION_MAX = 10_000
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
_COLUMNS = {**_SITE_FIELDS, **_CONTRACT_FIELDS}
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
        return [FieldError("", error.code, error.detail)]
    return [FieldError(column_of(one.field), one.code, one.message) for one in error.errors]


def column_of(path: str) -> str:
    """The column that brings a field of the services; the field itself where none does."""
    field = path.removeprefix("billing_configuration.")
    return _COLUMNS.get(field, field)


def _make_site(actor: Actor, _job: Import, values: Values) -> RevisedRow:
    place = address_of(values, "site")
    return create_site(
        actor=actor,
        site_id=code_of(values, "site_id"),
        site_name=values.get("site_name", ""),
        customer_id=code_of(values, "customer_id"),
        territory_id=code_of(values, "territory_id"),
        currency=values.get("currency", "").upper() or "CAD",
        billing_address=address_of(values, "billing"),
        site_address=place or None,
        billing_contact=BillingContact(
            name=values.get("contact_name", ""),
            email=values.get("contact_email", ""),
            phone=values.get("contact_phone", ""),
        ),
    )


def _make_contract(actor: Actor, job: Import, values: Values) -> RevisedRow:
    wrong = ContractCells(job, values)
    contract_type = wrong.choice("contract_type", ContractType, "")
    frequency = wrong.choice("billing_frequency", BillingFrequency, BillingFrequency.MONTHLY)
    first = wrong.day("effective_date")
    last = wrong.day("end_date")
    days = wrong.whole_number("payment_terms_days", 30)
    active = wrong.yes_or_no("activate")
    configuration, is_readable = read_configuration(wrong, first)
    if first is None:
        wrong.add("effective_date", "required", _("This field is required."))
    site_id = site_code_of(wrong, "site_id")
    contract_id = code_of(values, "contract_id")
    currency = values.get("currency", "").upper() or "CAD"
    terms = TermsInput(contract_type, configuration, frequency)
    wrong.take(frame_errors(contract_id, currency, first, last))
    if is_readable and contract_type and frequency:
        wrong.take(terms_errors(terms))
    if wrong.errors or first is None:
        raise Invalid(errors=wrong.errors)
    contract = create_contract(
        actor=actor,
        contract_id=contract_id,
        site_id=site_id,
        terms=terms,
        effective_date=first,
        end_date=last,
        currency=currency,
        payment_terms_days=days,
    )
    if active:
        return activate_contract(actor=actor, contract_id=contract.contract_id)
    return contract


def read_configuration(cells: ContractCells, first: date | None) -> tuple[dict[str, Any], bool]:
    """The terms, and whether all their cells could be read."""
    known = len(cells.errors)
    configuration = cells.configuration(first)
    return configuration, len(cells.errors) == known


def terms_errors(terms: TermsInput) -> list[FieldError]:
    """What breaks a rule of the terms, by the columns that bring it."""
    try:
        check_terms(terms)
    except Invalid as error:
        return reasons_of(error)
    return []
