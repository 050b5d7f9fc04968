"""The measurement measures what it says."""

from tenants.documents import bench
from tenants.documents.bench import measure, sample_invoice


def test_measure(monkeypatch):
    monkeypatch.setattr(bench, "INVOICES_A_RUN", 2)
    found = measure(1)
    assert found["repeats"] == 3
    assert found["pages_each"] == 1
    assert found["lines"] == 5
    assert found["invoices_per_second_per_core"] > 0
    assert found["bytes_each"] > 5_000


def test_samples_differ_and_add_up():
    one, other = sample_invoice(1), sample_invoice(2)
    assert one.lines != other.lines
    assert sum(line.amount for line in one.lines) == one.subtotal
    assert one.subtotal + one.taxes[0].amount == one.total
