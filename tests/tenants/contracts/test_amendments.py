"""Amendments: recorded for good, told field by field, and invoiced days only on request."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from support.billing import make_contract, make_site

from billing.periods import Period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Conflict, Invalid
from tenants.contracts.models import ContractAmendment, ContractTerms
from tenants.contracts.selectors import contract_by_code
from tenants.contracts.services import TermsInput, amend_contract, change_terms
from tenants.contracts.versions import contract_versions
from tenants.invoices.services import generate_invoice
from tenants.review.models import ReviewItem

JANUARY = Period(date(2025, 1, 1), date(2025, 1, 31))
FEBRUARY = Period(date(2025, 2, 1), date(2025, 2, 28))


def amend(contract, fee, day, **options):
    return change_terms(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        terms=TermsInput("fixed_fee", {"monthly_fee": fee}),
        effective_date=day,
        **options,
    )


def versions(contract):
    return contract_versions(contract_by_code(actor=SYSTEM, contract_id=contract.contract_id))


def test_versions_tell_what_changed_and_why(in_acme):
    contract = make_contract()
    amend(contract, "1100.00", date(2025, 3, 1), reason="Yearly talk")
    amend(contract, "1250.00", date(2025, 6, 1))
    first, second, third = versions(contract)
    assert (first.changes, first.reason, first.valid_to) == ([], "", date(2025, 2, 28))
    assert second.reason == "Yearly talk"
    assert [(one.field, one.before, one.after) for one in second.changes] == [
        ("monthly_fee", 1000, 1100)
    ]
    assert [(one.before, one.after) for one in third.changes] == [(1100, 1250)]


def test_a_change_of_type_names_every_field_of_both(in_acme):
    contract = make_contract()
    change_terms(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        terms=TermsInput(
            "revenue_share",
            {"tiers": [{"up_to": 1000, "rate": "0.1"}, {"up_to": None, "rate": "0.2"}]},
            "quarterly",
        ),
        effective_date=date(2025, 3, 1),
    )
    changed = {one.field for one in versions(contract)[1].changes}
    assert changed == {
        "contract_type",
        "billing_frequency",
        "monthly_fee",
        "tiers[0].up_to",
        "tiers[0].rate",
        "tiers[1].rate",
    }


def test_terms_replaced_on_their_first_day_stay_in_the_history(in_acme):
    contract = make_contract()
    amend(contract, "1100.00", date(2025, 3, 1), reason="First try")
    amend(contract, "1150.00", date(2025, 3, 1), reason="Second try")
    told = [(one.reason, one.is_replaced) for one in versions(contract)]
    assert told == [("", False), ("First try", True), ("Second try", False)]
    assert ContractTerms.objects.count() == 2


def test_the_database_keeps_amendments_as_they_are(in_acme):
    amend(make_contract(), "1100.00", date(2025, 3, 1))
    row = ContractAmendment.objects.get()
    row.reason = "Another"
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.delete()


def test_invoiced_days_are_refused_and_the_invoices_named(in_acme):
    site = make_site()
    contract = make_contract(site)
    invoices = [
        generate_invoice(actor=SYSTEM, site_id=site.site_id, period=period).invoice
        for period in (JANUARY, FEBRUARY)
    ]
    with pytest.raises(Conflict) as refused:
        amend(contract, "1100.00", date(2025, 1, 20))
    named = refused.value.extra["invoices"]
    assert [one["invoice_id"] for one in named] == [one.invoice_id for one in invoices]
    assert (ContractAmendment.objects.count(), ReviewItem.objects.count()) == (0, 0)


def test_on_request_the_change_is_stored_and_a_person_asked(in_acme):
    site = make_site()
    contract = make_contract(site)
    january, february = (
        generate_invoice(actor=SYSTEM, site_id=site.site_id, period=period).invoice
        for period in (JANUARY, FEBRUARY)
    )
    amend(contract, "1100.00", date(2025, 2, 10), allow_invoiced=True)
    item = ReviewItem.objects.get()
    assert (item.kind, item.target_id, item.site_id) == ("recalculation", february.pk, site.pk)
    assert item.link.endswith(february.invoice_id)
    amend(contract, "1200.00", date(2025, 1, 5), allow_invoiced=True)
    targets = set(ReviewItem.objects.values_list("target_id", flat=True))
    assert targets == {january.pk, february.pk}  # asked once each
    january.refresh_from_db()
    assert january.subtotal == 1000  # the invoice itself stays


def test_without_a_frequency_the_present_one_stays(in_acme):
    contract = make_contract(frequency="quarterly")
    changed = amend_contract(
        actor=SYSTEM,
        contract_id=contract.contract_id,
        contract_type="fixed_fee",
        billing_configuration={"monthly_fee": "1100"},
        effective_date=date(2025, 3, 1),
    )
    assert changed.billing_frequency == "quarterly"


def test_reasons_have_a_length(in_acme):
    with pytest.raises(Invalid) as refused:
        amend(make_contract(), "1100.00", date(2025, 3, 1), reason="x" * 501)
    assert refused.value.errors[0].field == "reason"
