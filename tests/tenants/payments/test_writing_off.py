"""Write-offs: what is given up, a part of it, and taken back."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from support.payments import balance_of, open_invoices

from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Forbidden, Invalid, NotFound
from shared.kernel.tenancy import organisation_context
from tenants.payments.errors import NotPayable
from tenants.payments.models import WriteOff
from tenants.payments.services import undo_write_off, write_off_invoice


@pytest.fixture
def invoice(in_acme):
    """1,130.00 that is owed."""
    (one,) = open_invoices()
    return one


def write_off(invoice, **options):
    options.setdefault("reason", "Bankrupt")
    options.setdefault("actor", SYSTEM)
    return write_off_invoice(invoice_id=invoice.invoice_id, **options)


def test_a_part_then_the_rest(invoice):
    part = write_off(invoice, amount=Decimal("130.00"))
    assert (part.payment_status, part.balance_due) == ("partially_paid", 1000)
    whole = write_off(invoice)
    assert (whole.payment_status, whole.amount_written_off, whole.balance_due) == ("paid", 1130, 0)
    assert (balance_of("write_off"), balance_of("receivable")) == (1130, 0)
    with pytest.raises(NotPayable):
        write_off(invoice)


def test_it_is_taken_back_once(invoice):
    write_off(invoice)
    made = WriteOff.objects.get()
    for _time in range(2):
        back = undo_write_off(actor=SYSTEM, invoice_id=invoice.invoice_id, write_off_id=made.pk)
        assert (back.payment_status, back.balance_due) == ("unpaid", 1130)
    assert (balance_of("write_off"), balance_of("receivable")) == (0, 1130)
    with pytest.raises(NotFound):
        undo_write_off(actor=SYSTEM, invoice_id=invoice.invoice_id, write_off_id=uuid4())


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"amount": Decimal("1130.01")}, "amount"),
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal("0.001")}, "amount"),
        ({"reason": ""}, "reason"),
        ({"on": date(2020, 1, 1)}, "on"),
        ({"on": date(2999, 1, 1)}, "on"),
    ],
)
def test_what_is_refused_names_its_field(invoice, options, field):
    with pytest.raises(Invalid) as refused:
        write_off(invoice, **options)
    assert refused.value.errors[0].field == field
    assert not WriteOff.objects.exists()


def test_who_may_and_where(invoice, actor_in, globex):
    with pytest.raises(Forbidden):
        write_off(invoice, actor=actor_in("approver"))
    write_off(invoice, actor=actor_in("billing_manager"), amount=Decimal(1))
    with organisation_context(globex), pytest.raises(NotFound):
        write_off(invoice)
