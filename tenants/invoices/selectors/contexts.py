"""What a calculation needs, for one contract or a thousand, in a constant number of queries."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import Prefetch, Q

from billing.periods import Period
from tenants.activity.selectors import RevenueTotal, revenue_totals
from tenants.contracts.construction import construction_book
from tenants.contracts.models import Contract, ContractTerms, ContractType
from tenants.invoices.agreed import agreed_inputs, load_adjustments
from tenants.invoices.calculation import BillingContext
from tenants.invoices.selectors.former import former_periods, revenue_by_site_day
from tenants.invoices.selectors.validation import rule_choices
from tenants.sites.models import Contact, TaxExemption
from tenants.structure.selectors import entities_of
from tenants.structure.taxes import tax_book

FIXED = {ContractType.FIXED_FEE, ContractType.HYBRID}
WITHOUT_REVENUE = {ContractType.FIXED_FEE, ContractType.PER_LABOR_HOUR, ContractType.HYBRID}


def load_contexts(
    contract_ids: Sequence[UUID], period: Period, *, on: date, lock: bool = True
) -> list[BillingContext]:
    """The contexts of these contracts, locked in a fixed order until the transaction ends.

    The lock makes generating for one contract happen one after the other; a preview that stores
    nothing goes without.
    """
    rows = (
        Contract.objects.select_for_update(of=("self",), no_key=True)
        if lock
        else Contract.objects.all()
    )
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
    kinds = {contract.pk: _kinds(contract) for contract in locked}
    sharing = [contract for contract in locked if not kinds[contract.pk] <= WITHOUT_REVENUE]
    revenue = _load_revenue(sharing, period)
    varying = [contract for contract in locked if not kinds[contract.pk] <= FIXED]
    former = former_periods(varying, period) if varying else {}
    exempt = _exemptions({contract.site.customer_id for contract in locked}, on)
    agreed = load_adjustments([contract.pk for contract in locked], period)
    taxes, construction, choices = tax_book(), construction_book(), rule_choices()
    return [
        BillingContext(
            contract=contract,
            entity=entities[contract.entity_id],
            exempt_components=exempt.get(contract.site.customer_id, frozenset()),
            revenue=revenue[contract.pk].total if contract.pk in revenue else None,
            revenue_by_day=revenue[contract.pk].by_day if contract.pk in revenue else None,
            adjustments=agreed_inputs(agreed.get(contract.pk, ())),
            taxes=taxes,
            construction=construction,
            former=former.get(contract.pk, ()),
            choices=choices,
        )
        for contract in locked
    ]


class _Revenue(NamedTuple):
    """Of a contract's active days; `by_day` where single days matter."""

    total: RevenueTotal | None
    by_day: Mapping[date, Decimal] | None


def _load_revenue(contracts: Sequence[Contract], period: Period) -> dict[UUID, _Revenue]:
    """The recorded revenue of the contracts' sites, in two queries at most.

    The second one reads single days, of those sites only where one may lack its report, the
    terms change inside the period, or the contract is not active in all of it.
    """
    if not contracts:
        return {}
    totals = revenue_totals({contract.site_id for contract in contracts}, period)
    by_day_needed = [
        contract
        for contract in contracts
        if contract.site_id in totals
        and (totals[contract.site_id].days < period.days or _is_divided(contract, period))
    ]
    found = {contract.pk: _Revenue(totals.get(contract.site_id), None) for contract in contracts}
    if by_day_needed:
        days = revenue_by_site_day({one.site_id for one in by_day_needed}, period)
        for contract in by_day_needed:
            found[contract.pk] = _of_active_days(contract, period, days[contract.site_id])
    return found


def _of_active_days(contract: Contract, period: Period, by_day: Mapping[date, Decimal]) -> _Revenue:
    active = period.overlap(contract.effective_date, contract.end_date)
    own = {day: net for day, net in by_day.items() if active and day in active}
    if not own:
        return _Revenue(None, None)
    return _Revenue(RevenueTotal(sum(own.values(), Decimal(0)), len(own)), own)


def _is_divided(contract: Contract, period: Period) -> bool:
    """Whether the contract is active in a part of the period, or under several terms."""
    versions = [t for t in contract.terms.all() if period.overlap(t.valid_from, t.valid_to)]
    active = period.overlap(contract.effective_date, contract.end_date)
    return active != period or len(versions) > 1


def _kinds(contract: Contract) -> set[str]:
    """The types of all versions of the terms and of their parts."""
    kinds: set[str] = set()
    for terms in contract.terms.all():
        parts = terms.billing_configuration.get("components", ())
        kinds.add(terms.contract_type)
        kinds.update(part["contract_type"] for part in parts)
    return kinds


def _exemptions(customer_ids: set[UUID], on: date) -> dict[UUID, frozenset[str]]:
    rows = TaxExemption.objects.filter(
        Q(expires_on__isnull=True) | Q(expires_on__gte=on), customer_id__in=customer_ids
    ).values_list("customer_id", "component")
    found: dict[UUID, frozenset[str]] = {}
    for customer_id, component in rows:
        found[customer_id] = found.get(customer_id, frozenset()) | {component}
    return found
