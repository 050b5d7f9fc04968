"""Measuring the quality of the synchronised data, and telling when it breaks a threshold.

Source: seed 000, Quality Metrics Tracking and Automated Quality Alerts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Count, DecimalField, F, Func, Model, Q, QuerySet, Sum

from billing.errors import InvalidTerms
from billing.terms import parse_terms
from connectors.billing_system.mapping import ADDRESS_PARTS, from_billing
from shared.kernel.cache import remember
from shared.kernel.clock import now, today
from shared.kernel.tasks import enqueue_after_commit
from shared.outbox.services import publish
from tenants.connections.models import (
    BillingContractConfiguration,
    BillingCustomer,
    QualityAlert,
    QualitySettings,
    QualitySnapshot,
    SyncLog,
)
from tenants.connections.work.comparing import hold_key
from tenants.contracts.models import Contract
from tenants.contracts.selectors import terms_in_order
from tenants.sites.models import Site

CURRENT_FOR = timedelta(days=1)
HUNDREDTH = Decimal("0.01")
HUNDRED = Decimal(100)
ACCURACY_SECONDS = 3600
CHUNK = 500

Metric = QualityAlert.Metric
Severity = QualityAlert.Severity
SEVERITIES: Mapping[str, str] = {
    Metric.COMPLETENESS: Severity.HIGH,
    Metric.CURRENCY: Severity.MEDIUM,
    Metric.ERROR_RATE: Severity.HIGH,
}


@dataclass(frozen=True)
class Figures:
    """The counts, and the percentages they make; None where there is nothing to count."""

    sites: int
    sites_complete: int
    configurations: int
    configurations_accurate: int
    synced: int
    synced_current: int
    attempts: int
    attempts_failed: int

    @property
    def completeness(self) -> Decimal | None:
        """Sites with a name and a whole billing address, in percent."""
        return percent(self.sites_complete, self.sites)

    @property
    def accuracy(self) -> Decimal | None:
        """Contract configurations that can be billed, in percent."""
        return percent(self.configurations_accurate, self.configurations)

    @property
    def currency(self) -> Decimal | None:
        """Customers compared within a day, in percent."""
        return percent(self.synced_current, self.synced)

    @property
    def error_rate(self) -> Decimal | None:
        """Failed lines of the sync log within a day, in percent."""
        return percent(self.attempts_failed, self.attempts)

    @property
    def score(self) -> Decimal | None:
        """The mean of completeness, accuracy, currency and what did not fail, where known."""
        good = None if self.error_rate is None else HUNDRED - self.error_rate
        known = [
            one
            for one in (self.completeness, self.accuracy, self.currency, good)
            if one is not None
        ]
        if not known:
            return None
        return (sum(known, Decimal(0)) / len(known)).quantize(HUNDREDTH, ROUND_HALF_UP)


def percent(part: int, whole: int) -> Decimal | None:
    """Percent with two decimals, half up; None of nothing."""
    if not whole:
        return None
    return (HUNDRED * part / whole).quantize(HUNDREDTH, ROUND_HALF_UP)


def complete() -> Q:
    """Sites with a name and a whole billing address; a territory is no part of it.

    Source: seed 000, Quality Metrics Tracking (site name and billing address), its mapping's
    `complete_address`; `api.md` makes the territory optional.
    """
    found = ~Q(name="")
    for part in ADDRESS_PARTS:
        found &= Q(**{f"billing_address__{part}__isnull": False})
        found &= ~Q(**{f"billing_address__{part}": ""})
    return found


def billed_sites() -> QuerySet[Site]:
    """The sites that count: those in use."""
    return Site.objects.filter(is_active=True)


def measure() -> Figures:
    """The figures as they are now."""
    sites = billed_sites().aggregate(all=Count("pk"), good=Count("pk", filter=complete()))
    fresh = Q(last_sync_at__gte=now() - CURRENT_FOR)
    copies = BillingCustomer.objects.aggregate(all=Count("pk"), good=Count("pk", filter=fresh))
    lines = SyncLog.objects.filter(execution_date__gte=now() - CURRENT_FOR).exclude(
        status=SyncLog.Status.SKIPPED
    )
    failed = Q(status=SyncLog.Status.ERROR)
    tried = lines.aggregate(all=Count("pk"), bad=Count("pk", filter=failed))
    configurations, accurate = _accuracy()
    return Figures(
        sites=sites["all"],
        sites_complete=sites["good"],
        configurations=configurations,
        configurations_accurate=accurate,
        synced=copies["all"],
        synced_current=copies["good"],
        attempts=tried["all"],
        attempts_failed=tried["bad"],
    )


def _accuracy() -> tuple[int, int]:
    """How many configurations there are and how many can be billed; read again when changed."""
    stamp = (*_stamp_of(BillingContractConfiguration), *_stamp_of(Contract))
    return remember("quality-accuracy", stamp, _count_accurate, seconds=ACCURACY_SECONDS)


def _stamp_of(model: type[Model]) -> tuple[int, Decimal]:
    """What no change of the model's rows leaves as it is, in whatever order they are committed.

    The newest of their times would: a change that began earlier may be committed later. So each
    row counts with the transaction that wrote it.
    """
    written_by = Func(
        F("pk"),
        template="hashtextextended((%(expressions)s)::text, xmin::text::bigint)",
        output_field=DecimalField(max_digits=30, decimal_places=0),
    )
    found = model._default_manager.aggregate(number=Count("pk"), all=Sum(written_by))
    return found["number"], found["all"] or Decimal(0)


def _count_accurate() -> tuple[int, int]:
    wrong = len(inaccurate_configurations())
    copies = BillingContractConfiguration.objects.count()
    number = copies or Contract.objects.exclude(status=Contract.Status.DRAFT).count()
    return number, number - wrong


def inaccurate_configurations() -> list[tuple[str, str]]:
    """Contracts whose configuration cannot be billed, each with the first reason.

    What the billing system has counts; before anything was synchronised, our own contracts.
    """
    copies = BillingContractConfiguration.objects.order_by("contract_number")
    if copies.exists():
        return [
            (copy.contract_number, why)
            for copy in copies.iterator(chunk_size=CHUNK)
            if (why := _why_refused(copy.billing_method, copy.configuration, theirs=True))
        ]
    billed = Contract.objects.exclude(status=Contract.Status.DRAFT).order_by("contract_id")
    return [
        (contract.contract_id, why)
        for contract in billed.prefetch_related(terms_in_order()).iterator(chunk_size=CHUNK)
        for terms in list(contract.terms.all())[-1:]
        if (why := _why_refused(terms.contract_type, terms.billing_configuration, theirs=False))
    ]


def _why_refused(method: str, configuration: Mapping[str, Any], *, theirs: bool) -> str:
    try:
        parse_terms(method, from_billing(method, configuration) if theirs else configuration)
    except InvalidTerms as error:
        first = error.problems[0]
        return f"{first.field}: {first.message}"
    return ""


def take_snapshot() -> QualitySnapshot:
    """Keep today's figures, raise what broke its threshold, clear what is good again.

    Each breach is told once. Safe to run twice and at once.
    """
    with hold_key("data-quality"):
        figures = measure()
        snapshot, _created = QualitySnapshot.objects.update_or_create(
            day=today(), defaults={**figures.__dict__, "taken_at": now()}
        )
        settings = QualitySettings.objects.first() or QualitySettings()
        for metric, (actual, threshold, broken) in judge(figures, settings).items():
            _tell(metric, actual, threshold, broken)
    return snapshot


def judge(
    figures: Figures, settings: QualitySettings
) -> dict[str, tuple[Decimal | None, Decimal, bool]]:
    """For each watched metric its figure, its threshold and whether it is broken."""
    below = {
        Metric.COMPLETENESS: (figures.completeness, settings.completeness_min),
        Metric.CURRENCY: (figures.currency, settings.currency_min),
    }
    found = {
        metric.value: (actual, least, actual is not None and actual < least)
        for metric, (actual, least) in below.items()
    }
    rate, most = figures.error_rate, settings.error_rate_max
    found[Metric.ERROR_RATE.value] = (rate, most, rate is not None and rate > most)
    return found


def _tell(metric: str, actual: Decimal | None, threshold: Decimal, broken: bool) -> None:
    alert = QualityAlert.objects.filter(metric=metric, cleared_at__isnull=True).first()
    if broken and actual is not None:
        if alert is None:
            _raise(metric, actual, threshold)
        else:
            alert.actual, alert.threshold = actual, threshold
            alert.save(update_fields=["actual", "threshold"])
    elif alert is not None:
        alert.cleared_at = now()
        alert.save(update_fields=["cleared_at"])
        publish(topic="quality.alert_cleared", key=metric, payload={"alert_id": str(alert.pk)})


def _raise(metric: str, actual: Decimal, threshold: Decimal) -> None:
    from tenants.connections.tasks.measuring import mail_alert

    alert = QualityAlert.objects.create(
        metric=metric, severity=SEVERITIES[metric], threshold=threshold, actual=actual
    )
    publish(
        topic="quality.alert_raised",
        key=metric,
        payload={
            "alert_id": str(alert.pk),
            "type": metric,
            "severity": alert.severity,
            "threshold": threshold,
            "actual": actual,
        },
    )
    enqueue_after_commit(mail_alert, alert_id=str(alert.pk))
