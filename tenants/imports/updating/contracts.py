"""Contracts changed by the rows of a file, and given back what they had.

The row's `effective_date` is the day from which its terms hold: other terms than those in force
on that day become an amendment, and are refused where that day is invoiced already.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise

from shared.kernel.actor import Actor
from shared.kernel.clock import today
from shared.kernel.errors import Conflict, FieldError, Invalid
from shared.kernel.wording import worded as _
from shared.kernel.wording import wording_of
from tenants.contracts.models import BillingFrequency, Contract, ContractTerms, ContractType
from tenants.contracts.selectors import current_terms
from tenants.contracts.services import (
    TermsInput,
    activate_contract,
    change_terms,
    update_contract,
)
from tenants.contracts.services.terms import terms_state
from tenants.contracts.versions import terms_fields
from tenants.imports.cells import ContractCells, Values
from tenants.imports.models import Import
from tenants.imports.records import column_of, read_configuration, terms_errors
from tenants.imports.updating.written import Written, differences

# What a given term takes the place of.
_INSTEAD_OF = {
    "monthly_fee": ("annual_fee",),
    "annual_fee": ("monthly_fee",),
    "revenue_share_rate": ("tiers", "tier_mode"),
}


@dataclass(frozen=True)
class _Wanted:
    """What the row says of a contract."""

    terms: TermsInput
    payment_terms_days: int
    activates: bool


def change_contract(*, actor: Actor, job: Import, values: Values, contract: Contract) -> Written:
    """Write what the row changes. Raises an AppError; site, currency and last day stay."""
    cells = ContractCells(job, values)
    day = cells.day("effective_date")
    stored = current_terms(contract, day or today())
    wanted = _wanted(cells, contract, stored, day)
    changes = differences(_before(contract, stored), _after(contract, wanted))
    has_new_terms = _state(stored) != terms_state(wanted.terms)
    written = contract
    if wanted.payment_terms_days != contract.payment_terms_days:
        written = update_contract(
            actor=actor,
            contract_id=contract.contract_id,
            changes={"payment_terms_days": wanted.payment_terms_days},
        )
    if has_new_terms:
        if day is None:
            message = _("From which day do the other terms hold?")
            raise Invalid(errors=[FieldError("effective_date", "required", message)])
        change_terms(
            actor=actor,
            contract_id=contract.contract_id,
            terms=wanted.terms,
            effective_date=day,
            reason=_("Import of %(file)s") % {"file": job.file_name[:100]},
        )
    if wanted.activates:
        written = activate_contract(actor=actor, contract_id=contract.contract_id)
    previous = {
        "payment_terms_days": contract.payment_terms_days,
        "terms": _state(stored) if has_new_terms else None,
        "effective_date": str(day),
        "activated": wanted.activates,
    }
    written.refresh_from_db()
    return Written(written, changes, previous)


def restore_contract(
    *, actor: Actor, contract: Contract, previous: Mapping[str, Any], job: Import
) -> None:
    """Give the contract what `change_contract` found; terms go back by a further amendment.

    Raises Conflict where days under the new terms are invoiced, or the row put it in force.
    """
    if previous["activated"]:
        raise Conflict(_("The import put it in force; end it on its page instead."))
    if previous["terms"]:
        change_terms(
            actor=actor,
            contract_id=contract.contract_id,
            terms=TermsInput(**previous["terms"]),
            effective_date=date.fromisoformat(previous["effective_date"]),
            reason=_("Undo of the import of %(file)s") % {"file": job.file_name[:100]},
        )
    if previous["payment_terms_days"] != contract.payment_terms_days:
        update_contract(
            actor=actor,
            contract_id=contract.contract_id,
            changes={"payment_terms_days": previous["payment_terms_days"]},
        )


def _wanted(
    cells: ContractCells, contract: Contract, stored: ContractTerms, day: date | None
) -> _Wanted:
    """Reads the row over what is stored. Raises Invalid naming each wrong cell."""
    _refuse_fixed(cells, contract)
    contract_type = cells.choice("contract_type", ContractType, stored.contract_type)
    frequency = cells.choice("billing_frequency", BillingFrequency, stored.billing_frequency)
    given, is_readable = read_configuration(cells, day or stored.valid_from)
    is_whole = "billing_configuration" in cells.values or contract_type != stored.contract_type
    configuration = given if is_whole else _overlaid(stored.billing_configuration, given)
    days = cells.whole_number("payment_terms_days", contract.payment_terms_days)
    activates = cells.yes_or_no("activate") and contract.status == Contract.Status.DRAFT
    terms = TermsInput(contract_type, configuration, frequency)
    if is_readable and contract_type and frequency:
        cells.take(terms_errors(terms))
    if cells.errors:
        raise Invalid(errors=cells.errors)
    return _Wanted(terms, days, activates)


def _refuse_fixed(cells: ContractCells, contract: Contract) -> None:
    fixed = {"site_id": contract.site.site_id, "currency": contract.currency}
    names = {"site_id": contract.site.name.casefold()}
    for name, value in fixed.items():
        written = cells.values.get(name, value)
        if written.upper() != value and written.casefold() != names.get(name):
            message = _("It is %(value)s and a file cannot change it.") % {"value": value}
            cells.add(name, "fixed", message)
    last = cells.day("end_date")
    if last is not None and last != contract.end_date:
        message = _("Renew or end the contract on its page; a file cannot.")
        cells.add("end_date", "fixed", message)


def _overlaid(stored: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The stored terms with those of the row; a yearly raise keeps counting from its day."""
    replaced = {name for one in given for name in _INSTEAD_OF.get(one, ())}
    merged = {name: value for name, value in stored.items() if name not in replaced}
    for name, value in given.items():
        former = merged.get(name)
        if name == "escalation_schedule" and former:
            merged[name] = {**former, "annual_increase": value["annual_increase"]}
        elif isinstance(former, Mapping) and isinstance(value, Mapping):
            merged[name] = {**former, **value}
        else:
            merged[name] = value
    return merged


def _state(terms: ContractTerms) -> dict[str, Any]:
    return {
        "contract_type": terms.contract_type,
        "billing_frequency": terms.billing_frequency,
        "billing_configuration": terms.billing_configuration,
    }


def _before(contract: Contract, stored: ContractTerms) -> dict[str, Any]:
    return _texts(
        {
            **terms_fields(_state(stored)),
            "payment_terms_days": contract.payment_terms_days,
            "activate": Contract.Status(contract.status).label,
        }
    )


def _after(contract: Contract, wanted: _Wanted) -> dict[str, Any]:
    status = Contract.Status.ACTIVE if wanted.activates else Contract.Status(contract.status)
    return _texts(
        {
            **terms_fields(terms_state(wanted.terms)),
            "payment_terms_days": wanted.payment_terms_days,
            "activate": status.label,
        }
    )


def _texts(fields: Mapping[str, Any]) -> dict[str, Any]:
    """By column, amounts without the zeros that say nothing: 15.00 and 15 are one."""
    return {column_of(name): _text(value) for name, value in fields.items()}


def _text(value: Any) -> Any:
    if isinstance(value, Promise):
        return wording_of(value).as_json()
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    text = f"{value:f}" if hasattr(value, "quantize") else str(value)
    return text.rstrip("0").rstrip(".") if hasattr(value, "quantize") and "." in text else text
