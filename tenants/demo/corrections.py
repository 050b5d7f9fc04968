"""What goes wrong in the demo after an invoice is out: one line credited, one amount disputed."""

from datetime import date
from decimal import Decimal

from shared.kernel.actor import SYSTEM
from tenants.disputes.services import raise_dispute
from tenants.invoices.models import Invoice
from tenants.invoices.services import LineCredit, credit_invoice, issue_invoice

TENTH = Decimal("0.1")


def correct_some(today: date) -> None:
    """On the two newest open invoices that are not due yet."""
    open_ones = Invoice.objects.filter(
        document_status="issued", payment_status="unpaid", due_date__gte=today, total__gt=0
    ).order_by("-total", "invoice_id")[:2]
    invoices = list(open_ones)
    if len(invoices) < 2:
        return
    credited, disputed = invoices
    line = credited.lines.order_by("position")[0]
    note = credit_invoice(
        actor=SYSTEM,
        invoice_id=credited.invoice_id,
        reason="One day of work was counted twice",
        lines=[LineCredit(line.position, amount=(line.amount * TENTH).quantize(Decimal("0.01")))],
    )
    issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
    raise_dispute(
        actor=SYSTEM,
        invoice_id=disputed.invoice_id,
        reason="The customer says that overtime was not agreed",
        amount=(disputed.total * TENTH).quantize(Decimal("0.01")),
    )
