"""`/api/v1/data-quality`: figures, thresholds, history and the records behind each figure."""

from enum import StrEnum
from typing import Any

from django.http import HttpResponse
from ninja import Router

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import expected_revision, set_etag
from shared.kernel.clock import now
from tenants.connections.schemas.quality import (
    AlertOut,
    FaultyRecordOut,
    FaultyRecordsOut,
    QualityDayOut,
    QualityHistoryOut,
    QualityOut,
    QualitySettingsOut,
    QualitySettingsPatch,
    SyncWeekOut,
    WeeksOut,
    metrics_of,
)
from tenants.connections.selectors import quality as selectors
from tenants.connections.services import quality as services

router = Router(tags=["Data quality"])


class MetricName(StrEnum):
    """The figures whose records can be asked for."""

    COMPLETENESS = "completeness"
    ACCURACY = "accuracy"
    CURRENCY = "currency"
    ERROR_RATE = "error_rate"


@router.get("", response=QualityOut)
def get_quality(request: ApiRequest) -> Any:
    """The figures as they are now, and what is broken."""
    found = selectors.quality(actor=request.actor)
    return QualityOut(
        quality_score=found.figures.score,
        **metrics_of(found.figures),
        sites_without_territory=found.without_territory,
        alerts=[AlertOut.of(one) for one in found.alerts],
        timestamp=now(),
    )


@router.get("/history", response=QualityHistoryOut)
def get_history(request: ApiRequest) -> Any:
    """The figures day by day, oldest first, at most 90 days."""
    rows = selectors.quality_history(actor=request.actor)
    return QualityHistoryOut(
        items=[
            QualityDayOut(
                day=snapshot.day,
                quality_score=figures.score,
                completeness=figures.completeness,
                accuracy=figures.accuracy,
                currency=figures.currency,
                error_rate=figures.error_rate,
            )
            for snapshot, figures in rows
        ]
    )


@router.get("/records/{metric}", response=FaultyRecordsOut)
def list_records(request: ApiRequest, metric: MetricName) -> Any:
    """The records behind a figure, at most 200."""
    found = selectors.faulty_records(actor=request.actor, metric=metric)
    return FaultyRecordsOut(items=[FaultyRecordOut.model_validate(one) for one in found])


@router.get("/weekly", response=WeeksOut)
def list_weeks(request: ApiRequest) -> Any:
    """Sites, revenue and billing impact by week, newest first."""
    found = selectors.weekly_totals(actor=request.actor)
    return WeeksOut(items=[SyncWeekOut.model_validate(one) for one in found])


@router.get("/settings", response=QualitySettingsOut)
def get_settings(request: ApiRequest, response: HttpResponse) -> Any:
    """The thresholds."""
    settings = selectors.quality_settings(actor=request.actor)
    set_etag(response, settings)
    return QualitySettingsOut.model_validate(settings)


@router.patch("/settings", response=QualitySettingsOut)
def update_settings(request: ApiRequest, response: HttpResponse, body: QualitySettingsPatch) -> Any:
    """Change thresholds; alerts follow at the next measuring."""
    settings = services.update_quality_settings(
        actor=request.actor,
        **body.model_dump(),
        expected_revision=expected_revision(request),
    )
    set_etag(response, settings)
    return QualitySettingsOut.model_validate(settings)
