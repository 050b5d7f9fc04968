"""Mail about the quality of data, in the organisation's language."""

from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse

from shared.accounts.models import User
from shared.accounts.roles import Role
from shared.accounts.sites import site_url
from shared.accounts.tasks import deliver_mail
from shared.kernel.tenancy import require_organisation
from tenants.connections.models import QualityAlert

RECIPIENTS_MAX = 50


def send_alert(alert_id: UUID) -> int:
    """Tell the owners and administrators of an alert that is still open; how many were told."""
    alert = QualityAlert.objects.filter(pk=alert_id, cleared_at__isnull=True).first()
    if alert is None:
        return 0
    context = {
        "alert": alert,
        "organisation": require_organisation(),
        "url": site_url(reverse("data_quality")),
    }
    subject = render_to_string("connections/email/alert_subject.txt", context)
    body = render_to_string("connections/email/alert_message.txt", context)
    people = User.objects.filter(is_active=True, role__in=(Role.OWNER, Role.TENANT_ADMIN))
    addresses = list(people.order_by("email").values_list("email", flat=True)[:RECIPIENTS_MAX])
    for address in addresses:
        deliver_mail.delay(subject=" ".join(subject.split()), body=body, to=[address])
    return len(addresses)
