"""Two people at one invoice at the same moment: credited, paid, voided, released once."""

from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site
from support.payments import balance_of
from support.threads import at_once

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import AppError
from shared.kernel.tenancy import organisation_context
from tenants.contracts.models import Contract
from tenants.invoices.models import Invoice
from tenants.invoices.services import (
    credit_invoice,
    generate_invoice,
    issue_invoice,
    recalculate_invoice,
    release_holdback,
    void_invoice,
)
from tenants.ledger.models import Account
from tenants.payments.control import control_differences
from tenants.payments.services import record_payment, write_off_invoice

DAY = date(2025, 2, 15)


class Together:
    """Works started together in one organisation, for invoices of one contract.

    1,000.00 a month and 13 % HST; 10 % are held back. One organisation for all: making one takes
    longer than the rest.
    """

    def __init__(self, organisation):
        self.organisation = organisation
        with organisation_context(organisation):
            self.contract = make_contract(make_site())
            Contract.objects.filter(pk=self.contract.pk).update(holdback_rate=Decimal("0.1"))

    def bill(self, month):
        with organisation_context(self.organisation):
            return generate_invoice(
                actor=SYSTEM,
                site_id=self.contract.site.site_id,
                period=month_period(2025, month),
            ).invoice

    def run(self, *works):
        return at_once(self.organisation, *works)


@pytest.fixture
def together(throwaway_organisation, django_db_blocker):
    with django_db_blocker.unblock():
        yield Together(throwaway_organisation)
        with organisation_context(throwaway_organisation):
            assert control_differences(actor=SYSTEM, on=date(2999, 1, 1)) == []


def credit(invoice):
    note = credit_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Wrong")
    return issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)


def pay(invoice):
    return record_payment(
        actor=SYSTEM,
        invoice_id=invoice.invoice_id,
        amount=Decimal(invoice.total),
        received_on=DAY,
        method="ACH",
    )


def refused(results):
    return [one for one in results if isinstance(one, AppError)]


def test_nothing_is_done_twice_to_one_invoice(together):
    one_of_credit_void_and_write_off(together, together.bill(1))
    one_of_payment_and_void(together, together.bill(2))
    one_draft_and_one_issue(together, together.bill(3))
    one_release(together)


def one_of_credit_void_and_write_off(together, invoice):
    code = invoice.invoice_id
    results = together.run(
        lambda: credit(invoice),
        lambda: void_invoice(actor=SYSTEM, invoice_id=code, reason="x"),
        lambda: write_off_invoice(actor=SYSTEM, invoice_id=code, reason="x"),
        lambda: credit(invoice),
    )
    assert len(refused(results)) >= 2
    with organisation_context(together.organisation):
        kept = Invoice.objects.get(pk=invoice.pk)
        given = Invoice.objects.filter(corrects=invoice)
        assert kept.document_status == "issued" or not given.exists()
        assert sum(note.total for note in given) >= -kept.total
        assert kept.balance_due >= 0


def one_of_payment_and_void(together, invoice):
    code = invoice.invoice_id
    results = together.run(
        lambda: pay(invoice),
        lambda: void_invoice(actor=SYSTEM, invoice_id=code, reason="x"),
    )
    assert len(refused(results)) == 1
    with organisation_context(together.organisation):
        kept = Invoice.objects.get(pk=invoice.pk)
        paid = kept.document_status == "issued" and kept.payment_status == "paid"
        assert paid or (kept.document_status == "void" and kept.amount_paid == 0)


def one_draft_and_one_issue(together, invoice):
    with organisation_context(together.organisation):
        together.contract.terms.update(billing_configuration={"monthly_fee": "900.00"})

    def recalculate():
        made = recalculate_invoice(actor=SYSTEM, invoice_id=invoice.invoice_id)
        return made.correction.invoice_id

    (draft,) = set(together.run(recalculate, recalculate, recalculate))

    def issue():
        return issue_invoice(actor=SYSTEM, invoice_id=draft).number

    assert len(set(together.run(issue, issue, issue))) == 1
    with organisation_context(together.organisation):
        # 900.00 less 10 % and HST: 810.00 + 105.30
        assert Invoice.objects.get(pk=invoice.pk).balance_due == Decimal("915.30")


def one_release(together):
    def release():
        contract_id = together.contract.contract_id
        draft = release_holdback(actor=SYSTEM, contract_id=contract_id, early=True, reason="Agreed")
        return issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)

    assert len(refused(together.run(release, release, release))) == 2
    with organisation_context(together.organisation):
        assert balance_of(Account.HOLDBACK_RECEIVABLE) == 0
