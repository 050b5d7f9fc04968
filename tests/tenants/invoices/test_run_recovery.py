"""What fails in a run: kept with its kind, put before a person, tried again alone."""

from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.kernel.tenancy import organisation_context
from tenants.activity.services import DayRevenue, record_revenue
from tenants.contracts.models import Contract
from tenants.contracts.services import TermsInput, change_terms
from tenants.invoices import tasks
from tenants.invoices.explanation import trace_steps
from tenants.invoices.models import BillingRun, Invoice
from tenants.invoices.run_filters import RunFilters
from tenants.invoices.selectors.runs import error_counts, run_totals
from tenants.invoices.services import (
    billing_batches,
    change_validation_settings,
    discard_draft,
    generate_invoice,
    process_run,
    recalculate_invoice,
    retry_failed,
    start_run,
    validate_invoice,
)
from tenants.invoices.services.healing import heal_reviews
from tenants.ledger.services.closing import close_books
from tenants.review.models import ReviewItem
from tenants.structure.models import LegalEntity
from tenants.structure.services.entities import update_legal_entity

MARCH = month_period(2025, 3)
SHARE = {"contract_type": "revenue_share", "configuration": {"revenue_share_rate": "0.1"}}


def run_march(**options):
    return process_run(run_id=start_run(actor=SYSTEM, period=MARCH, **options).pk)


def report(site, days, amount="100.00"):
    records = [DayRevenue(day, Decimal(amount)) for day in days]
    record_revenue(actor=SYSTEM, site_id=site.site_id, records=records)


def days_of(period):
    return list(period)


def test_a_failure_has_kind_field_and_link_and_waits_for_a_person(in_acme):
    share = make_contract(**SHARE)
    good = make_contract()
    run = run_march()
    item = run.items.get(contract=share)
    assert (item.status, item.error_kind) == ("failed", "data_validation")
    assert item.field == "billing_data.revenue_amount"
    review = ReviewItem.objects.get()
    assert (review.kind, review.status) == ("data_validation", "open")
    assert review.link == f"/sites/{share.site.site_id}/revenue"
    assert review.cause == item.reason
    assert review.details["period_end"] == "2025-03-31"
    assert run.items.get(contract=good).status == "billed"
    assert error_counts(run) == {"data_validation": 1}
    assert run_totals(run) == {"CAD": Decimal("1130.00")}


def test_failing_again_is_the_same_review_and_billing_closes_it(in_acme):
    share = make_contract(**SHARE)
    run_march()
    run_march()
    review = ReviewItem.objects.get()
    assert review.revision == 2
    report(share.site, days_of(MARCH))
    run = run_march()
    assert run.items.get().invoice.subtotal == Decimal("310.00")  # 31 × 100.00 at 10 %
    review.refresh_from_db()
    assert review.status == "resolved"


def test_a_review_closes_with_the_last_day_that_lacked_revenue(in_acme):
    share, other = make_contract(**SHARE), make_contract(make_site(), **SHARE)
    run_march()
    *most, last = days_of(MARCH)
    report(share.site, most[:1])  # the sum of the month, or its first day: the night will tell
    report(share.site, most[1:])
    assert ReviewItem.objects.filter(status="open").count() == 2
    report(share.site, [last])
    (review,) = ReviewItem.objects.filter(status="resolved")
    assert review.details["contract_id"] == share.contract_id
    assert review.closing_note == "Nothing stands in the way any more."
    assert not Invoice.objects.exists()  # it is billed when somebody says so
    assert retry_failed(actor=SYSTEM, run_id=BillingRun.objects.get().pk).status == "running"
    assert heal_reviews() == 0
    report(other.site, [last], "3100.00")
    assert ReviewItem.objects.filter(status="open").count() == 1
    assert heal_reviews() == 1


def test_a_review_closes_where_the_company_is_registered_meanwhile(
    in_acme, monkeypatch, django_capture_on_commit_callbacks
):
    contract = make_contract(make_site(province="QC"))
    entity = LegalEntity.objects.get()
    gst = {"GST": "123456789RT0001"}
    update_legal_entity(actor=SYSTEM, entity_id=entity.pk, changes={}, tax_registrations=gst)
    run_march()
    review = ReviewItem.objects.get()
    assert (review.details["code"], review.status) == ("tax_registration_present", "open")
    monkeypatch.setattr(tasks.heal_open_reviews, "apply_async", lambda **_options: heal_reviews())
    both = {**gst, "QST": "1234567890TQ0001"}
    for registrations, status in ((gst, "open"), (both, "resolved")):
        with django_capture_on_commit_callbacks(execute=True):
            update_legal_entity(
                actor=SYSTEM, entity_id=entity.pk, changes={}, tax_registrations=registrations
            )
        review.refresh_from_db()
        assert (review.status, review.details["contract_id"]) == (status, contract.contract_id)


