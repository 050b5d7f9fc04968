"""`/api/v1/reminders`: letters about overdue invoices, when they go out, and who gets none."""

from typing import Any

from ninja import Query, Router, Status

from shared.kernel.api import ApiRequest, Page, Paging, paginate
from shared.kernel.clock import today
from tenants.delivery import selectors, services
from tenants.delivery.schemas import (
    DueReminderOut,
    HoldIn,
    HoldOut,
    LevelsIn,
    LevelsOut,
    ReminderFilters,
    ReminderOut,
)

reminders_router = Router(tags=["Reminders"])
DUE_MAX = 500


@reminders_router.get("", response=Page[ReminderOut])
def list_reminders(
    request: ApiRequest, filters: Query[ReminderFilters], paging: Query[Paging]
) -> Any:
    """The letters that were sent, newest first."""
    found = selectors.reminders(actor=request.actor, customer_code=filters.customer_id)
    page = paginate(found, paging, orderings=("dated",), default="-dated")
    return {"items": [ReminderOut.of(one) for one in page.items], "next": page.next}


@reminders_router.get("/due", response=list[DueReminderOut])
def list_due_reminders(request: ApiRequest) -> Any:
    """The letters that would go out today, at most 500; disputed amounts are left out."""
    due = selectors.reminders_due(actor=request.actor, on=today())
    return [DueReminderOut.of(one) for one in due[:DUE_MAX]]


@reminders_router.post("/send", response={202: list[ReminderOut]})
def send_reminders(request: ApiRequest) -> Any:
    """Write today's letters now; the first 500 of them are answered."""
    made = services.send_reminders(actor=request.actor)
    return Status(202, [ReminderOut.of(one) for one in made[:DUE_MAX]])


@reminders_router.get("/holds", response=Page[HoldOut])
def list_holds(request: ApiRequest, paging: Query[Paging]) -> Any:
    """The customers that are not reminded."""
    found = selectors.holds(actor=request.actor)
    page = paginate(found, paging, orderings=("created_at",), default="created_at")
    return {"items": [HoldOut.of(one) for one in page.items], "next": page.next}


@reminders_router.get("/levels", response=LevelsOut)
def get_levels(request: ApiRequest) -> Any:
    """When customers are reminded."""
    return {"levels": selectors.dunning_levels(actor=request.actor)}


@reminders_router.put("/levels", response=LevelsOut)
def put_levels(request: ApiRequest, body: LevelsIn) -> Any:
    """Say when customers are reminded; the first level is level 1."""
    levels = [(one.days_overdue, one.attach_statement) for one in body.levels]
    return {"levels": services.save_levels(actor=request.actor, levels=levels)}


@reminders_router.put("/holds/{customer_id}", response=HoldOut)
def hold(request: ApiRequest, customer_id: str, body: HoldIn) -> Any:
    """Stop reminding a customer, until a day or until somebody lifts it."""
    held = services.hold_reminders(
        actor=request.actor, customer_id=customer_id, reason=body.reason, until=body.until
    )
    return HoldOut.of(held)


@reminders_router.delete("/holds/{customer_id}", response={204: None})
def resume(request: ApiRequest, customer_id: str) -> Any:
    """Remind a customer again."""
    services.resume_reminders(actor=request.actor, customer_id=customer_id)
    return Status(204, None)
