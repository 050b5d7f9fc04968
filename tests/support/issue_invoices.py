"""Run as a process of its own: issue this share of an organisation's drafts.

`python tests/support/issue_invoices.py SCHEMA PART PARTS`. Every tenth issue is first rolled
back after its number was taken.
"""

import sys

import django


class Interrupted(Exception):
    """Ends a transaction that had already taken a number."""


def main(schema: str, part: int, parts: int) -> None:
    """Issue every `parts`-th draft, starting with number `part`."""
    from django.db import transaction

    from shared.kernel.actor import SYSTEM
    from shared.kernel.tenancy import load_organisation, organisation_context
    from tenants.invoices.models import Invoice
    from tenants.invoices.services import issue_invoice

    with organisation_context(load_organisation(schema)):
        drafts = list(Invoice.objects.order_by("invoice_id").values_list("invoice_id", flat=True))
        for count, invoice_id in enumerate(drafts[part::parts]):
            if count % 10 == 0:
                try:
                    with transaction.atomic():
                        issue_invoice(actor=SYSTEM, invoice_id=invoice_id)
                        raise Interrupted
                except Interrupted:
                    pass
            issue_invoice(actor=SYSTEM, invoice_id=invoice_id)


if __name__ == "__main__":
    django.setup()
    from config.celery import app

    app.conf.update(task_always_eager=False, broker_url="memory://")
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
