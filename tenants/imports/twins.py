"""New rows that say what is there already: the same site, or the same contract of a site.

A site is known by its name and the address where it is; a contract by its site, type, first day
and configuration. A file brought in twice would double every record without an id of its own.
"""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

from shared.kernel.models import RevisedRow
from tenants.contracts.models import Contract
from tenants.imports.columns import plain
from tenants.sites.models import Site

PLACE = ("street1", "street2", "city", "state", "zip", "country")


def identity_of(record: RevisedRow) -> str:
    """Equal for two sites, or two contracts, that are the same to a person."""
    said = _of_site(record) if isinstance(record, Site) else _of_contract(record)
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def stored_twin(record: RevisedRow, identity: str) -> str:
    """The id of another stored record of that identity; empty where there is none."""
    if isinstance(record, Site):
        sites = Site.objects.filter(name__iexact=record.name).exclude(pk=record.pk)
        return next((one.site_id for one in sites if identity_of(one) == identity), "")
    assert isinstance(record, Contract)
    contracts = Contract.objects.filter(
        site=record.site_id, effective_date=record.effective_date
    ).exclude(pk=record.pk)
    return next((one.contract_id for one in contracts if identity_of(one) == identity), "")


def _of_site(site: Site) -> list[str]:
    address = site.place_of_supply
    return [plain(site.name), *(plain(address.get(part) or "") for part in PLACE)]


def _of_contract(contract: Any) -> list[Any]:
    terms = contract.terms.order_by("valid_from")[0]
    return [
        str(contract.site_id),
        terms.contract_type,
        contract.effective_date.isoformat(),
        _canonical(terms.billing_configuration),
    ]


def _canonical(value: Any) -> Any:
    """Numbers as their shortest exact text: "100.10", 100.1 and 100.100 are one."""
    if isinstance(value, Mapping):
        return {key: _canonical(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, bool):
        return value
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    return f"{number.normalize():f}" if number.is_finite() else str(value)
