"""The daily reconciliation: read what changed there, then send what differs here.

Both directions are upserts: a record is read in where theirs is newer than our copy, and sent
where ours differs from what they have. Source: seed 000, Daily Reconciliation Process.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max

from connectors.billing_system import BillingSystem
from connectors.errors import NeedsAttention
from shared.kernel.clock import now
from shared.kernel.wording import worded as _
from tenants.connections.comparison import changed_fields
from tenants.connections.models import (
    BillingContractConfiguration,
    BillingCustomer,
    Connection,
    SyncLog,
    SyncRun,
)
from tenants.connections.sides import ConfigurationSide, CustomerSide, Kept, Ours, Side
from tenants.connections.sides.configurations import kept_configuration
from tenants.connections.sides.customers import kept_customer
from tenants.connections.work.comparing import KEY_FIELDS, compare_record, hold_key, send_record
from tenants.connections.work.logs import DAILY, log
from tenants.connections.work.stepping import Step
from tenants.connections.work.syncing import CONNECTION_FIELDS
from tenants.contracts.models import Contract
from tenants.contracts.selectors import terms_in_order
from tenants.sites.models import Site

PAGE = 100
# Their records may become visible a little later than their time of change says.
OVERLAP = timedelta(minutes=10)
CUSTOMERS, CONFIGURATIONS = CustomerSide(), ConfigurationSide()


def pull_customers(system: BillingSystem | None, run: SyncRun) -> Step:
    """Read one page of the customers that changed at the other side."""
    connection, system = _required(system, run)
    since = _since(run, connection.customers.aggregate(last=Max("their_updated_at"))["last"])
    page = system.customers_changed(since, run.cursor)
    return _read(connection, CUSTOMERS, map(kept_customer, page.items), page.next_cursor)


def pull_configurations(system: BillingSystem | None, run: SyncRun) -> Step:
    """Read one page of the contract configurations that changed at the other side."""
    connection, system = _required(system, run)
    since = _since(run, connection.configurations.aggregate(last=Max("their_updated_at"))["last"])
    page = system.configurations_changed(since, run.cursor)
    read = map(kept_configuration, page.items)
    return _read(connection, CONFIGURATIONS, read, page.next_cursor)


def _since(run: SyncRun, last: datetime | None) -> datetime | None:
    """The same for every page of the phase, though reading moves the newest copy."""
    if not run.cursor and run.since is None and last is not None:
        run.since = last - OVERLAP
        SyncRun.objects.filter(pk=run.pk, attempts=run.attempts).update(since=run.since)
    return run.since


def _read(connection: Connection, side: Side, records: Iterable[Kept], cursor: str) -> Step:
    step = Step(cursor)
    for kept in records:
        step.count("read")
        code = kept.values[KEY_FIELDS[side.record]]
        with hold_key(str(kept.values["customer_id"])):
            agreed = side.agreed(connection, code)
            if agreed is not None and agreed.at is not None and kept.at and kept.at <= agreed.at:
                step.count("unchanged")
                continue
            conflicts = compare_record(connection=connection, side=side, code=code, kept=kept)
            step.count("updated" if agreed is not None else "inserted")
            step.count("conflicts", conflicts)
    return step


def push_customers(system: BillingSystem | None, run: SyncRun) -> Step:
    """Compare one page of our sites, and send those that differ."""
    connection, system = _required(system, run)
    sites = list(_after(Site.objects.select_related("territory"), run.cursor))
    copies = {
        copy.customer_id: CUSTOMERS.agreed_of(copy)
        for copy in BillingCustomer.objects.filter(
            connection=connection, customer_id__in=[site.site_id for site in sites]
        )
    }
    ours = {site.site_id: CUSTOMERS.ours_of(site) for site in sites}
    step = _send(system, connection, run, CUSTOMERS, ours, copies)
    step.cursor = str(sites[-1].pk) if len(sites) == PAGE else ""
    return step


def push_configurations(system: BillingSystem | None, run: SyncRun) -> Step:
    """Compare one page of our contracts, and send those that differ."""
    connection, system = _required(system, run)
    billed = (
        Contract.objects.exclude(status=Contract.Status.DRAFT)
        .select_related("site")
        .prefetch_related(terms_in_order())
    )
    contracts = list(_after(billed, run.cursor))
    copies = {
        copy.contract_number: CONFIGURATIONS.agreed_of(copy)
        for copy in BillingContractConfiguration.objects.filter(
            connection=connection, contract_number__in=[one.contract_id for one in contracts]
        )
    }
    ours = {one.contract_id: CONFIGURATIONS.ours_of(one) for one in contracts}
    step = _send(system, connection, run, CONFIGURATIONS, ours, copies)
    step.cursor = str(contracts[-1].pk) if len(contracts) == PAGE else ""
    return step


def _after(rows: Any, cursor: str) -> Any:
    if cursor:
        rows = rows.filter(pk__gt=UUID(cursor))
    return rows.order_by("pk")[:PAGE]


def _send(
    system: BillingSystem,
    connection: Connection,
    run: SyncRun,
    side: Side,
    ours: dict[str, Ours],
    copies: dict[str, Kept],
) -> Step:
    step, unchanged = Step(), []
    for code, mine in ours.items():
        step.count("read")
        copy = copies.get(code)
        if not mine.problems and copy and not changed_fields(mine.values, copy.values):
            unchanged.append(code)
            continue
        try:
            with hold_key(mine.site_code):
                compared = send_record(
                    system=system,
                    connection=connection,
                    record=side.record,
                    code=code,
                    key=f"run-{run.pk}",
                )
        except NeedsAttention as error:
            if error.field in CONNECTION_FIELDS:
                raise
            step.count("errors")
            _log_error(run, mine, code, error)
            continue
        if compared.sent:
            step.count("sent_new" if compared.created else "sent_changed")
        else:
            unchanged.append(code)
        step.count("conflicts", compared.conflicts)
    step.count("unchanged", len(unchanged))
    _mark_current(connection, side, unchanged)
    return step


def _mark_current(connection: Connection, side: Side, codes: Sequence[str]) -> None:
    """They were compared just now and agree."""
    model = BillingCustomer if side.record == CUSTOMERS.record else BillingContractConfiguration
    key = KEY_FIELDS[side.record]
    rows: Any = model.objects.filter(connection=connection, **{f"{key}__in": list(codes)})
    rows.update(last_sync_at=now())


def _log_error(run: SyncRun, ours: Ours, code: str, error: NeedsAttention) -> None:
    log(
        DAILY,
        SyncLog.Status.ERROR,
        error=error.why,
        site_id=ours.site_code,
        details={"code": code, "field": error.field},
        run_id=run.pk,
    )


def _required(system: BillingSystem | None, run: SyncRun) -> tuple[Connection, BillingSystem]:
    if system is None or run.connection is None:
        raise NeedsAttention(_("There is no billing system to reconcile with."))
    return run.connection, system
