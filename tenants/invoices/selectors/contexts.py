"""What a calculation needs, for one contract or a thousand, in a constant number of queries."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.db.models import Prefetch, Q

from billing.periods import Period
from tenants.activity.selectors import revenue_totals
from tenants.contracts.models import Contract, ContractTerms, ContractType
from tenants.invoices.calculation import BillingContext
from tenants.sites.models import Contact, TaxExemption
from tenants.structure.selectors import entities_of

WITHOUT_REVENUE = {ContractType.FIXED_FEE, ContractType.PER_LABOR_HOUR, ContractType.HYBRID}


def load_contexts(
    contract_ids: Sequence[UUID], period: Period, *, on: date, lock: bool = True
) -> list[BillingContext]:
    """The contexts of these contracts, locked in a fixed order until the transaction ends.

    The lock makes generating for one contract happen one after the other; a preview that stores
    nothing goes without.
    """
    rows = Contract.objects.select_for_update(of=("self",)) if lock else Contract.objects.all()
    locked = list(
        rows.filter(pk__in=contract_ids)
        .select_related("site", "site__customer")
        .prefetch_related(
            Prefetch("terms", queryset=ContractTerms.objects.order_by("valid_from")),
            Prefetch(
                "site__contacts",
                queryset=Contact.objects.filter(is_billing=True),
                to_attr="billing_contacts",
            ),
        )
        .order_by("pk")
    )
    entities = entities_of({contract.entity_id for contract in locked})
    sharing = {contract.site_id for contract in locked if _may_need_revenue(contract)}
    revenue = revenue_totals(sharing, period) if sharing else {}
    exempt = _exemptions({contract.site.customer_id for contract in locked}, on)
    return [
        BillingContext(
            contract=contract,
            entity=entities[contract.entity_id],
            exempt_components=exempt.get(contract.site.customer_id, frozenset()),
            revenue=revenue.get(contract.site_id),
        )
        for contract in locked
    ]


def _may_need_revenue(contract: Contract) -> bool:
    """Whether any version of the terms has a part that is computed from revenue."""
    kinds: set[str] = set()
    for terms in contract.terms.all():
        parts = terms.billing_configuration.get("components", ())
        kinds.add(terms.contract_type)
        kinds.update(part["contract_type"] for part in parts)
    return not kinds <= WITHOUT_REVENUE


def _exemptions(customer_ids: set[UUID], on: date) -> dict[UUID, frozenset[str]]:
    rows = TaxExemption.objects.filter(
        Q(expires_on__isnull=True) | Q(expires_on__gte=on), customer_id__in=customer_ids
    ).values_list("customer_id", "component")
    found: dict[UUID, frozenset[str]] = {}
    for customer_id, component in rows:
        found[customer_id] = found.get(customer_id, frozenset()) | {component}
    return found
