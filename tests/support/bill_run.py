"""Run as a process of its own: work on a share of a billing run, or start and finish a run.

`python tests/support/bill_run.py SCHEMA share RUN SLOT` or `… SCHEMA whole 2025-03`, or
`… SCHEMA schedules`.
"""

import sys
from uuid import UUID

import django


def main(schema: str, what: str, *rest: str) -> None:
    """Do it inside the organisation of that schema."""
    from billing.periods import month_period
    from shared.kernel.actor import SYSTEM
    from shared.kernel.tenancy import load_organisation, organisation_context
    from tenants.invoices.models import RunShare
    from tenants.invoices.services import process_run, start_run
    from tenants.invoices.services.run_shares import work_on_share
    from tenants.schedules.services import start_due_runs

    with organisation_context(load_organisation(schema)):
        if what == "schedules":
            start_due_runs()
        elif what == "whole":
            year, month = map(int, rest[0].split("-"))
            run = start_run(actor=SYSTEM, period=month_period(year, month))
            process_run(run_id=run.pk)
        else:
            run_id, slot = UUID(rest[0]), int(rest[1])
            while True:
                share = RunShare.objects.get(run=run_id, slot=slot)
                if share.leased_until is None:
                    return
                work_on_share(run_id=run_id, slot=slot, ticket=share.ticket)


if __name__ == "__main__":
    django.setup()
    from config.celery import app

    app.conf.update(task_always_eager=False, broker_url="memory://")
    main(*sys.argv[1:])