def test_the_night_closes_what_is_no_longer_due_and_nothing_in_closed_books(in_acme):
    ended, closed = make_contract(**SHARE), make_contract(make_site(), **SHARE)
    run_march()
    Contract.objects.filter(pk=ended.pk).update(end_date=date(2025, 2, 28))
    report(closed.site, days_of(MARCH)[:-1])
    entity = LegalEntity.objects.get()
    close_books(actor=SYSTEM, entity_id=entity.pk, through=MARCH.end_date, confirmed=True)
    report(closed.site, days_of(MARCH)[-1:])
    assert heal_reviews() == 1
    (left,) = ReviewItem.objects.filter(status="open")
    assert left.details["contract_id"] == closed.contract_id


def test_the_same_contract_fails_for_each_period_by_itself(in_acme):
    share = make_contract(**SHARE)
    run_march()
    process_run(run_id=start_run(actor=SYSTEM, period=month_period(2025, 2)).pk)
    report(share.site, days_of(MARCH))
    run_march()
    open_ones = ReviewItem.objects.filter(status="open")
    assert [one.details["period_start"] for one in open_ones] == ["2025-02-01"]


def test_billing_by_hand_closes_the_review(in_acme):
    share = make_contract(**SHARE)
    run_march()
    generate_invoice(
        actor=SYSTEM,
        site_id=share.site.site_id,
        period=MARCH,
        billing_data={"revenue_amount": "500"},
    )
    assert ReviewItem.objects.get().status == "resolved"


def test_retry_bills_what_failed_and_nothing_else(in_acme):
    share, good = make_contract(**SHARE), make_contract()
    run = run_march()
    made = run.items.get(contract=good).invoice
    discarded = Invoice.objects.count()
    report(share.site, days_of(MARCH))
    late = make_contract()  # not of this run
    retry_failed(actor=SYSTEM, run_id=run.pk)
    run = process_run(run_id=run.pk)
    assert run.status == "done"
    assert run.items.get(contract=share).status == "billed"
    assert run.items.get(contract=share).attempts == 2
    assert run.items.get(contract=good).invoice == made
    assert run.items.get(contract=good).attempts == 1
    assert not run.items.filter(contract=late).exists()
    assert Invoice.objects.count() == discarded + 1
    with pytest.raises(Conflict):
        retry_failed(actor=SYSTEM, run_id=run.pk)


def test_a_retry_of_another_organisations_run_finds_nothing(acme, globex):
    with organisation_context(globex):
        make_contract(**SHARE)
        run = run_march()
    with organisation_context(acme), pytest.raises(NotFound):
        retry_failed(actor=SYSTEM, run_id=run.pk)


def test_an_engine_that_raises_is_asked_again_and_then_a_person(in_acme, monkeypatch):
    make_contract()
    other = make_contract(configuration={"monthly_fee": "5"})
    calculate, asked = billing_batches.calculate_open, []

    def broken(context, stretches):
        if context.contract.pk == other.pk:
            asked.append(stretches)
            raise ZeroDivisionError
        return calculate(context, stretches)

    monkeypatch.setattr(billing_batches, "calculate_open", broken)
    run = run_march()
    item = run.items.get(contract=other)
    assert (item.status, item.error_kind, item.code) == (
        "failed",
        "calculation",
        "ZeroDivisionError",
    )
    assert len(asked) == 2
    assert ReviewItem.objects.get().kind == "calculation"
    assert run.items.filter(status="billed").count() == 1


def test_an_engine_that_recovers_bills(in_acme, monkeypatch):
    make_contract()
    calculate, asked = billing_batches.calculate_open, []

    def shaky(context, stretches):
        asked.append(stretches)
        if len(asked) == 1:
            raise ZeroDivisionError
        return calculate(context, stretches)

    monkeypatch.setattr(billing_batches, "calculate_open", shaky)
    assert run_march().items.get().status == "billed"


def test_without_a_billing_company_every_contract_says_so(in_acme):
    make_contract()
    LegalEntity.objects.filter(is_default=True).update(is_default=False)
    item = run_march().items.get()
    assert (item.status, item.code) == ("failed", "no_legal_entity")


# --- automatic corrections ----------------------------------------------------------------


def test_a_gap_in_daily_revenue_holds_the_invoice_back(in_acme):
    share = make_contract(**SHARE)
    report(share.site, [day for day in MARCH if day != date(2025, 3, 9)])
    item = run_march().items.get()
    assert (item.status, item.code, item.error_kind) == (
        "failed",
        "every_day_covered",
        "data_validation",
    )
    assert "1 of 31 days" in item.reason


def test_where_missing_days_were_closed_the_gap_corrects_itself(in_acme):
    change_validation_settings(
        actor=SYSTEM,
        variance_limit=Decimal("0.25"),
        severities={},
        off=[],
        missing_days_are_zero=True,
    )
    share = make_contract(**SHARE)
    report(share.site, [day for day in MARCH if day != date(2025, 3, 9)])
    item = run_march().items.get()
    assert (item.status, item.corrections) == ("billed", ["missing_days_are_zero"])
    assert item.invoice.subtotal == Decimal("300.00")  # 30 × 100.00 at 10 %
    assert item.invoice.inputs["corrections"] == ["missing_days_are_zero"]


