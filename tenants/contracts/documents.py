"""The text of a contract as it is signed: canonical, so that one text has one hash.

JSON with sorted keys, no spaces, amounts as their shortest exact text.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

import msgspec

from tenants.contracts.models import Contract, ContractAdjustment


def canonical_document(contract: Contract) -> str:
    """Parties, days, details, every version of the terms and the approved adjustments."""
    site = contract.site
    content = {
        "contract_id": contract.contract_id,
        "customer": {"customer_id": site.customer.customer_id, "name": site.customer.name},
        "site": {"site_id": site.site_id, "name": site.name, "address": site.place_of_supply},
        "supplier": contract.entity.name if contract.entity else None,
        "currency": contract.currency,
        "effective_date": contract.effective_date,
        "end_date": contract.end_date,
        "payment_terms_days": contract.payment_terms_days,
        "is_construction": contract.is_construction,
        **({"is_federal": True} if contract.is_federal else {}),
        "holdback_rate": contract.holdback_rate,
        "purchase_order": contract.purchase_order,
        "renewal": {
            "notice_days": contract.renewal_notice_days,
            "auto_renew_months": contract.auto_renew_months,
        },
        "terms": [
            {
                "change_id": terms.change_id,
                "from": terms.valid_from,
                "to": terms.valid_to,
                "contract_type": terms.contract_type,
                "billing_frequency": terms.billing_frequency,
                "billing_configuration": terms.billing_configuration,
            }
            for terms in contract.terms.order_by("valid_from")
        ],
        "adjustments": [
            {
                "adjustment_id": one.adjustment_id,
                "amount": one.amount,
                "is_monthly": one.is_monthly,
                "from": one.valid_from,
                "to": one.valid_to,
                "reason": one.reason,
            }
            for one in contract.adjustments.filter(
                status=ContractAdjustment.Status.APPROVED
            ).order_by("valid_from", "adjustment_id")
        ],
    }
    return msgspec.json.encode(_plain(content), order="sorted").decode()


def document_hash(document: str) -> str:
    """The SHA-256 of the canonical text, in hexadecimal."""
    return sha256(document.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else value
