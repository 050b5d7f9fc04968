"""A clerk who does anything to documents and books, and what must be true afterwards."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Sum
from support.billing import make_contract, make_site

from billing.periods import Period, month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import today
from shared.kernel.errors import AppError
from tenants.contracts.models import Contract, ContractTerms
from tenants.disputes.models import Dispute
from tenants.disputes.services import raise_dispute, resolve_dispute
from tenants.invoices.models import Invoice
from tenants.invoices.selectors.corrected import billed_documents
from tenants.invoices.services import (
    LineCredit,
    credit_invoice,
    generate_invoice,
    issue_invoice,
    recalculate_invoice,
    release_holdback,
    void_invoice,
)
from tenants.ledger.models import BookClosing, ExchangeRate, JournalLine
from tenants.ledger.periods import closed_through
from tenants.ledger.selectors import trial_balance
from tenants.ledger.services.closing import close_books, reopen_books
from tenants.payments.control import control_differences
from tenants.payments.models import Payment, Refund, WriteOff
from tenants.payments.selectors.ageing import GroupBy, ageing
from tenants.payments.services import (
    Part,
    PaymentInput,
    RefundInput,
    apply_automatically,
    apply_credit_note,
    record_customer_payment,
    refund_credit_note,
    refund_payment,
    reverse_payment,
    unapply,
    unapply_credit_note,
    undo_refund,
    undo_write_off,
    write_off_invoice,
)
from tenants.sites.models import Customer
from tenants.structure.models import LegalEntity

START = date(2026, 1, 1)
DATES = [date(2026, 1, 15), date(2026, 3, 31), date(2026, 6, 30), date(2027, 12, 31)]


def make_world() -> None:
    """Contracts by month, by hour, of a year in advance, with holdback, in US dollars."""
    for n, rate in enumerate(("1.3712", "1.36905", "1.4021", "1.38333333")):
        ExchangeRate.objects.create(
            currency="USD",
            into="CAD",
            on=START + timedelta(days=9 * n),
            rate=Decimal(rate),
            source="manual",
        )
    make_contract(make_site(), configuration={"monthly_fee": "1000.01"})
    make_contract(make_site(province="QC"), frequency="annual")
    dollars = make_site(currency="USD", province="BC")
    make_contract(dollars, currency="USD", configuration={"monthly_fee": "777.77"})
    held = make_contract(make_site(province="NS"), configuration={"monthly_fee": "333.33"})
    abroad = make_site(currency="USD", province="NS")
    foreign_held = make_contract(abroad, currency="USD", configuration={"monthly_fee": "512.37"})
    Contract.objects.filter(pk__in=[held.pk, foreign_held.pk]).update(holdback_rate=Decimal("0.1"))


class Office:
    """A clerk who does anything that may be done, at random, with random amounts and days."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.done = 0

    def work(self, times: int) -> None:
        """Until so many things were done in all; what was refused does not count."""
        for _try in range(200):
            if self.done >= times:
                return
            self.step()
        raise AssertionError(f"200 tries in a row were refused, or nearly: {self.done} done")

    def step(self) -> None:
        action = self.random.choice(ACTIONS)
        try:
            action(self)
        except AppError:
            return  # refused, so that nothing changed
        self.done += 1

    def one(self, rows: Any) -> Any:
        """Any of them. By time of making, since keys are random: a seed always does the same."""
        found = list(rows.order_by("created_at", "pk"))
        if not found:
            raise AppError("nothing there")
        return self.random.choice(found)

    def part(self, amount: Decimal) -> Decimal:
        share = Decimal(self.random.randint(1, 100)) / 100
        return max((Decimal(amount) * share).quantize(Decimal("0.01")), Decimal("0.01"))

    def day(self) -> date:
        return START + timedelta(days=self.random.randint(0, 100))

    def bill(self) -> None:
        contract = self.one(Contract.objects.all())
        annual = contract.terms.get().billing_frequency == "annual"
        year = Period(START, date(2026, 12, 31))
        period = year if annual else month_period(2026, self.random.randint(1, 3))
        dated = START if annual else None
        generate_invoice(
            actor=SYSTEM,
            site_id=contract.site.site_id,
            contract_id=contract.contract_id,
            period=period,
            invoice_date=dated,
        )

    def credit(self) -> None:
        invoice = self.one(Invoice.objects.filter(document_status="issued"))
        how = self.random.randint(0, 2)
        options: dict[str, Any] = {}
        if how == 1:
            options["amount"] = self.part(invoice.subtotal)
        elif how == 2:
            line = invoice.lines.first()
            options["lines"] = [LineCredit(1, amount=self.part(line.amount))]
        note = credit_invoice(
            actor=SYSTEM,
            invoice_id=invoice.invoice_id,
            reason="Any",
            invoice_date=max(self.day(), invoice.invoice_date),
            **options,
        )
        issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)

    def recalculate(self) -> None:
        fee = {"monthly_fee": str(self.part(Decimal(1500)))}
        terms = self.one(ContractTerms.objects.all())
        ContractTerms.objects.filter(pk=terms.pk).update(billing_configuration=fee)
        invoice = self.one(Invoice.objects.filter(contract=terms.contract_id, kind="regular"))
        result = recalculate_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id)
        if result.correction is not None:
            issue_invoice(actor=SYSTEM, invoice_id=result.correction.invoice_id)

    def release(self) -> None:
        contract = self.one(Contract.objects.filter(holdback_rate__isnull=False))
        draft = release_holdback(
            actor=SYSTEM, contract_id=contract.contract_id, on=date(2026, 4, 10)
        )
        issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)

    def void(self) -> None:
        invoice = self.one(Invoice.objects.filter(document_status="issued"))
        void_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Any")

    def pay(self) -> None:
        invoice = self.one(Invoice.objects.filter(document_status="issued", total__gt=0))
        amount = self.part(invoice.total * 2)
        parts = [Part(invoice.invoice_id)] if self.random.random() < 0.7 else []
        record_customer_payment(
            actor=SYSTEM,
            customer_id=invoice.customer.customer_id,
            given=PaymentInput(amount, invoice.currency, self.day(), "ACH"),
            rules=(),
            parts=parts,
        )

    def apply(self) -> None:
        apply_automatically(actor=SYSTEM, payment_id=self.one(Payment.objects.all()).payment_id)

    def unapply(self) -> None:
        unapply(actor=SYSTEM, payment_id=self.one(Payment.objects.all()).payment_id)

    def reverse(self) -> None:
        payment = self.one(Payment.objects.all())
        reverse_payment(actor=SYSTEM, payment_id=payment.payment_id, reason="Bounced")

    def refund(self) -> None:
        payment = self.one(Payment.objects.all())
        given = RefundInput(self.part(payment.amount), "ACH", "Asked for")
        refund_payment(actor=SYSTEM, payment_id=payment.payment_id, given=given)

    def refund_credit(self) -> None:
        note = self.one(Invoice.objects.filter(kind="credit_note", document_status="issued"))
        given = RefundInput(self.part(-note.balance_due), "ACH", "Asked for")
        refund_credit_note(actor=SYSTEM, credit_note_id=note.invoice_id, given=given)

    def undo_refund(self) -> None:
        refund = self.one(Refund.objects.all())
        undo_refund(actor=SYSTEM, refund_id=refund.refund_id, reason="Returned")

    def give_credit(self) -> None:
        note = self.one(Invoice.objects.filter(kind="credit_note", document_status="issued"))
        others = Invoice.objects.filter(customer=note.customer_id, document_status="issued")
        target = self.one(others.filter(total__gt=0))
        apply_credit_note(
            actor=SYSTEM, credit_note_id=note.invoice_id, parts=[Part(target.invoice_id)]
        )

    def write_off(self) -> None:
        invoice = self.one(Invoice.objects.filter(document_status="issued"))
        amount = self.part(invoice.balance_due)
        write_off_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Gone", amount=amount)

    def undo(self) -> None:
        made = self.one(WriteOff.objects.all())
        undo_write_off(actor=SYSTEM, invoice_id=made.invoice.invoice_id, write_off_id=made.pk)

    def take_credit_back(self) -> None:
        note = self.one(Invoice.objects.filter(kind="credit_note", document_status="issued"))
        unapply_credit_note(actor=SYSTEM, credit_note_id=note.invoice_id)

    def object(self) -> None:
        invoice = self.one(Invoice.objects.filter(document_status="issued"))
        amount = self.part(invoice.balance_due)
        raise_dispute(actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Wrong", amount=amount)

    def resolve(self) -> None:
        dispute = self.one(Dispute.objects.filter(status="open"))
        credit = self.part(dispute.amount / 2)
        resolve_dispute(
            actor=SYSTEM, dispute_id=dispute.dispute_id, resolution="Agreed", credit=credit
        )

    def close(self) -> None:
        """Or open again, of what is closed already."""
        entity = self.one(LegalEntity.objects.all())
        day, closed = self.day(), closed_through([entity.pk]).get(entity.pk)
        if closed is None or day > closed:
            close_books(actor=SYSTEM, entity_id=entity.pk, through=day, confirmed=True)
        else:
            reopen_books(actor=SYSTEM, entity_id=entity.pk, to=day, reason="Late")


ACTIONS: list[Callable[[Office], None]] = [
    *[Office.bill] * 4,
    *[Office.pay] * 3,
    *[Office.credit] * 2,
    Office.recalculate,
    Office.release,
    Office.void,
    Office.apply,
    Office.unapply,
    Office.reverse,
    Office.refund,
    Office.refund_credit,
    Office.undo_refund,
    Office.give_credit,
    Office.write_off,
    Office.undo,
    Office.take_credit_back,
    Office.object,
    Office.resolve,
    Office.close,
]


def assert_agrees() -> None:
    for on in [*DATES, today(), date(2026, 2, 7)]:
        assert control_differences(actor=SYSTEM, on=on) == [], on
        assert_aged(on)
    for billed in Invoice.objects.filter(kind="regular", document_status="issued"):
        sums = billed_documents(billed).aggregate(
            net=Sum("subtotal"), tax=Sum("tax_total"), held=Sum("holdback")
        )
        assert min(sums.values()) >= 0, billed  # nothing was given back twice


def assert_aged(on: date) -> None:
    """The ageing is what the journal has of each customer, and the books add up to zero."""
    balances = trial_balance(actor=SYSTEM, on=on)
    assert sum(one.base_amount for one in balances if one.base_currency == "CAD") == 0, on
    rows = JournalLine.objects.filter(account="receivable", posted_on__lte=on).order_by()
    owed = rows.values_list("customer_id", "currency").annotate(Sum("amount"))
    customers = dict(Customer.objects.values_list("customer_id", "pk"))
    aged = {
        (customers[row.code], row.currency): row.total
        for row in ageing(actor=SYSTEM, by=GroupBy.CUSTOMER, on=on)
        if row.total
    }
    assert aged == {(customer, code): amount for customer, code, amount in owed if amount}, on


def in_closed_time() -> dict[Any, Any]:
    """By company and closing what its books are until the last closed day."""
    closed = closed_through(LegalEntity.objects.values_list("pk", flat=True))
    return {
        (
            entity,
            BookClosing.objects.filter(entity=entity).count(),
            through,
        ): JournalLine.objects.filter(entry__entity_id=entity, posted_on__lte=through).aggregate(
            count=Count("pk"), last=Max("pk")
        )
        for entity, through in closed.items()
    }
