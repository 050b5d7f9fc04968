"""Rows of a file that name a site or contract there is: what they change, and how it goes back.

A column that the file lacks, and an empty cell, leave the stored value as it is. Changes go
through the services that everybody uses: new terms of a contract are a dated amendment.
"""

from collections.abc import Iterable

from shared.kernel.actor import Actor
from shared.kernel.errors import Conflict
from shared.kernel.wording import worded as _
from tenants.contracts.models import Contract
from tenants.imports.cells import Values, code_of
from tenants.imports.models import Import, RecordRow
from tenants.imports.updating.contracts import change_contract, restore_contract
from tenants.imports.updating.sites import change_site, restore_site
from tenants.imports.updating.written import Written
from tenants.sites.models import Site

__all__ = ["Written", "change_record", "lock_stored", "put_back", "stored_record"]


def stored_record(job: Import, values: Values) -> Site | Contract | None:
    """The site or contract that the row names by its id, locked; None for a new one."""
    if job.kind == Import.Kind.SITES:
        code = code_of(values, "site_id")
        return Site.objects.select_for_update().filter(site_id=code).first() if code else None
    code = code_of(values, "contract_id")
    found = Contract.objects.select_for_update(of=("self",)).select_related("site")
    return found.filter(contract_id=code).first() if code else None


def lock_stored(job: Import, rows: Iterable[Values]) -> None:
    """Lock every record that the rows name, in one order.

    To be called before the first of them is written: writing locks the head of the audit chain,
    and who changes one of the records waits for that head with the record locked.
    """
    if job.kind == Import.Kind.SITES:
        codes = [code for values in rows if (code := code_of(values, "site_id"))]
        sites = Site.objects.select_for_update().filter(site_id__in=codes)
        list(sites.order_by("pk").values_list("pk"))
        return
    codes = [code for values in rows if (code := code_of(values, "contract_id"))]
    contracts = Contract.objects.select_for_update().filter(contract_id__in=codes)
    list(contracts.order_by("pk").values_list("pk"))


def change_record(*, actor: Actor, job: Import, values: Values, stored: Site | Contract) -> Written:
    """Write what the row changes of the locked record. Raises an AppError by its columns."""
    if isinstance(stored, Site):
        return change_site(actor=actor, values=values, site=stored)
    return change_contract(actor=actor, job=job, values=values, contract=stored)


def put_back(*, actor: Actor, job: Import, row: RecordRow) -> None:
    """Give the record the values it had before the row. Raises an AppError where it may not."""
    stored = stored_record(job, row.values)
    if stored is None or stored.revision != row.object_revision:
        raise Conflict(_("It was changed after the import."))
    if isinstance(stored, Site):
        restore_site(actor=actor, site=stored, previous=row.previous)
    else:
        restore_contract(actor=actor, contract=stored, previous=row.previous, job=job)
