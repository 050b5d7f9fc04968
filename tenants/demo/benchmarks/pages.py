"""Every page a billing manager can open, in an organisation that has billed for years."""

import os
import statistics
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from django.db import connection
from django.db.models import Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from billing.periods import Period, month_period
from shared.accounts.services.people import add_person
from shared.kernel.actor import SYSTEM
from shared.kernel.memory import look_for_cycles_less_often
from shared.kernel.tenancy import organisation_context
from tenants.demo.benchmarks import machine
from tenants.demo.benchmarks.organisation import multiply_contracts, organisation
from tenants.invoices.models import BillingRun, Invoice
from tenants.invoices.services import process_run, start_run
from tenants.payments.models import Payment
from tenants.payments.services import PaymentInput, record_customer_payment
from tenants.reporting.reports import LIBRARY

INVOICES = int(os.environ.get("INVOICEPATCH_BENCH_INVOICES", "100000"))
MONTHS = [month_period(2024 + n // 12, 1 + n % 12) for n in range(34)]
OPEN_MONTHS = 2
MONTHS_A_PAYMENT = 4
SLOWEST = 15
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# Not pages: files, streams, and what another system asks for.
LEFT_OUT = ("export", "file", "events", "stream", "download", "example", "logout")


def measure(repeats: int) -> dict[str, Any]:
    """Server time of each page as the web process spends it, template and queries included."""
    target = organisation()
    with organisation_context(target):
        _fill()
        browser, paths = _browser(target), dict(_pages())
        counts = {"invoices": Invoice.objects.count(), "payments": Payment.objects.count()}
    look_for_cycles_less_often()
    found = {name: _time(browser, path, repeats) for name, path in paths.items()}
    figures = {name: one for name, one in found.items() if one is not None}
    slowest = sorted(figures, key=lambda name: -figures[name][0])
    return {
        **counts,
        "pages": len(figures),
        "median_milliseconds": round(statistics.median(one[0] for one in figures.values()), 1),
        "slowest_milliseconds_and_queries": {name: figures[name] for name in slowest[:SLOWEST]},
        "repeats": repeats,
        "statistic": "median of the repeats after a first look; template and queries included",
        "machine": machine(),
    }


def _fill() -> None:
    """INVOICES issued over the months by runs; all but the last months' are paid."""
    contracts = -(-INVOICES // len(MONTHS))
    multiply_contracts(contracts)
    for month in MONTHS:
        process_run(run_id=start_run(actor=SYSTEM, period=month).pk)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    paid = MONTHS[:-OPEN_MONTHS]
    for first in range(0, len(paid), MONTHS_A_PAYMENT):
        _pay(Period(paid[first].start_date, paid[first : first + MONTHS_A_PAYMENT][-1].end_date))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _pay(period: Period) -> None:
    """One payment of each customer for all that the period billed."""
    owed = (
        Invoice.objects.filter(period_end__range=(period.start_date, period.end_date))
        .values_list("customer__customer_id", "currency")
        .annotate(sum=Sum("total"))
        .order_by("customer__customer_id")
    )
    for customer_id, currency, amount in list(owed):
        given = PaymentInput(amount, currency, period.end_date, "ACH")
        record_customer_payment(actor=SYSTEM, customer_id=customer_id, given=given)


def _browser(target: Any) -> Client:
    person = add_person(
        actor=SYSTEM,
        role="owner",
        email="bench@acme.example",
        name="Bench",
        password=uuid4().hex,
    )
    browser = Client(HTTP_HOST=target.host)
    browser.force_login(person, backend=BACKEND)
    return browser


def _pages() -> Iterator[tuple[str, str]]:
    """The pages without arguments, and one of each kind that has one."""
    for name in sorted(set(_names(get_resolver("config.urls_tenant")))):
        if not any(word in name for word in LEFT_OUT):
            try:
                yield name, reverse(name, urlconf="config.urls_tenant")
            except NoReverseMatch:
                continue
    invoice = Invoice.objects.select_related("site", "customer", "contract").latest("created_at")
    payment, run = Payment.objects.latest("created_at"), BillingRun.objects.latest("created_at")
    for name, key in (
        ("invoice_detail", invoice.invoice_id),
        ("site_detail", invoice.site.site_id),
        ("customer_detail", invoice.customer.customer_id),
        ("contract_detail", invoice.contract.contract_id),
        ("payment_detail", payment.payment_id),
        ("billing_run_detail", run.pk),
        *(("report_detail", one) for one in LIBRARY),
    ):
        yield f"{name} {key}", reverse(name, args=[key], urlconf="config.urls_tenant")


def _names(resolver: URLResolver) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name


def _time(browser: Client, path: str, repeats: int) -> tuple[float, int] | None:
    """Milliseconds and queries; None where it is no page (a redirect, a form's address)."""
    answer = browser.get(path)
    if answer.status_code != 200 or "text/html" not in answer.headers.get("Content-Type", ""):
        return None
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        browser.get(path)
        times.append((time.perf_counter() - started) * 1000)
    with CaptureQueriesContext(connection) as captured:
        browser.get(path)
    return round(statistics.median(times), 1), len(captured)
