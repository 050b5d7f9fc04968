"""Which accounts a period's statements are made for, grouped by contract type and billing cycle.

An account is a customer with a legal entity in a currency: several currencies or entities make
several statements, never a mixed sum.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Q, Sum

from billing.periods import Period
from tenants.contracts.models import Contract, ContractTerms
from tenants.ledger.models import Account as LedgerAccount
from tenants.ledger.models import JournalEntry, JournalLine
from tenants.sites.models import Customer
from tenants.structure.models import LegalEntity

# What a customer owes and what it is owed, as the books have it. A holdback is not due yet.
CUSTOMER_ACCOUNTS = (LedgerAccount.RECEIVABLE, LedgerAccount.UNAPPLIED_CASH)
# Moves of a customer's money between its own documents.
INTERNAL = (JournalEntry.Kind.APPLICATION, JournalEntry.Kind.CONVERSION)
FETCHED_AT_ONCE = 5_000


class Account(NamedTuple):
    """Whose statement it is."""

    customer_id: UUID
    entity_id: UUID
    currency: str


class Segment(NamedTuple):
    """What an account's contracts have in common; empty where they are of several kinds."""

    contract_type: str = ""
    billing_cycle: str = ""
    contract_id: UUID | None = None


@dataclass
class _Contracts:
    """The contracts of one account."""

    types: set[str] = field(default_factory=set)
    cycles: set[str] = field(default_factory=set)
    ids: set[UUID] = field(default_factory=set)

    def segment(self) -> Segment:
        return Segment(
            next(iter(self.types)) if len(self.types) == 1 else "",
            next(iter(self.cycles)) if len(self.cycles) == 1 else "",
            next(iter(self.ids)) if len(self.ids) == 1 else None,
        )


def accounts_of(
    period: Period, *, contract_types: Sequence[str] = (), customer_ids: Sequence[UUID] = ()
) -> list[tuple[Account, Segment]]:
    """Accounts with a balance before or after the period or a movement in it, by segment.

    With `contract_types` those with a contract of one of them; with `customer_ids` (primary
    keys) those customers only. Two queries, read in steps.
    """
    contracts = _contracts_by_account(period, customer_ids)
    wanted = frozenset(contract_types)
    found = []
    for account in _active_accounts(period, customer_ids):
        own = contracts.get(account, _Contracts())
        if not wanted or wanted & own.types:
            found.append((account, own.segment()))
    return sorted(found, key=lambda one: (one[0].entity_id, *one[1][:2], one[0]))


def _active_accounts(period: Period, customer_ids: Sequence[UUID]) -> Iterator[Account]:
    lines = JournalLine.objects.filter(
        account__in=CUSTOMER_ACCOUNTS, posted_on__lte=period.end_date
    )
    if customer_ids:
        lines = lines.filter(customer_id__in=customer_ids)
    in_period = Q(posted_on__gte=period.start_date)
    rows = (
        lines.order_by()
        .values_list("customer_id", "entry__entity_id", "currency")
        .annotate(
            opening=Sum("amount", filter=~in_period),
            closing=Sum("amount"),
            moved=Count("pk", filter=in_period & ~Q(entry__kind__in=INTERNAL)),
        )
        .filter(Q(moved__gt=0) | Q(opening__gt=0) | Q(opening__lt=0) | ~Q(closing=0))
    )
    for customer_id, entity_id, currency, *_sums in rows.iterator(FETCHED_AT_ONCE):
        yield Account(customer_id, entity_id, currency)


def _contracts_by_account(
    period: Period, customer_ids: Sequence[UUID]
) -> Mapping[Account, _Contracts]:
    """The contracts in force in the period; of an account without any, those that were."""
    terms = ContractTerms.objects.filter(
        valid_from__lte=period.end_date, contract__effective_date__lte=period.end_date
    ).exclude(contract__status=Contract.Status.DRAFT)
    if customer_ids:
        terms = terms.filter(contract__site__customer_id__in=customer_ids)
    rows = (
        terms.order_by("contract_id", "-valid_from")
        .distinct("contract_id")
        .values_list(
            "contract_id",
            "contract_type",
            "billing_frequency",
            "contract__site__customer_id",
            "contract__entity_id",
            "contract__currency",
            "contract__end_date",
        )
    )
    default = LegalEntity.objects.filter(is_default=True).values_list("pk", flat=True).first()
    present: dict[Account, _Contracts] = defaultdict(_Contracts)
    former: dict[Account, _Contracts] = defaultdict(_Contracts)
    for pk, kind, cycle, customer, entity, currency, end in rows.iterator(FETCHED_AT_ONCE):
        if (owner := entity or default) is None:
            continue
        ended = end is not None and end < period.start_date
        own = (former if ended else present)[Account(customer, owner, currency)]
        own.types.add(kind)
        own.cycles.add(cycle)
        own.ids.add(pk)
    return {**former, **present}


def customers_by_name(names: Sequence[str]) -> dict[str, UUID]:
    """The primary keys of customers named by code or id; unknown ones are missing."""
    ids = []
    for name in names:
        try:
            ids.append(UUID(name))
        except ValueError:
            continue
    known = Customer.objects.filter(customer_id__in=list(names)) | Customer.objects.filter(
        pk__in=ids
    )
    found: dict[str, UUID] = {}
    for pk, code in known.values_list("pk", "customer_id"):
        found[code] = found[str(pk)] = pk
    return {name: found[key] for name in names if (key := _key(name)) in found}


def _key(name: str) -> str:
    try:
        return str(UUID(name))
    except ValueError:
        return name
