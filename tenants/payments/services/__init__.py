"""Money received, what it settles, and money given back."""

from tenants.payments.services.applying import (
    apply_automatically,
    apply_credit_note,
    apply_to_invoices,
    propose_shares,
    unapply,
    unapply_credit_note,
)
from tenants.payments.services.checking import Part, PaymentInput
from tenants.payments.services.recording import (
    Receipt,
    RecordedPayment,
    record_customer_payment,
    record_payment,
)
from tenants.payments.services.returning import (
    RefundInput,
    refund_credit_note,
    refund_payment,
    reverse_payment,
    undo_refund,
)
from tenants.payments.services.settling import (
    apply_credit,
    apply_payment,
    unapplied_of,
    undo_allocations,
    write_off_amount,
)
from tenants.payments.services.writing_off import undo_write_off, write_off_invoice

__all__ = [
    "Part",
    "PaymentInput",
    "Receipt",
    "RecordedPayment",
    "RefundInput",
    "apply_automatically",
    "apply_credit",
    "apply_credit_note",
    "apply_payment",
    "apply_to_invoices",
    "propose_shares",
    "record_customer_payment",
    "record_payment",
    "refund_credit_note",
    "refund_payment",
    "reverse_payment",
    "unapplied_of",
    "unapply",
    "unapply_credit_note",
    "undo_allocations",
    "undo_refund",
    "undo_write_off",
    "write_off_amount",
    "write_off_invoice",
]
