"""Starting runs, and starting again what failed in one."""

from uuid import UUID

from django.db import transaction

from billing.periods import Period
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.bulk import copy_instances
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.wording import worded as _
from tenants.invoices.dating import check_ahead, usual_date
from tenants.invoices.models import BillingRun, BillingRunItem
from tenants.invoices.run_filters import EVERYTHING, RunFilters
from tenants.invoices.selectors.runs import billable_contracts
from tenants.invoices.services.distribution import ask_again
from tenants.invoices.services.run_shares import hand_out_shares

Status = BillingRunItem.Status
ITEMS_AT_ONCE = 5_000


def start_run(
    *,
    actor: Actor,
    period: Period,
    issue: bool = True,
    filters: RunFilters = EVERYTHING,
    auto_distribute: bool = False,
    hold_warned: bool = False,
) -> BillingRun:
    """Start billing the contracts due in the period; workers do the rest.

    Of a contract with invoices in the period the one stretch that they leave is billed; one whose
    frequency the period does not fit is skipped. Invoices bear the period's last day; in advance
    that of the run. `auto_distribute` hands each issued invoice to delivery; with `hold_warned`
    an invoice that failed a check of warning stays a draft. Raises Invalid
    naming a filter that names nothing, a period that begins more than a month ahead, or
    distribution of what is not issued.
    """
    authorize(actor, "invoices.generate")
    if issue:
        authorize(actor, "invoices.issue")
    elif auto_distribute:
        message = _("Only issued invoices can be sent to customers.")
        raise Invalid(errors=[FieldError("auto_distribute", "not_issued", message)])
    filters.check()
    check_ahead(period, usual_date(period))
    with transaction.atomic():
        run = BillingRun.objects.create(
            period_start=period.start_date,
            period_end=period.end_date,
            filters=filters.as_json(),
            issues=issue,
            distributes=auto_distribute,
            holds_warned=hold_warned,
            started_by={"kind": actor.kind, "id": actor.id, "label": actor.label},
        )
        contracts = list(billable_contracts(period, filters).values_list("pk", flat=True))
        for start in range(0, len(contracts), ITEMS_AT_ONCE):
            few = contracts[start : start + ITEMS_AT_ONCE]
            copy_instances([BillingRunItem(run=run, contract_id=pk) for pk in few])
        hand_out_shares(run)
        record(
            actor=actor,
            action="billing_run.started",
            target=run,
            after={
                "from": str(period.start_date),
                "to": str(period.end_date),
                **run.filters,
                "issues": issue,
                "distributes": auto_distribute,
                "holds_warned": hold_warned,
            },
        )
    return run


def retry_failed(*, actor: Actor, run_id: UUID) -> BillingRun:
    """Bill again what failed in a run, and hand over again what delivery refused.

    What was billed stays. Raises NotFound, Conflict where nothing failed.
    """
    authorize(actor, "invoices.generate")
    with transaction.atomic():
        run = BillingRun.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            raise NotFound(_("There is no such billing run."))
        if run.issues:
            authorize(actor, "invoices.issue")
        failed = run.items.filter(status=Status.FAILED).update(status=Status.WAITING)
        undelivered = ask_again(run)
        if not failed and not undelivered:
            raise Conflict(_("Nothing in this run failed."))
        if failed:
            run.status, run.finished_at = BillingRun.Status.RUNNING, None
            run.save(update_fields=["status", "finished_at"])
            hand_out_shares(run)
        record(
            actor=actor,
            action="billing_run.retried",
            target=run,
            after={"contracts": failed, "deliveries": undelivered},
        )
    return run
