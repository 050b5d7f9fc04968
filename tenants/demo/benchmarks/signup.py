"""Sign-up to usable tenant: from the posted form to its sign-in page, with and without pool."""

import time
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.test import Client

from shared.kernel.actor import SYSTEM
from shared.organisations.services.jobs import set_up_now
from shared.organisations.services.signup import SignUp
from shared.organisations.services.spares import refill_pool
from tenants.demo.benchmarks import machine, percentile

FROM_POOL = 10
WITHOUT_POOL = 3


def measure(repeats: int) -> dict[str, Any]:
    """Seconds a sign-up, password hashing and committed transactions included."""
    settings.SPARE_ORGANISATIONS = 0
    _sign_up()  # the first one loads code and connects
    pooled: list[float] = []
    made: list[float] = []
    for _repeat in range(repeats):
        settings.SPARE_ORGANISATIONS = FROM_POOL
        refill_pool()
        settings.SPARE_ORGANISATIONS = 0
        pooled += [_sign_up() for _number in range(FROM_POOL)]
        made += [_sign_up() for _number in range(WITHOUT_POOL)]
    return {
        "p95_seconds_from_pool": round(percentile(pooled, 0.95), 3),
        "median_seconds_from_pool": round(percentile(pooled, 0.5), 3),
        "p95_seconds_without_pool": round(percentile(made, 0.95), 3),
        "median_seconds_without_pool": round(percentile(made, 0.5), 3),
        "sign_ups_from_pool": len(pooled),
        "sign_ups_without_pool": len(made),
        "measured": "validation, reservation, every step of the set-up, first sign-in page; "
        "one process, no queue in between",
        "repeats": repeats,
        "machine": machine(),
    }


def _sign_up() -> float:
    details = SignUp(
        organisation_name="Bench Electric",
        subdomain=f"bench-{uuid4().hex[:12]}",
        owner_name="Ann Owner",
        email="ann@bench.example",
        password=uuid4().hex,
    )
    started = time.perf_counter()
    organisation = set_up_now(actor=SYSTEM, details=details)
    page = Client(HTTP_HOST=organisation.host).get("/accounts/login/")
    seconds = time.perf_counter() - started
    assert page.status_code == 200, page.content[:300]
    return seconds
