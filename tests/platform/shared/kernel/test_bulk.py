"""Rows copied in and changed many at a time are what the ordinary ways would have stored."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from support.billing import make_site

from shared.kernel.bulk import copy_instances, copy_rows, update_rows
from tenants.activity.models import RevenueRecord
from tenants.sites.models import Contact


def revenue(site, day, net="10.25"):
    return RevenueRecord(site=site, day=day, gross_amount=Decimal(net), net_amount=Decimal(net))


def test_copied_instances_are_stored_with_their_defaults(in_acme):
    site = make_site()
    rows = [revenue(site, f"2026-01-{day:02}") for day in (1, 2, 3)]
    copy_instances(rows)
    stored = RevenueRecord.objects.get(pk=rows[1].pk)
    assert (stored.net_amount, stored.category, stored.revision) == (Decimal("10.25"), "general", 1)
    assert stored.created_at is not None
    assert not rows[0]._state.adding


def test_copied_text_keeps_every_character(in_acme):
    site = make_site()
    name = "tab\t newline\n backslash\\ é “quote” \\N"
    contact = Contact(site=site, name=name, email="a@b.example", is_billing=False)
    copy_instances([contact])
    assert Contact.objects.get(pk=contact.pk).name == name


def test_encrypted_values_are_encrypted_on_the_way(in_acme):
    from tenants.sites.models import TaxExemption

    customer = make_site().customer
    exemption = TaxExemption(customer=customer, component="GST", certificate_number="C-123")
    copy_instances([exemption])
    with connection.cursor() as cursor:
        cursor.execute("SELECT certificate_number FROM sites_taxexemption")
        (raw,) = cursor.fetchone()
    assert b"C-123" not in bytes(raw)
    assert TaxExemption.objects.get(pk=exemption.pk).certificate_number == "C-123"


def test_copying_keeps_the_constraints(in_acme):
    site = make_site()
    copy_instances([revenue(site, "2026-01-01")])
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_instances([revenue(site, "2026-01-02"), revenue(site, "2026-01-01")])
    assert RevenueRecord.objects.count() == 1


def test_many_rows_change_in_one_statement(in_acme, django_assert_num_queries):
    site = make_site()
    rows = [revenue(site, f"2026-01-{day:02}") for day in range(1, 29)]
    copy_instances(rows)
    for number, row in enumerate(rows):
        row.net_amount, row.category = Decimal(number) / 4, f"c{number}"
    with django_assert_num_queries(1):
        update_rows(RevenueRecord, ("net_amount", "category"), rows[:20])
    stored = {row.pk: row for row in RevenueRecord.objects.all()}
    assert [stored[row.pk].net_amount for row in rows[:20]] == [Decimal(n) / 4 for n in range(20)]
    assert [stored[row.pk].category for row in rows[20:]] == ["general"] * 8


def test_nothing_to_copy_is_no_statement(in_acme, django_assert_num_queries):
    with django_assert_num_queries(0):
        copy_instances([])


def test_rows_are_taken_as_they_come(in_acme):
    copy_rows(
        "outbox_event",
        ("topic", "key", "payload", "created_at"),
        ((f"t{n}", "SITE000001", "{}", "2026-01-01T00:00:00Z") for n in range(5)),
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_event WHERE key = 'SITE000001'")
        assert cursor.fetchone() == (5,)
