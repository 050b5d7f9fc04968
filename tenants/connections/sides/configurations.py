"""Contracts here, contract configurations there.

What is compared and sent is the newest version of the terms, with the day from which it counts:
the other side keeps the days before it under the version it had.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from connectors.billing_system import BillingSystem, ContractConfiguration
from connectors.billing_system.mapping import (
    CONTRACT_MAPPING,
    configuration_of,
    from_billing,
    to_billing,
    values_of,
)
from shared.kernel.actor import Actor
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, FieldError, Invalid
from shared.kernel.wording import worded as _
from tenants.connections.comparison import CONFIGURATION, METHOD
from tenants.connections.models import BillingContractConfiguration, Connection, SyncConflict
from tenants.connections.sides.base import Kept, Ours
from tenants.contracts.models import Contract, ContractTerms
from tenants.contracts.selectors import terms_in_order
from tenants.contracts.services import TermsInput, change_terms

FREQUENCY = "invoice_frequency"
COPIED = (
    "customer_id",
    METHOD,
    FREQUENCY,
    "billing_start_date",
    "billing_end_date",
    CONFIGURATION,
)


def contract_document(contract: Contract, terms: ContractTerms) -> dict[str, Any]:
    """A contract's fields as the seed's contract_mapping names them."""
    return {
        "contract_id": contract.contract_id,
        "site_id": contract.site.site_id,
        "contract_type": terms.contract_type,
        "billing_frequency": terms.billing_frequency,
        "effective_date": contract.effective_date,
        "end_date": contract.end_date,
        "billing_configuration": terms.billing_configuration,
    }


class ConfigurationSide:
    """See `Side`."""

    record = SyncConflict.Record.CONFIGURATION.value

    def ours(self, code: str) -> Ours | None:
        """The contract of that code, unless it is a draft: nothing is billed by drafts."""
        contract = _billed().filter(contract_id=code).first()
        return None if contract is None else self.ours_of(contract)

    def ours_of(self, contract: Contract) -> Ours:
        """A contract read with site and terms."""
        terms = list(contract.terms.all())[-1]
        document = contract_document(contract, terms)
        configuration, problems = configuration_of(document)
        if configuration:
            values = values_of(configuration)
        else:
            converted, _problems = to_billing(terms.contract_type, terms.billing_configuration)
            values = {
                **{one.target: document[one.source] for one in CONTRACT_MAPPING},
                "customer_id": document["site_id"],
                "billing_end_date": contract.end_date,
                CONFIGURATION: converted,
            }
        return Ours(values, contract.updated_at, terms.valid_from, contract.site.site_id, problems)

    def agreed(self, connection: Connection, code: str) -> Kept | None:
        """From the copy."""
        copy = BillingContractConfiguration.objects.filter(
            connection=connection, contract_number=code
        ).first()
        return None if copy is None else self.agreed_of(copy)

    def agreed_of(self, copy: BillingContractConfiguration) -> Kept:
        """A copy's values."""
        values = {name: getattr(copy, name) for name in ("contract_number", *COPIED)}
        return Kept(values, copy.their_updated_at)

    def fetch(self, system: BillingSystem, code: str) -> Kept | None:
        """The configuration as it is there now."""
        found = system.configuration(code)
        return None if found is None else kept_configuration(found)

    def put(self, system: BillingSystem, values: Mapping[str, Any], day: date, key: str) -> Kept:
        """Send the configuration."""
        sent = ContractConfiguration(**values)
        return kept_configuration(
            system.put_configuration(sent, effective_date=day, idempotency_key=key)
        )

    def keep(self, connection: Connection, kept: Kept) -> bool:
        """Write the copy."""
        moment = now()
        _copy, created = BillingContractConfiguration.objects.update_or_create(
            connection=connection,
            contract_number=kept.values["contract_number"],
            defaults={
                **{name: kept.values[name] for name in COPIED},
                "their_updated_at": kept.at,
                "last_sync_at": moment,
            },
        )
        return created

    def take_over(
        self, *, actor: Actor, connection: Connection, code: str, field: str, value: Any, day: date
    ) -> None:
        """New terms from a day on: another type brings the other side's configuration along."""
        contract = _billed().filter(contract_id=code).first()
        if contract is None or field not in (METHOD, FREQUENCY, CONFIGURATION):
            message = _("This is changed on the page of %(code)s itself; then choose ours.")
            raise Invalid(errors=[FieldError("choice", "not_possible", message % {"code": code})])
        terms = list(contract.terms.all())[-1]
        method, frequency = terms.contract_type, terms.billing_frequency
        configuration = terms.billing_configuration
        if field == METHOD:
            method, configuration = value, self._their_configuration(connection, code, value)
        elif field == FREQUENCY:
            frequency = value
        else:
            configuration = from_billing(method, _object(value))
        change_terms(
            actor=actor,
            contract_id=code,
            terms=TermsInput(str(method), configuration, str(frequency)),
            effective_date=max(day, terms.valid_from),
            reason=_("Taken over from the billing system"),
        )

    def _their_configuration(
        self, connection: Connection, code: str, method: Any
    ) -> dict[str, Any]:
        kept = self.agreed(connection, code)
        if kept is None or kept.values[METHOD] != method:
            raise Conflict(
                _("A type comes with its rates: change the contract's terms, then choose ours.")
            )
        return from_billing(str(method), kept.values[CONFIGURATION])


def _billed() -> Any:
    return (
        Contract.objects.exclude(status=Contract.Status.DRAFT)
        .select_related("site")
        .prefetch_related(terms_in_order())
    )


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Invalid(errors=[FieldError("value", "type", _("This value has another form."))])
    return value


def kept_configuration(configuration: ContractConfiguration) -> Kept:
    """A configuration from the other side."""
    return Kept(values_of(configuration), configuration.updated_at)
