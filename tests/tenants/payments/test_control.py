"""Journal and documents agree to the cent at any date, whatever happened in whatever order."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from support.billing import make_contract, make_site

from billing.periods import Period, month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import today
from shared.kernel.errors import AppError, Forbidden
from shared.kernel.tenancy import current_schema, organisation_context
from tenants.contracts.models import Contract, ContractTerms
from tenants.invoices.models import Invoice
from tenants.invoices.services import (
    LineCredit,
    credit_invoice,
    generate_invoice,
    issue_invoice,
    recalculate_invoice,
    release_holdback,
    void_invoice,
)
from tenants.ledger.models import ExchangeRate, JournalLine, LedgerProof
from tenants.ledger.services import Entry, Leg, post
from tenants.payments.control import control_differences
from tenants.payments.models import Payment, Refund, WriteOff
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
    undo_refund,
    undo_write_off,
    write_off_invoice,
)
from tenants.payments.services.proving import differing_days, prove_ledger
from tenants.payments.tasks import prove_yesterday
from tenants.review.models import ReviewItem
from tenants.structure.services import create_legal_entity

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

    def step(self) -> None:
        action = self.random.choice(ACTIONS)
        try:
            action(self)
        except AppError:
            return  # refused, so that nothing changed
        self.done += 1

    def one(self, rows: Any) -> Any:
        found = list(rows.order_by("pk"))
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
]


def assert_agrees() -> None:
    for on in [*DATES, today(), date(2026, 2, 7)]:
        assert control_differences(actor=SYSTEM, on=on) == [], on


@pytest.mark.parametrize("seed", range(6))
def test_any_documents_in_any_order(in_acme, seed):
    make_world()
    office = Office(seed)
    with time_machine.travel("2026-04-15T12:00:00-04:00", tick=True):
        for _step in range(60):
            office.step()
        assert_agrees()
        assert office.done >= 20


def test_many_at_once(throwaway_organisation, django_db_blocker):
    def work(seed: int) -> None:
        try:
            with organisation_context(throwaway_organisation):
                office = Office(seed)
                for _step in range(25):
                    office.step()
        finally:
            connections.close_all()

    with (
        django_db_blocker.unblock(),
        time_machine.travel("2026-04-15T12:00:00-04:00", tick=True),
        organisation_context(throwaway_organisation),
    ):
        make_world()
        threads = [Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert not any(thread.is_alive() for thread in threads)
        assert Invoice.objects.exclude(number=None).count() > 3
        assert_agrees()


@pytest.fixture
def posted(in_acme) -> Invoice:
    """An issued invoice of 1,000.01 and HST 130.00."""
    make_world()
    contract = Contract.objects.order_by("contract_id").first()
    assert contract is not None
    return generate_invoice(
        actor=SYSTEM, site_id=contract.site.site_id, period=month_period(2026, 1)
    ).invoice


def _post_cent(line, other, cent):
    """Receivable against revenue, which no document says."""
    JournalLine.objects.bulk_create(
        [
            JournalLine(
                entry=line.entry,
                account=account,
                detail=detail,
                posted_on=line.posted_on,
                customer_id=line.customer_id,
                currency=line.currency,
                amount=amount,
                base_amount=amount,
            )
            for account, detail, amount in (
                ("receivable", "", cent),
                ("revenue", other.detail, -cent),
            )
        ]
    )


@pytest.mark.spoils_the_books
def test_a_cent_too_many_is_found(posted):
    line = JournalLine.objects.filter(account="receivable").get()
    other = JournalLine.objects.filter(account="revenue").first()
    _post_cent(line, other, Decimal("0.01"))
    found = control_differences(actor=SYSTEM, on=line.posted_on)
    assert {(one.key.account, one.ledger - one.documents) for one in found} == {
        ("receivable", Decimal("0.01")),
        ("revenue_and_deferred", Decimal("-0.01")),
    }
    assert control_differences(actor=SYSTEM, on=line.posted_on - timedelta(days=1)) == []
    proof = prove_ledger(actor=SYSTEM, on=line.posted_on)
    assert not proof.agrees
    item = ReviewItem.objects.get()
    assert (item.kind, item.status) == ("ledger_difference", "open")
    assert differing_days() == [line.posted_on]
    _post_cent(line, other, Decimal("-0.01"))
    prove_yesterday(schema=current_schema())  # proves the day that differed again
    item.refresh_from_db()
    assert item.status == "resolved"
    assert LedgerProof.objects.get(on=line.posted_on).agrees
    assert differing_days() == []


@pytest.mark.spoils_the_books
def test_opposite_errors_of_two_companies_do_not_cancel(posted):
    """The same customer's receivable is a dollar too high in one company, too low in the other."""
    west = create_legal_entity(
        actor=SYSTEM, given={"name": "Acme West Ltd.", "number_prefix": "AW", "currency": "CAD"}
    )
    for entity, amount in ((posted.entity, Decimal(1)), (west, Decimal(-1))):
        post(
            [
                Entry(
                    kind="write_off",
                    source_id=uuid4(),
                    document_id=posted.pk,
                    document_code=str(posted),
                    posted_on=posted.invoice_date,
                    entity_id=entity.pk,
                    customer_id=posted.customer_id,
                    site_id=None,
                    currency="CAD",
                    base_currency="CAD",
                    legs=(Leg("receivable", amount), Leg("write_off", -amount)),
                )
            ]
        )
    found = control_differences(actor=SYSTEM, on=DATES[-1])
    told = {(one.key.entity_id, one.key.in_books, one.ledger - one.documents) for one in found}
    assert told == {
        (posted.entity_id, False, 1),
        (posted.entity_id, True, 1),
        (west.pk, False, -1),
        (west.pk, True, -1),
    }
    proof = prove_ledger(actor=SYSTEM, on=DATES[-1])
    assert {one["company"] for one in proof.differences} == {posted.entity.name, "Acme West Ltd."}


@pytest.mark.spoils_the_books
def test_a_settled_amount_without_its_allocation_is_found(posted):
    Invoice.objects.filter(pk=posted.pk).update(amount_paid=Decimal(5))
    (found,) = control_differences(actor=SYSTEM, on=DATES[-1])
    assert (found.key.account, found.key.detail) == ("settled", posted.number)


def test_the_proof_is_kept_once_a_day(posted, actor_in):
    for _time in range(2):
        prove_ledger(actor=SYSTEM, on=date(2026, 1, 31))
    proof = LedgerProof.objects.get()
    assert proof.agrees
    assert proof.compared >= 4
    with pytest.raises(Forbidden):
        control_differences(actor=actor_in("contractor"), on=DATES[0])


def test_the_number_of_queries_does_not_grow(posted, django_assert_num_queries):
    with CaptureQueriesContext(
        connection,
    ) as few:
        control_differences(actor=SYSTEM, on=DATES[-1])
    office = Office(99)
    for _step in range(15):
        office.step()
    with django_assert_num_queries(len(few)):
        control_differences(actor=SYSTEM, on=DATES[-1])
