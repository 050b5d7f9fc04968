"""Reading endpoints and their delivery log."""

from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import NotFound
from tenants.connections.models import OrderedWork, WebhookDelivery, WebhookEndpoint

SHOWN_DAYS = 7


def endpoints(*, actor: Actor) -> QuerySet[WebhookEndpoint]:
    """Every endpoint with how many deliveries are open, and how many failed, in 7 days."""
    authorize(actor, "connections.read")
    recent = Q(deliveries__created_at__gte=now() - timedelta(days=SHOWN_DAYS))
    return WebhookEndpoint.objects.annotate(
        delivered=Count(
            "deliveries", filter=recent & Q(deliveries__status=OrderedWork.Status.DONE)
        ),
        failed=Count("deliveries", filter=recent & Q(deliveries__status=OrderedWork.Status.FAILED)),
        waiting=Count("deliveries", filter=Q(deliveries__status__in=OrderedWork.OPEN)),
    )


def endpoint_by_id(*, actor: Actor, endpoint_id: UUID) -> WebhookEndpoint:
    """One endpoint. Raises NotFound."""
    endpoint = endpoints(actor=actor).filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound(_("There is no such webhook."))
    return endpoint


def deliveries(
    *, actor: Actor, endpoint_id: UUID, status: str = "", topic: str = ""
) -> QuerySet[WebhookDelivery]:
    """The delivery log of an endpoint, newest first. Raises NotFound."""
    authorize(actor, "connections.read")
    if not WebhookEndpoint.objects.filter(pk=endpoint_id).exists():
        raise NotFound(_("There is no such webhook."))
    found = WebhookDelivery.objects.filter(endpoint=endpoint_id)
    if status:
        found = found.filter(status=status)
    return found.filter(topic=topic) if topic else found


def delivery_by_id(*, actor: Actor, endpoint_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """One delivery with its tries. Raises NotFound."""
    delivery = (
        deliveries(actor=actor, endpoint_id=endpoint_id)
        .filter(pk=delivery_id)
        .select_related("endpoint")
        .prefetch_related("tries")
        .first()
    )
    if delivery is None:
        raise NotFound(_("There is no such delivery."))
    return delivery
