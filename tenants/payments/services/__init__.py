"""Money received, what it settles, and money given back."""

from tenants.payments.services.recording import RecordedPayment, record_payment
from tenants.payments.services.settling import (
    apply_credit,
    apply_payment,
    unapplied_of,
    undo_allocation,
    write_off_amount,
)

__all__ = [
    "RecordedPayment",
    "apply_credit",
    "apply_payment",
    "record_payment",
    "unapplied_of",
    "undo_allocation",
    "write_off_amount",
]
