"""Exchange rates: fetched from the Bank of Canada, or entered by hand."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models import Max

from billing.money import is_currency
from connectors.bank_of_canada import CANADIAN, DailyRate
from connectors.bank_of_canada.client import ValetClient
from shared.audit.services import record
from shared.kernel.actor import SYSTEM, Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import today
from shared.kernel.errors import FieldError, Invalid
from shared.kernel.wording import worded as _
from tenants.contracts.models import Contract
from tenants.ledger.models import ExchangeRate
from tenants.ledger.rates import REVIEW_KIND, book_rate
from tenants.review.models import ReviewItem
from tenants.review.services import close_many
from tenants.sites.models import Site
from tenants.structure.models import LegalEntity

SECONDS_MAX = 20
ASKED_MAX = 500  # companies and currencies without a rate
# Far enough back for invoices of past periods; later calls ask only for what is new.
FIRST_REACH = timedelta(days=400)
# Asked again, because the bank may correct a day.
OVERLAP = timedelta(days=5)
RATE_LIMIT = Decimal(10) ** 9
RATE_PLACES = 8


def needed_pairs() -> list[tuple[str, str]]:
    """The pairs that this organisation bills across: its sites' and contracts' currencies into
    those of its legal entities, as far as one of the two is the Canadian dollar."""
    into = set(LegalEntity.objects.values_list("currency", flat=True))
    billed = set(Contract.objects.values_list("currency", flat=True).distinct())
    billed |= set(Site.objects.values_list("currency", flat=True).distinct())
    return sorted(
        (one, other)
        for one in billed
        for other in into
        if one != other and CANADIAN in (one, other)
    )


def fetch_bank_rates(*, on: date | None = None) -> int:
    """Store what the Bank of Canada has published and is not known yet; how many rates.

    Nothing is asked where nothing is billed across currencies. Safe to run twice and at once.
    Raises RetryLater, NeedsAttention. Source: bankofcanada.ca/valet/docs.
    """
    pairs, last = needed_pairs(), on or today()
    if not pairs:
        return 0
    bank = ExchangeRate.Source.BANK_OF_CANADA
    known = {
        (row["currency"], row["into"]): row["last"]
        for row in ExchangeRate.objects.filter(source=bank)
        .order_by()
        .values("currency", "into")
        .annotate(last=Max("on"))
    }
    starts = [known[pair] - OVERLAP if pair in known else last - FIRST_REACH for pair in pairs]
    with httpx.Client(timeout=SECONDS_MAX) as client:
        valet = ValetClient(client=client, base_url=settings.BANK_OF_CANADA_URL)
        found = valet.rates(pairs, min(starts), last)
    added = _store(found)
    close_answered(actor=SYSTEM)
    return added


def _store(found: Sequence[DailyRate]) -> int:
    before = ExchangeRate.objects.count()
    ExchangeRate.objects.bulk_create(
        [
            ExchangeRate(
                currency=one.currency,
                into=one.into,
                on=one.on,
                rate=round(one.rate, RATE_PLACES),
                source=ExchangeRate.Source.BANK_OF_CANADA,
            )
            for one in found
            if round(one.rate, RATE_PLACES) > 0
        ],
        batch_size=1_000,
        ignore_conflicts=True,
    )
    return ExchangeRate.objects.count() - before


def record_rate(*, actor: Actor, currency: str, into: str, on: date, rate: Decimal) -> ExchangeRate:
    """Enter the rate of a day by hand; it wins over the bank's. Entering it again replaces it.

    Documents keep the rate they were posted with. Raises Invalid naming each field.
    """
    authorize(actor, "ledger.write")
    _check(currency, into, on, rate)
    with transaction.atomic():
        key: dict[str, Any] = {
            "currency": currency,
            "into": into,
            "on": on,
            "source": ExchangeRate.Source.MANUAL,
        }
        earlier = ExchangeRate.objects.select_for_update().filter(**key).first()
        kept, _created = ExchangeRate.objects.update_or_create(
            **key, defaults={"rate": rate, "recorded_by": actor.label[:200]}
        )
        close_answered(actor=actor)
        record(
            actor=actor,
            action="exchange_rate.recorded",
            target=kept,
            before={"rate": str(earlier.rate)} if earlier else {},
            after={"rate": str(rate)},
        )
    return kept


def close_answered(*, actor: Actor) -> int:
    """Close what asked for a rate that is known now, today or for the invoice's day; how many.

    Part of whatever brings rates, which has authorised its actor.
    """
    asked = ReviewItem.objects.filter(kind=REVIEW_KIND, status=ReviewItem.Status.OPEN)
    answered = [one.target_id for one in asked[:ASKED_MAX] if _is_answered(one.details)]
    if not answered:
        return 0
    note = _("The rate is known now.")
    return close_many(actor=actor, kinds=[REVIEW_KIND], target_ids=answered, note=note)


def _is_answered(details: Mapping[str, Any]) -> bool:
    days = [today(), date.fromisoformat(details.get("day") or today().isoformat())]
    currency, into = details["currency"], details["into"]
    return any(book_rate(currency, into, day).base_currency == into for day in days)


def _check(currency: str, into: str, on: date, rate: Decimal) -> None:
    errors = [
        FieldError(field, "unknown_currency", _("Use an ISO 4217 code."))
        for field, code in (("currency", currency), ("into", into))
        if not is_currency(code)
    ]
    if not errors and currency == into:
        errors.append(FieldError("into", "same", _("Choose two different currencies.")))
    if on > today():
        errors.append(FieldError("on", "future", _("The day is in the future.")))
    if not rate.is_finite() or not 0 < rate < RATE_LIMIT:
        errors.append(FieldError("rate", "range", _("Must be more than zero.")))
    elif round(rate, RATE_PLACES) != rate:
        message = _("At most %(number)d decimals.") % {"number": RATE_PLACES}
        errors.append(FieldError("rate", "fraction", message))
    if errors:
        raise Invalid(errors=errors)
