"""Making contracts, putting them in force, ending them and changing their terms."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from billing.errors import InvalidTerms
from billing.money import is_currency
from billing.terms import parse_terms
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.codes import next_code
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound, invalid_fields
from shared.outbox.services import publish
from tenants.contracts.models import IN_FORCE, BillingFrequency, Contract, ContractTerms
from tenants.contracts.selectors import resolve_contract
from tenants.sites.models import Site

CONTRACT_ID = re.compile(r"CON[0-9]{8}\Z")
TERMS_DAYS_MAX = 365
# What is no number in a billing configuration; everything else that is text is an amount.
WORDS = frozenset({"basis", "contract_type", "effective_date", "job_code", "tier_mode"})


@dataclass(frozen=True)
class TermsInput:
    """A version of the terms, as given: checked by `billing.terms.parse_terms`."""

    contract_type: str
    billing_configuration: Mapping[str, object]
    billing_frequency: str = BillingFrequency.MONTHLY


def check_terms(given: TermsInput) -> None:
    """Raise Invalid naming every field of the configuration that breaks a rule."""
    if given.billing_frequency not in BillingFrequency.values:
        choices = ", ".join(BillingFrequency.values)
        message = _("Use one of: %(choices)s.") % {"choices": choices}
        raise Invalid(errors=[FieldError("billing_frequency", "choice", message)])
    try:
        parse_terms(given.contract_type, given.billing_configuration)
    except InvalidTerms as error:
        raise invalid_fields(error.problems) from error


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
) -> Contract:
    """A draft contract with its first terms; nothing is billed before it is activated.

    Raises Invalid naming each wrong field, NotFound for the site, Conflict for a taken id.
    """
    authorize(actor, "contracts.write")
    errors: list[FieldError] = []
    if contract_id is not None and not CONTRACT_ID.match(contract_id):
        errors.append(FieldError("contract_id", "form", _("Use the form CON########.")))
    if not is_currency(currency):
        errors.append(FieldError("currency", "not_a_currency", _("Use an ISO 4217 code.")))
    if not 0 <= payment_terms_days <= TERMS_DAYS_MAX:
        errors.append(FieldError("payment_terms_days", "range", _("Between 0 and 365 days.")))
    if end_date is not None and end_date < effective_date:
        errors.append(FieldError("end_date", "before_start", _("Ends before it starts.")))
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
            payment_terms_days=payment_terms_days,
            effective_date=effective_date,
            end_date=end_date,
        )
        _insert_contract(contract)
        _insert_terms(contract, terms, effective_date, None, actor)
        publish(topic="contract.created", key=site.site_id, payload=_reference(contract))
        record(
            actor=actor,
            action="contract.created",
            target=contract,
            after={**_state(contract), "terms": _terms_state(terms)},
        )
    return contract


def activate_contract(
    *, actor: Actor, contract_id: str, expected_revision: int | None = None
) -> Contract:
    """Put a draft in force; activating an active contract changes nothing.

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
        publish(topic="contract.activated", key=contract.site.site_id, payload=_reference(contract))
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

    Raises Invalid where the day is before the start, Conflict where days after it are invoiced.
    """
    authorize(actor, "contracts.write")
    with transaction.atomic():
        contract = lock_contract(contract_id)
        contract.require_revision(expected_revision)
        if last_day < contract.effective_date:
            raise Invalid(
                errors=[FieldError("end_date", "before_start", _("Ends before it starts."))]
            )
        invoiced_to = _invoiced_to(contract)
        if invoiced_to and invoiced_to > last_day:
            raise Conflict(
                _("Days up to %(day)s are already invoiced; credit those invoices first.")
                % {"day": invoiced_to}
            )
        before = _state(contract)
        contract.end_date, contract.status = last_day, Contract.Status.TERMINATED
        contract.save_changes("end_date", "status")
        publish(
            topic="contract.terminated", key=contract.site.site_id, payload=_reference(contract)
        )
        record(
            actor=actor,
            action="contract.terminated",
            target=contract,
            before=before,
            after=_state(contract),
        )
    return contract


def change_terms(
    *,
    actor: Actor,
    contract_id: str,
    terms: TermsInput,
    effective_date: date,
    expected_revision: int | None = None,
) -> ContractTerms:
    """New terms from a day on; the days before keep theirs, and so do invoiced days.

    Raises Invalid naming each wrong field, Conflict where the day is already invoiced.
    """
    authorize(actor, "contracts.write")
    check_terms(terms)
    with transaction.atomic():
        contract = lock_contract(contract_id)
        contract.require_revision(expected_revision)
        _check_change_day(contract, effective_date)
        before = _cut_terms(contract, effective_date)
        following = (
            contract.terms.filter(valid_from__gt=effective_date).order_by("valid_from").first()
        )
        valid_to = following.valid_from - timedelta(days=1) if following else None
        changed = _insert_terms(contract, terms, effective_date, valid_to, actor)
        contract.save_changes()
        publish(
            topic="contract.changed",
            key=contract.site.site_id,
            payload={**_reference(contract), "change_id": changed.change_id},
        )
        record(
            actor=actor,
            action="contract.terms_changed",
            target=contract,
            before=before,
            after={"effective_date": str(effective_date), **_terms_state(terms)},
        )
    return changed


def change_site_terms(
    *,
    actor: Actor,
    site_id: str,
    contract_type: str,
    billing_configuration: Mapping[str, object],
    effective_date: date,
    contract_id: str | None = None,
    billing_frequency: str | None = None,
    expected_revision: int | None = None,
) -> ContractTerms:
    """`change_terms` of a site's named contract, or of its only active one.

    Without a frequency the one in force on the day stays. Raises as `change_terms` and
    `resolve_contract`.
    """
    authorize(actor, "contracts.write")
    contract = resolve_contract(site_id=site_id, contract_id=contract_id)
    in_force = (
        ContractTerms.objects.filter(contract_id=contract.pk, valid_from__lte=effective_date)
        .order_by("-valid_from")
        .values_list("billing_frequency", flat=True)
        .first()
    )
    frequency = billing_frequency or in_force or BillingFrequency.MONTHLY
    return change_terms(
        actor=actor,
        contract_id=contract.contract_id,
        terms=TermsInput(contract_type, billing_configuration, frequency),
        effective_date=effective_date,
        expected_revision=expected_revision,
    )


def lock_contract(contract_id: str) -> Contract:
    """The contract, locked until the transaction ends. Raises NotFound."""
    contract = (
        Contract.objects.select_for_update(of=("self",))
        .select_related("site")
        .filter(contract_id=contract_id)
        .first()
    )
    if contract is None:
        raise NotFound(_("There is no contract %(id)s.") % {"id": contract_id})
    return contract


def _insert_contract(contract: Contract) -> None:
    try:
        with transaction.atomic():
            contract.save(force_insert=True)
    except IntegrityError as error:
        message = _("%(code)s exists already.") % {"code": contract.contract_id}
        raise Conflict(message, errors=[FieldError("contract_id", "taken", message)]) from error


def _insert_terms(
    contract: Contract,
    given: TermsInput,
    valid_from: date,
    valid_to: date | None,
    actor: Actor,
) -> ContractTerms:
    return ContractTerms.objects.create(
        change_id=next_code(ContractTerms, "change_id"),
        contract=contract,
        contract_type=given.contract_type,
        billing_frequency=given.billing_frequency,
        billing_configuration=_with_numbers(given.billing_configuration),
        valid_from=valid_from,
        valid_to=valid_to,
        created_by=actor.label,
    )


def _with_numbers(value: Any, name: str = "") -> Any:
    """A checked configuration with its amounts as numbers, however they were sent."""
    if isinstance(value, Mapping):
        return {key: _with_numbers(item, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_numbers(item, name) for item in value]
    return Decimal(value) if isinstance(value, str) and name not in WORDS else value


def _check_change_day(contract: Contract, day: date) -> None:
    if contract.status == Contract.Status.TERMINATED:
        raise Conflict(_("The contract is terminated; its terms can no longer change."))
    if day < contract.effective_date or (contract.end_date and day > contract.end_date):
        message = _("The contract runs from %(start)s to %(end)s.") % {
            "start": contract.effective_date,
            "end": contract.end_date or _("further notice"),
        }
        raise Invalid(errors=[FieldError("effective_date", "outside_contract", message)])
    invoiced_to = _invoiced_to(contract)
    if invoiced_to and invoiced_to >= day:
        message = _(
            "Days up to %(day)s are already invoiced under the old terms and keep them. "
            "Choose a later day."
        ) % {"day": invoiced_to}
        raise Conflict(message, errors=[FieldError("effective_date", "invoiced", message)])


def _cut_terms(contract: Contract, day: date) -> dict[str, object]:
    """End the terms in force the day before; terms that start on the day are replaced."""
    in_force = contract.terms.filter(valid_from__lte=day).order_by("-valid_from").first()
    if in_force is None:
        return {}
    before = {
        "effective_date": str(in_force.valid_from),
        "contract_type": in_force.contract_type,
        "billing_frequency": in_force.billing_frequency,
        "billing_configuration": in_force.billing_configuration,
    }
    if in_force.valid_from == day:
        in_force.delete()
    else:
        in_force.valid_to = day - timedelta(days=1)
        in_force.save(update_fields=["valid_to"])
    return before


def _invoiced_to(contract: Contract) -> date | None:
    """The last day a live regular invoice covers."""
    live = contract.invoices.filter(kind="regular").exclude(document_status="void")
    last: date | None = live.aggregate(last=Max("period_end"))["last"]
    return last


def _reference(contract: Contract) -> dict[str, object]:
    return {"contract_id": contract.contract_id, "site_id": contract.site.site_id}


def _terms_state(given: TermsInput) -> dict[str, object]:
    return {
        "contract_type": given.contract_type,
        "billing_frequency": given.billing_frequency,
        "billing_configuration": _with_numbers(given.billing_configuration),
    }


def _state(contract: Contract) -> dict[str, object]:
    return {
        "site": contract.site.site_id,
        "status": contract.status,
        "effective_date": str(contract.effective_date),
        "end_date": str(contract.end_date) if contract.end_date else None,
        "payment_terms_days": contract.payment_terms_days,
        "currency": contract.currency,
    }
