"""Void and approval: what is reversed, what frees, what stands in the way."""

from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site

from billing.periods import Period
from shared.accounts.models import User
from shared.audit.models import Entry
from shared.audit.selectors import payload_of
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from shared.kernel.tenancy import organisation_context
from tenants.contracts.models import Contract
from tenants.invoices.errors import NotIssuable, NotVoidable
from tenants.invoices.models import BillingRun, Invoice
from tenants.invoices.selectors.corrected import related_documents
from tenants.invoices.services import (
    approve_invoice,
    credit_invoice,
    generate_invoice,
    issue_invoice,
    void_invoice,
)
from tenants.ledger.models import JournalEntry
from tenants.ledger.selectors import trial_balance
from tenants.payments.services import record_payment
from tenants.review.services import raise_item

YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))


@pytest.fixture
def invoice(in_acme):
    """A year billed in advance: 12,000.00 and HST 1,560.00, earned month by month."""
    make_contract(make_site(), frequency="annual")
    return bill()


def bill(actor=SYSTEM, **options):
    return generate_invoice(
        actor=actor,
        site_id=Contract.objects.get().site.site_id,
        period=YEAR,
        invoice_date=date(2026, 1, 1),
        **options,
    ).invoice


def void(invoice, **options):
    options.setdefault("reason", "Billed twice")
    return void_invoice(
        actor=options.pop("actor", SYSTEM), invoice_id=invoice.invoice_id, **options
    )


def test_a_void_takes_back_everything_posted(invoice):
    voided = void(invoice)
    voided.refresh_from_db()
    assert (voided.document_status, voided.void_reason) == ("void", "Billed twice")
    assert voided.number == invoice.number
    # nothing is left once the last month is over, and nothing of the receivable from today on
    assert trial_balance(actor=SYSTEM, on=date(2026, 12, 31)) == []
    today = {row.account for row in trial_balance(actor=SYSTEM, on=voided.voided_on)}
    assert "receivable" not in today
    before = trial_balance(actor=SYSTEM, on=date(2026, 1, 31))
    assert {row.account: row.amount for row in before}["receivable"] == 13560
    again = void(invoice)
    assert (again.pk, JournalEntry.objects.filter(kind="void").count()) == (
        voided.pk,
        len({entry.posted_on for entry in JournalEntry.objects.filter(kind="void")}),
    )


def test_what_asked_to_recalculate_it_is_over(invoice):
    item = raise_item(kind="recalculation", target=invoice, cause="Revenue changed")
    void(invoice)
    item.refresh_from_db()
    assert (item.status, item.closing_note) == ("resolved", "The invoice is void.")


def test_a_full_credit_ends_what_asked_to_recalculate(invoice):
    item = raise_item(kind="recalculation", target=invoice, cause="Revenue changed")
    for amount, status in ((Decimal("2000.00"), "open"), (None, "resolved")):
        note = credit_invoice(
            actor=SYSTEM, invoice_id=invoice.invoice_id, reason="Wrong", amount=amount
        )
        issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
        item.refresh_from_db()
        assert item.status == status


def test_the_period_is_free_again_and_the_two_are_linked(invoice):
    void(invoice)
    new = bill()
    assert new.pk != invoice.pk
    assert new.number.endswith("-000002")  # a number is never used again
    assert [one.pk for one in related_documents(actor=SYSTEM, invoice=new)] == [invoice.pk]
    assert [one.pk for one in related_documents(actor=SYSTEM, invoice=invoice)] == [new.pk]


def test_what_was_paid_is_not_voided(invoice):
    record_payment(
        actor=SYSTEM,
        invoice_id=invoice.invoice_id,
        amount=Decimal(1),
        received_on=date(2026, 2, 1),
        method="ACH",
    )
    with pytest.raises(NotVoidable):
        void(invoice)


def test_what_is_built_on_is_not_voided(invoice):
    note = credit_invoice(
        actor=SYSTEM, invoice_id=invoice.invoice_id, reason="x", amount=Decimal(1)
    )
    with pytest.raises(NotVoidable) as refused:
        void(invoice)
    assert refused.value.extra == {"invoice_id": note.invoice_id}
    issue_invoice(actor=SYSTEM, invoice_id=note.invoice_id)
    for document in (invoice, note):
        with pytest.raises(NotVoidable):
            void(document)


def test_refusals(invoice, actor_in, globex):
    with pytest.raises(Invalid):
        void(invoice, reason=" ")
    with pytest.raises(Forbidden):
        void(invoice, actor=actor_in("approver"))
    with organisation_context(globex), pytest.raises(NotFound):
        void(invoice)
    assert Invoice.objects.get().document_status == "issued"


def test_whoever_made_a_draft_approves_it_only_where_nobody_else_may(invoice, actor_in):
    void(invoice)
    owner = actor_in("owner")
    draft = bill(issue=False, actor=owner)
    other = User.objects.create_user("second@acme.example", "x" * 12, role="approver")
    with pytest.raises(Conflict):
        approve_invoice(actor=owner, invoice_id=draft.invoice_id)
    other.is_active = False
    other.save()
    approved = approve_invoice(actor=owner, invoice_id=draft.invoice_id)
    assert approved.document_status == "approved"
    act = Entry.objects.filter(action="invoice.approved").latest("sequence")
    assert payload_of(act)["after"]["self_approved"] is True


def test_whoever_started_a_run_made_its_drafts(invoice, actor_in):
    void(invoice)
    owner = actor_in("owner")
    User.objects.create_user("second@acme.example", "x" * 12, role="approver")
    run = BillingRun.objects.create(
        period_start=YEAR.start_date,
        period_end=YEAR.end_date,
        started_by={"kind": owner.kind, "id": owner.id, "label": owner.label},
    )
    draft = bill(issue=False, actor=run.actor)
    with pytest.raises(Conflict):
        approve_invoice(actor=owner, invoice_id=draft.invoice_id)
    approve_invoice(actor=actor_in("approver"), invoice_id=draft.invoice_id)


def test_a_draft_is_approved_then_issued(invoice, actor_in):
    void(invoice)
    draft = bill(issue=False)
    with pytest.raises(NotVoidable):
        void(draft)
    with pytest.raises(Forbidden):
        approve_invoice(actor=actor_in("viewer"), invoice_id=draft.invoice_id)
    for _time in range(2):
        approved = approve_invoice(actor=actor_in("approver"), invoice_id=draft.invoice_id)
        assert approved.document_status == "approved"
    issued = issue_invoice(actor=SYSTEM, invoice_id=draft.invoice_id)
    with pytest.raises(NotIssuable):
        approve_invoice(actor=SYSTEM, invoice_id=issued.invoice_id)
