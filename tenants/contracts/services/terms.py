"""The dated terms of a contract: a change leaves the days before it as they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.errors import InvalidTerms
from billing.terms import parse_terms
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.codes import next_code
from shared.kernel.errors import Conflict, FieldError, Invalid, Text, invalid_fields
from shared.kernel.wording import Wording, trimmed
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.contracts.models import (
    BillingFrequency,
    Contract,
    ContractAmendment,
    ContractTerms,
)
from tenants.contracts.selectors import resolve_contract
from tenants.contracts.services.locking import (
    already_invoiced,
    ask_for_recalculation,
    live_invoices_from,
    lock_contract,
    reference,
)

REASON_MAX = 500
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


def change_terms(
    *,
    actor: Actor,
    contract_id: str,
    terms: TermsInput,
    effective_date: date,
    reason: Text = "",
    allow_invoiced: bool = False,
    expected_revision: int | None = None,
) -> ContractTerms:
    """New terms from a day on; the days before keep theirs. Recorded as an amendment.

    Where days from it on are invoiced, `allow_invoiced` records the change all the same and
    asks a person to have each of those invoices recalculated; without it the change is refused
    and the Conflict's `invoices` names them. Raises Invalid naming each wrong field.
    """
    authorize(actor, "contracts.write")
    check_terms(terms)
    if len(str(reason)) > REASON_MAX:
        message = _("At most %(number)s characters.") % {"number": REASON_MAX}
        raise Invalid(errors=[FieldError("reason", "too_long", message)])
    with transaction.atomic():
        contract = lock_contract(contract_id)
        contract.require_revision(expected_revision)
        _check_change_day(contract, effective_date)
        invoices = list(live_invoices_from(contract, effective_date))
        if invoices and not allow_invoiced:
            raise already_invoiced(invoices, "effective_date")
        changed = _amend(contract, terms, effective_date, trimmed(reason), actor)
        ask_for_recalculation(
            contract,
            invoices,
            _("The terms of %(contract)s changed from %(day)s on, after this was invoiced.")
            % {"contract": contract.contract_id, "day": effective_date},
        )
    return changed


def _amend(
    contract: Contract, terms: TermsInput, effective_date: date, reason: Wording, actor: Actor
) -> ContractTerms:
    before = _cut_terms(contract, effective_date)
    following = contract.terms.filter(valid_from__gt=effective_date).order_by("valid_from").first()
    valid_to = following.valid_from - timedelta(days=1) if following else None
    changed = insert_terms(contract, terms, effective_date, valid_to, actor)
    contract.save_changes()
    after = terms_state(terms)
    ContractAmendment.objects.create(
        contract=contract,
        change_id=changed.change_id,
        effective_date=effective_date,
        reason=reason,
        before=before,
        after=after,
        amended_by=actor.label[:200],
    )
    publish(
        topic="contract.changed",
        key=contract.site.site_id,
        payload={**reference(contract), "change_id": changed.change_id},
    )
    record(
        actor=actor,
        action="contract.terms_changed",
        target=contract,
        before=before,
        after={"effective_date": str(effective_date), "reason": str(reason), **after},
    )
    return changed


def amend_contract(
    *,
    actor: Actor,
    contract_id: str,
    contract_type: str,
    billing_configuration: Mapping[str, object],
    effective_date: date,
    billing_frequency: str | None = None,
    reason: Text = "",
    allow_invoiced: bool = False,
    expected_revision: int | None = None,
) -> ContractTerms:
    """`change_terms`; without a frequency the one in force on the day stays."""
    authorize(actor, "contracts.write")
    frequency = billing_frequency or _frequency_on(contract_id, effective_date)
    return change_terms(
        actor=actor,
        contract_id=contract_id,
        terms=TermsInput(contract_type, billing_configuration, frequency),
        effective_date=effective_date,
        reason=reason,
        allow_invoiced=allow_invoiced,
        expected_revision=expected_revision,
    )


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
    """`amend_contract` of a site's named contract, or of its only active one.

    Raises as `change_terms` and `resolve_contract`.
    """
    authorize(actor, "contracts.write")
    contract = resolve_contract(site_id=site_id, contract_id=contract_id)
    return amend_contract(
        actor=actor,
        contract_id=contract.contract_id,
        contract_type=contract_type,
        billing_configuration=billing_configuration,
        billing_frequency=billing_frequency,
        effective_date=effective_date,
        expected_revision=expected_revision,
    )


def _frequency_on(contract_id: str, day: date) -> str:
    in_force = (
        ContractTerms.objects.filter(contract__contract_id=contract_id, valid_from__lte=day)
        .order_by("-valid_from")
        .values_list("billing_frequency", flat=True)
        .first()
    )
    return in_force or BillingFrequency.MONTHLY


def insert_terms(
    contract: Contract,
    given: TermsInput,
    valid_from: date,
    valid_to: date | None,
    actor: Actor,
) -> ContractTerms:
    """Store a checked version of the terms for these days."""
    return ContractTerms.objects.create(
        change_id=next_code(ContractTerms, "change_id"),
        contract=contract,
        contract_type=given.contract_type,
        billing_frequency=given.billing_frequency,
        billing_configuration=with_numbers(given.billing_configuration),
        valid_from=valid_from,
        valid_to=valid_to,
        created_by=actor.label[:200],
    )


def with_numbers(value: Any, name: str = "") -> Any:
    """A checked configuration with its amounts as numbers, however they were sent."""
    if isinstance(value, Mapping):
        return {key: with_numbers(item, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_numbers(item, name) for item in value]
    return Decimal(value) if isinstance(value, str) and name not in WORDS else value


def terms_state(given: TermsInput) -> dict[str, object]:
    """The terms as the audit log and amendments keep them."""
    return {
        "contract_type": given.contract_type,
        "billing_frequency": given.billing_frequency,
        "billing_configuration": with_numbers(given.billing_configuration),
    }


def _check_change_day(contract: Contract, day: date) -> None:
    if contract.status == Contract.Status.TERMINATED:
        raise Conflict(_("The contract is terminated; its terms can no longer change."))
    if day < contract.effective_date or (contract.end_date and day > contract.end_date):
        message = _("The contract runs from %(start)s to %(end)s.") % {
            "start": contract.effective_date,
            "end": contract.end_date or _("further notice"),
        }
        raise Invalid(errors=[FieldError("effective_date", "outside_contract", message)])


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
