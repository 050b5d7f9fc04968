"""Making contracts, changing what stands around their terms, putting them in force, ending them."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from billing.money import is_currency
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.codes import next_code
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.contracts.models import IN_FORCE, Contract
from tenants.contracts.services.details import check_details, check_federal, details_state
from tenants.contracts.services.locking import live_invoices_from, lock_contract, reference
from tenants.contracts.services.terms import TermsInput, check_terms, insert_terms, terms_state
from tenants.sites.models import Site
from tenants.sites.services.removing import delete_unused

CONTRACT_ID = re.compile(r"CON[0-9]{8}\Z")


def create_contract(
    *,
    actor: Actor,
    site_id: str,
    terms: TermsInput,
    effective_date: date,
    end_date: date | None = None,
    contract_id: str | None = None,
    currency: str = "CAD",
    payment_terms_days: int = 30,
    details: Mapping[str, Any] | None = None,
) -> Contract:
    """A draft contract with its first terms; nothing is billed before it is activated.

    `details` are those of `services.details`. Raises Invalid naming each wrong field, NotFound
    for the site, Conflict for a taken id.
    """
    authorize(actor, "contracts.write")
    errors = frame_errors(contract_id, currency, effective_date, end_date)
    given = {"payment_terms_days": payment_terms_days, **(details or {})}
    checked = check_details(given, errors)
    if errors:
        raise Invalid(errors=errors)
    check_terms(terms)
    with transaction.atomic():
        site = Site.objects.filter(site_id=site_id).first()
        if site is None:
            message = _("There is no site %(site)s.") % {"site": site_id}
            raise NotFound(message, errors=[FieldError("site_id", "unknown", message)])
        contract = Contract(
            contract_id=contract_id or next_code(Contract, "contract_id"),
            site=site,
            currency=currency,
            effective_date=effective_date,
            end_date=end_date,
            **checked,
        )
        check_federal(contract)
        _insert_contract(contract)
        insert_terms(contract, terms, effective_date, None, actor)
        publish(topic="contract.created", key=site.site_id, payload=reference(contract))
        record(
            actor=actor,
            action="contract.created",
            target=contract,
            after={**_state(contract), "terms": terms_state(terms)},
        )
    return contract


def frame_errors(
    contract_id: str | None, currency: str, effective_date: date | None, end_date: date | None
) -> list[FieldError]:
    """What is wrong with a new contract's id, currency and days."""
    errors: list[FieldError] = []
    if contract_id is not None and not CONTRACT_ID.match(contract_id):
        errors.append(FieldError("contract_id", "form", _("Use the form CON########.")))
    if not is_currency(currency):
        errors.append(FieldError("currency", "not_a_currency", _("Use an ISO 4217 code.")))
    if end_date is not None and effective_date is not None and end_date < effective_date:
        errors.append(FieldError("end_date", "before_start", _("Ends before it starts.")))
    return errors


def update_contract(
    *,
    actor: Actor,
    contract_id: str,
    changes: Mapping[str, Any],
    expected_revision: int | None = None,
) -> Contract:
    """Change what stands around the terms; what is issued already stays as it is.

    `changes` are those of `services.details`. Raises Invalid naming each wrong field, NotFound,
    Conflict for a terminated contract, PreconditionFailed when stale.
    """
    authorize(actor, "contracts.write")
    errors: list[FieldError] = []
    checked = check_details(changes, errors)
    if errors:
        raise Invalid(errors=errors)
    with transaction.atomic():
        contract = lock_contract(contract_id)
        contract.require_revision(expected_revision)
        if contract.status == Contract.Status.TERMINATED:
            raise Conflict(_("The contract is terminated and can no longer be changed."))
        before = details_state(contract)
        for name, value in checked.items():
            setattr(contract, name, value)
        check_federal(contract)
        contract.save_changes(*checked)
        publish(topic="contract.changed", key=contract.site.site_id, payload=reference(contract))
        record(
            actor=actor,
            action="contract.changed",
            target=contract,
            before=before,
            after=details_state(contract),
        )
    return contract


