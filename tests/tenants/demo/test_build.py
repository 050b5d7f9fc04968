"""The demo: the same seed and day give the same amounts, and every situation occurs."""

from datetime import date

from django.db import transaction
from django.db.models import Count, Max, Min, Sum

from tenants.contracts.models import Contract, ContractTerms
from tenants.delivery.models import Delivery, Reminder
from tenants.demo import build
from tenants.demo.acme import ACME
from tenants.demo.build import MONTHS, play
from tenants.demo.globex import GLOBEX
from tenants.imports.models import Import
from tenants.invoices.models import Invoice
from tenants.payments.models import Payment
from tenants.review.models import ReviewItem

TODAY = date(2026, 11, 21)


class Undone(Exception):
    """Rolls a played story back."""


def play_and_undo(story, seed):
    """What the story comes to, without keeping it."""
    figures = {}
    try:
        with transaction.atomic():
            play(story, today=TODAY, seed=seed)
            figures.update(
                Invoice.objects.aggregate(
                    count=Count("pk"), total=Sum("total"), paid=Sum("amount_paid")
                )
            )
            raise Undone
    except Undone:
        return figures


def test_same_seed_same_demo_other_seed_other_demo(in_acme, monkeypatch):
    monkeypatch.setattr(build, "MONTHS", 6)  # as many as the story's changes of terms need
    first, again = play_and_undo(ACME, 7), play_and_undo(ACME, 7)
    other = play_and_undo(ACME, 8)
    assert first == again
    assert first["total"] != other["total"]


def check_what_went_out():
    """Documents went out and came to different ends."""
    statuses = set(Delivery.objects.values_list("channel", "status"))
    assert statuses == {
        ("email", "delivered"),
        ("email", "failed"),
        ("email", "sent"),
        ("portal", "delivered"),
        ("download", "delivered"),
    }
    assert not Delivery.objects.filter(status="pending").exists()
    assert Reminder.objects.count() == 1
    assert ReviewItem.objects.filter(kind__in=("delivery", "mail_complaint")).count() == 2


def test_every_situation_occurs(in_acme):
    play(GLOBEX, today=TODAY, seed=2025)
    span = Invoice.objects.aggregate(first=Min("period_start"), last=Max("period_end"))
    assert span == {"first": date(2025, 9, 1), "last": date(2026, 10, 31)}
    assert MONTHS == 14
    issued = Invoice.objects.filter(document_status="issued")
    statuses = set(issued.values_list("payment_status", flat=True))
    assert statuses == {"paid", "partially_paid", "unpaid", "credited"}
    assert issued.exclude(payment_status="paid").filter(due_date__lt=TODAY).exists()
    assert Invoice.objects.filter(document_status="validated").exists()
    assert all(issued.values_list("number", flat=True))
    unapplied = [
        p
        for p in Payment.objects.prefetch_related("allocations")
        if p.amount > sum(row.amount for row in p.allocations.all())
    ]
    assert unapplied  # somebody paid too much
    job = Import.objects.get()  # a file of late revenue waits to be imported
    assert (job.status, job.rows, job.bad_rows, job.changed_rows) == ("ready", 8, 3, 5)
    check_what_went_out()


def test_the_two_stories_have_all_five_types_and_every_status(in_acme):
    play(ACME, today=TODAY, seed=2025)
    types = set(ContractTerms.objects.values_list("contract_type", flat=True))
    types |= {c.contract_type for site in GLOBEX.sites for c in site.contracts}
    assert types == {
        "revenue_share",
        "per_labor_hour",
        "fixed_fee",
        "management_agreement",
        "hybrid",
    }
    statuses = set(Contract.objects.values_list("status", flat=True))
    assert statuses == {"draft", "active", "renewal_due", "terminated"}
    changed = Contract.objects.annotate(versions=Count("terms")).filter(versions__gt=1)
    assert changed.exists()
