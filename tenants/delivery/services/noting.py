"""How far the delivery of invoices is, kept on them."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F

from shared.kernel.clock import now
from tenants.delivery.models import Delivery
from tenants.invoices.models import Invoice

Known = Invoice.DeliveryStatus


def note_status(object_ids: Sequence[UUID], status: str) -> int:
    """Keep how far the delivery of invoices is; one that arrived stays so.

    It is failed again only once none of its deliveries has arrived any more (a late bounce).
    """
    if status not in Known.values:
        return 0
    found = Invoice.objects.filter(pk__in=list(object_ids)).exclude(delivery_status=status)
    if status == Known.FAILED:
        arrived = Delivery.objects.filter(status=Delivery.Status.DELIVERED)
        found = found.exclude(pk__in=arrived.filter(object_id__in=object_ids).values("object_id"))
    else:
        found = found.exclude(delivery_status=Known.DELIVERED)
    return found.update(delivery_status=status, revision=F("revision") + 1, updated_at=now())