def activate_contract(
    *, actor: Actor, contract_id: str, expected_revision: int | None = None
) -> Contract:
    """Put a draft in force; activating a contract in force changes nothing.

    Raises NotFound, Conflict for a terminated contract, PreconditionFailed when stale.
    """
    authorize(actor, "contracts.activate")
    with transaction.atomic():
        contract = lock_contract(contract_id)
        contract.require_revision(expected_revision)
        if contract.status in IN_FORCE:
            return contract
        if contract.status != Contract.Status.DRAFT:
            raise Conflict(_("Only a draft can be activated; this contract is terminated."))
        contract.status = Contract.Status.ACTIVE
        contract.save_changes("status")
        publish(topic="contract.activated", key=contract.site.site_id, payload=reference(contract))
        record(
            actor=actor,
            action="contract.activated",
            target=contract,
            before={"status": Contract.Status.DRAFT},
            after={"status": contract.status},
        )
    return contract


def terminate_contract(
    *, actor: Actor, contract_id: str, last_day: date, expected_revision: int | None = None
) -> Contract:
    """End a contract on its last active day; days up to it can still be billed.

    Raises Invalid where the day is before the start or after the day it ends on anyway (a
    renewal goes on longer), Conflict where days after it are invoiced.
    """
    authorize(actor, "contracts.write")
    with transaction.atomic():
        contract = lock_contract(contract_id)
        contract.require_revision(expected_revision)
        if last_day < contract.effective_date:
            raise Invalid(
                errors=[FieldError("end_date", "before_start", _("Ends before it starts."))]
            )
        in_force = contract.status != Contract.Status.TERMINATED  # else the day is put right
        if in_force and contract.end_date is not None and last_day > contract.end_date:
            message = _("It ends on %(day)s already; renew it instead.") % {
                "day": contract.end_date
            }
            raise Invalid(errors=[FieldError("end_date", "after_end", message)])
        invoiced = live_invoices_from(contract, last_day).filter(period_end__gt=last_day).last()
        if invoiced is not None:
            message = _("Days up to %(day)s are already invoiced; credit those invoices first.") % {
                "day": invoiced.period_end
            }
            raise Conflict(message, errors=[FieldError("end_date", "invoiced", message)])
        before = _state(contract)
        contract.end_date, contract.status = last_day, Contract.Status.TERMINATED
        contract.save_changes("end_date", "status")
        publish(topic="contract.terminated", key=contract.site.site_id, payload=reference(contract))
        record(
            actor=actor,
            action="contract.terminated",
            target=contract,
            before=before,
            after=_state(contract),
        )
    return contract


def remove_contract(
    *, actor: Actor, contract_id: str, expected_revision: int | None = None
) -> None:
    """Delete a contract that was never in force, with its terms.

    Raises NotFound, PreconditionFailed when stale, Conflict for one that was in force (it is
    terminated) or that is signed.
    """
    authorize(actor, "contracts.write")
    with transaction.atomic():
        contract = lock_contract(contract_id)
        contract.require_revision(expected_revision)
        if contract.status != Contract.Status.DRAFT:
            raise Conflict(_("%(id)s was in force; terminate it instead.") % {"id": contract})
        before = _state(contract)
        delete_unused(contract)
        publish(topic="contract.removed", key=contract.site.site_id, payload=reference(contract))
        record(actor=actor, action="contract.removed", target=contract, before=before)


def _insert_contract(contract: Contract) -> None:
    try:
        with transaction.atomic():
            contract.save(force_insert=True)
    except IntegrityError as error:
        message = _("%(code)s exists already.") % {"code": contract.contract_id}
        raise Conflict(message, errors=[FieldError("contract_id", "taken", message)]) from error


def _state(contract: Contract) -> dict[str, object]:
    return {
        "site": contract.site.site_id,
        "status": contract.status,
        "effective_date": str(contract.effective_date),
        "end_date": str(contract.end_date) if contract.end_date else None,
        "currency": contract.currency,
        **details_state(contract),
    }
