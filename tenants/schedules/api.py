"""`/api/v1/billing/schedules`."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router, Status

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.etags import (
    Representation,
    expected_revision,
    require_fresh,
    set_etag,
)
from shared.kernel.api.pagination import Page, Paging, paginate
from tenants.schedules import selectors, services
from tenants.schedules.models import BillingSchedule
from tenants.schedules.schemas import ScheduledRunOut, ScheduleIn, ScheduleOut

schedules_router = Router(tags=["Billing schedules"])


@schedules_router.get("", response=Page[ScheduleOut])
def list_schedules(request: ApiRequest, paging: Query[Paging]) -> Any:
    """Schedules by name."""
    found = selectors.schedules(actor=request.actor)
    page = paginate(found, paging, orderings=("name", "created_at"), default="name")
    return {"items": [ScheduleOut.of(row) for row in page.items], "next": page.next}


@schedules_router.post("", response={201: ScheduleOut})
def create_schedule(request: ApiRequest, response: HttpResponse, body: ScheduleIn) -> Any:
    """Make a schedule; it is first due at its next time from now."""
    schedule = services.create_schedule(actor=request.actor, given=body.given)
    set_etag(response, _representation(schedule))
    return Status(201, ScheduleOut.of(schedule))


@schedules_router.get("/{uuid:schedule_id}", response=ScheduleOut)
def get_schedule(request: ApiRequest, response: HttpResponse, schedule_id: UUID) -> Any:
    """One schedule with its next times."""
    schedule = selectors.schedule_by_id(actor=request.actor, schedule_id=schedule_id)
    require_fresh(request, response, _representation(schedule))
    return ScheduleOut.of(schedule)


@schedules_router.put("/{uuid:schedule_id}", response=ScheduleOut)
def put_schedule(
    request: ApiRequest, response: HttpResponse, schedule_id: UUID, body: ScheduleIn
) -> Any:
    """Replace a schedule. Times that have passed are not made up for."""
    schedule = services.change_schedule(
        actor=request.actor,
        schedule_id=schedule_id,
        given=body.given,
        expected_revision=expected_revision(request),
    )
    set_etag(response, _representation(schedule))
    return ScheduleOut.of(schedule)


@schedules_router.delete("/{uuid:schedule_id}", response={204: None})
def delete_schedule(request: ApiRequest, schedule_id: UUID) -> Any:
    """Delete a schedule with its history; the runs it started stay."""
    services.delete_schedule(
        actor=request.actor,
        schedule_id=schedule_id,
        expected_revision=expected_revision(request),
    )
    return Status(204, None)


@schedules_router.get("/{uuid:schedule_id}/history", response=Page[ScheduledRunOut])
def list_history(request: ApiRequest, schedule_id: UUID, paging: Query[Paging]) -> Any:
    """The times it was due, latest first."""
    schedule = selectors.schedule_by_id(actor=request.actor, schedule_id=schedule_id)
    page = paginate(selectors.history(schedule), paging, orderings=("due_at",), default="-due_at")
    return {"items": [ScheduledRunOut.of(row) for row in page.items], "next": page.next}


def _representation(schedule: BillingSchedule) -> Representation:
    """The next times change without anybody changing the schedule."""
    return Representation(schedule.revision, str(schedule.next_due_at).encode())