def test_revenue_is_divided_by_day_where_the_terms_change(in_acme):
    share = make_contract(**SHARE)
    change_terms(
        actor=SYSTEM,
        contract_id=share.contract_id,
        terms=TermsInput("revenue_share", {"revenue_share_rate": "0.2"}),
        effective_date=date(2025, 3, 11),
    )
    report(share.site, days_of(MARCH))
    item = run_march().items.get()
    assert (item.status, item.corrections) == ("billed", ["split_revenue_by_terms"])
    # 10 days × 100.00 at 10 % and 21 days × 100.00 at 20 %: 100.00 + 420.00
    assert item.invoice.subtotal == Decimal("520.00")
    amounts = item.invoice.lines.order_by("position").values_list("amount", flat=True)
    assert list(amounts) == [Decimal("100.00"), Decimal("420.00")]


def test_the_sum_of_a_month_is_divided_by_the_days_of_each_version(in_acme):
    """Reported once for March, which of its days it stands on says nothing."""
    share = make_contract(**SHARE)
    change_terms(
        actor=SYSTEM,
        contract_id=share.contract_id,
        terms=TermsInput("revenue_share", {"revenue_share_rate": "0.2"}),
        effective_date=date(2025, 3, 11),
    )
    report(share.site, [date(2025, 3, 31)], "1000.00")
    item = run_march().items.get()
    assert (item.status, item.corrections) == ("billed", ["divide_month_sums"])
    assert item.invoice.inputs["corrections"] == ["divide_month_sums"]
    # 1,000.00 x 10 / 31 = 322.58 at 10 %; what remains, 677.42, at 20 %: 32.26 + 135.48
    lines = list(item.invoice.lines.order_by("position"))
    assert [line.amount for line in lines] == [Decimal("32.26"), Decimal("135.48")]
    assert [(step.label, step.value) for step in trace_steps(lines[1].trace, "CAD")] == [
        (
            "March 2025: $1,000.00 reported for the month, 21 of 31 days under these terms",
            "$677.42",
        ),
        ("$677.42 at 20%", "135.484"),
        ("Rounded to the smallest unit of CAD", "$135.48"),
    ]
    assert all(check["passed"] for check in item.invoice.checks if check["severity"] != "warning")
    # calculated again it is the same, to the cent
    code = item.invoice.invoice_id
    assert recalculate_invoice(actor=SYSTEM, invoice_id=code).correction is None
    again = validate_invoice(actor=SYSTEM, invoice_id=code)
    assert all(check["passed"] for check in again.checks if check["severity"] != "warning")


def test_a_contract_that_starts_inside_the_period_takes_its_own_days(in_acme):
    share = make_contract(**SHARE, effective_date=date(2025, 3, 22))
    report(share.site, days_of(MARCH))
    # 22 to 31 March: 10 × 100.00 at 10 %
    assert run_march().items.get().invoice.subtotal == Decimal("100.00")


# --- filters ------------------------------------------------------------------------------


def test_filters_narrow_a_run_and_all_must_be_met(in_acme):
    site = make_site()
    fee, share = make_contract(site), make_contract(site, **SHARE)
    elsewhere = make_contract()

    def due(**filters):
        run = start_run(actor=SYSTEM, period=MARCH, filters=RunFilters(**filters))
        return set(run.items.values_list("contract", flat=True))

    assert due() == {fee.pk, share.pk, elsewhere.pk}
    assert due(contract_types=("revenue_share",)) == {share.pk}
    assert due(site_ids=(site.site_id,)) == {fee.pk, share.pk}
    assert due(site_ids=(site.site_id,), contract_types=("fixed_fee",)) == {fee.pk}
    assert due(contract_ids=(elsewhere.contract_id,)) == {elsewhere.pk}
    assert due(frequencies=("quarterly",)) == set()
    entity = LegalEntity.objects.get(is_default=True)
    assert due(entity_ids=(str(entity.pk),)) == {fee.pk, share.pk, elsewhere.pk}
    other = LegalEntity.objects.create(name="Other", number_prefix="OT")
    fee.entity = other
    fee.save(update_fields=["entity"])
    assert due(entity_ids=(str(other.pk),)) == {fee.pk}
    assert due(entity_ids=(str(entity.pk),)) == {share.pk, elsewhere.pk}


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ({"contract_types": ("barter",)}, "contract_types[0]"),
        ({"site_ids": ("SITE999999",)}, "customer_site_ids[0]"),
        ({"contract_ids": tuple(f"CON{n:08}" for n in range(1001))}, "contract_ids"),
        ({"entity_ids": ("3f1c2a34-0000-4000-8000-000000000000",)}, "entity_ids[0]"),
    ],
)
def test_a_filter_that_names_nothing_is_refused(in_acme, filters, field):
    with pytest.raises(Invalid) as refused:
        start_run(actor=SYSTEM, period=MARCH, filters=RunFilters(**filters))
    assert refused.value.errors[0].field == field
    assert BillingRun.objects.count() == 0


def test_a_discarded_draft_can_be_billed_by_a_retry(in_acme):
    contract = make_contract()
    run = run_march(issue=False)
    discard_draft(actor=SYSTEM, invoice_id=run.items.get().invoice.invoice_id)
    assert run_march().items.get(contract=contract).status == "billed"
