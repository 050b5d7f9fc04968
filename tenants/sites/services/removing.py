"""Taking sites and territories away that nothing uses: slips, and what was only tried."""

from django.db import IntegrityError, models, router, transaction
from django.db.models.deletion import Collector, ProtectedError, RestrictedError

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict, NotFound
from shared.kernel.wording import joined
from shared.kernel.wording import worded as _
from shared.outbox.services import publish
from tenants.sites.models import Site, Territory


def remove_site(*, actor: Actor, site_id: str, expected_revision: int | None = None) -> None:
    """Delete a site with its contacts; its customer stays.

    Raises NotFound, PreconditionFailed when stale, Conflict where it has contracts, revenue or
    documents: such a site is made inactive.
    """
    authorize(actor, "sites.write")
    with transaction.atomic():
        site = Site.objects.select_for_update().filter(site_id=site_id).first()
        if site is None:
            raise NotFound(_("There is no site %(site)s.") % {"site": site_id})
        site.require_revision(expected_revision)
        delete_unused(site)
        publish(topic="site.removed", key=site.site_id, payload={"site_id": site.site_id})
        record(actor=actor, action="site.removed", target=site, before={"name": site.name})


def remove_territory(
    *, actor: Actor, territory_id: str, expected_revision: int | None = None
) -> None:
    """Delete a territory. Raises NotFound, PreconditionFailed, Conflict where it has sites."""
    authorize(actor, "sites.write")
    with transaction.atomic():
        territory = Territory.objects.select_for_update().filter(territory_id=territory_id).first()
        if territory is None:
            raise NotFound(_("There is no territory %(id)s.") % {"id": territory_id})
        territory.require_revision(expected_revision)
        delete_unused(territory)
        record(
            actor=actor,
            action="territory.removed",
            target=territory,
            before={"name": territory.name},
        )


def delete_unused(row: models.Model) -> None:
    """Delete a row with its own parts. Raises Conflict naming what depends on it.

    Parts are rows of the same app, such as a site's contacts and a contract's terms. The row in
    memory keeps its key, by which the audit names what is gone.
    """
    key = row.pk
    collector = Collector(using=router.db_for_write(type(row)), origin=row)
    try:
        collector.collect([row])
    except (ProtectedError, RestrictedError) as error:
        raise _used({type(one) for one in error.args[1]}) from error
    own = row._meta.app_label
    others = {model for model in collector.data if model._meta.app_label != own}
    others |= {
        rows.model
        for rows in collector.fast_deletes
        if rows.model._meta.app_label != own and rows.exists()
    }
    if others:
        raise _used(others)
    try:
        with transaction.atomic():
            collector.delete()
    except IntegrityError as error:
        raise Conflict(_("Something else depends on it.")) from error
    row.pk = key  # Django forgets it


def _used(found: set[type[models.Model]]) -> Conflict:
    words = {
        "sites.site": _("Sites"),
        "contracts.contract": _("Contracts"),
        "activity.revenuerecord": _("Revenue"),
        "invoices.invoice": _("Invoices"),
        "payments.payment": _("Payments"),
    }
    names = joined(
        (
            words.get(model._meta.label_lower, model._meta.verbose_name_plural)
            for model in sorted(found, key=lambda one: one._meta.label_lower)
        ),
        ", ",
    )
    return Conflict(_("Something depends on it: %(names)s.") % {"names": names})
