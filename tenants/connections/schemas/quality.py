"""What the API takes and answers about data quality."""

from datetime import date, datetime

from shared.kernel.api.schemas import Money, Number, Schema
from tenants.connections.models import QualityAlert
from tenants.connections.work.measuring import Figures


class AlertOut(Schema):
    """A figure that broke its threshold."""

    type: str
    severity: str
    message: str
    threshold: Number
    actual: Number
    raised_at: datetime

    @staticmethod
    def of(alert: QualityAlert) -> "AlertOut":
        """The answer about an alert."""
        return AlertOut(
            type=str(alert.metric),
            severity=str(alert.severity),
            message=f"{alert.get_metric_display()}: {alert.actual}%",
            threshold=alert.threshold,
            actual=alert.actual,
            raised_at=alert.created_at,
        )


class MetricOut(Schema):
    """One figure in percent with the counts it is made of; null where there is nothing."""

    percentage: Number | None
    total_records: int
    counted_records: int


class QualityOut(Schema):
    """How good the synchronised data is. Counted are good records, for the error rate bad ones."""

    quality_score: Number | None
    site_data_completeness: MetricOut
    contract_configuration_accuracy: MetricOut
    sync_currency: MetricOut
    error_rate: MetricOut
    sites_without_territory: int
    alerts: list[AlertOut]
    timestamp: datetime


def metrics_of(figures: Figures) -> dict[str, MetricOut]:
    """The four figures as they are answered."""
    rows = {
        "site_data_completeness": (figures.completeness, figures.sites, figures.sites_complete),
        "contract_configuration_accuracy": (
            figures.accuracy,
            figures.configurations,
            figures.configurations_accurate,
        ),
        "sync_currency": (figures.currency, figures.synced, figures.synced_current),
        "error_rate": (figures.error_rate, figures.attempts, figures.attempts_failed),
    }
    return {
        name: MetricOut(percentage=share, total_records=whole, counted_records=part)
        for name, (share, whole, part) in rows.items()
    }


class QualityDayOut(Schema):
    """One day's figures in percent."""

    day: date
    quality_score: Number | None
    completeness: Number | None
    accuracy: Number | None
    currency: Number | None
    error_rate: Number | None


class QualityHistoryOut(Schema):
    """A row a day, oldest first."""

    items: list[QualityDayOut]


class FaultyRecordOut(Schema):
    """A record behind a figure, and the page where it is put right."""

    code: str
    name: str
    why: str
    link: str


class FaultyRecordsOut(Schema):
    """At most 200 records."""

    items: list[FaultyRecordOut]


class QualitySettingsOut(Schema):
    """Thresholds in percent; months the sync log is kept."""

    completeness_min: Number
    currency_min: Number
    error_rate_max: Number
    log_months: int


class QualitySettingsPatch(Schema):
    """What to change of the thresholds; what is left out stays."""

    completeness_min: Number | None = None
    currency_min: Number | None = None
    error_rate_max: Number | None = None
    log_months: int | None = None


class SyncWeekOut(Schema):
    """A week's figures of every site of one currency."""

    week_start: date
    currency: str
    sites: int
    revenue: Money
    billing_impact: Money


class WeeksOut(Schema):
    """Weeks, newest first, half a year."""

    items: list[SyncWeekOut]
