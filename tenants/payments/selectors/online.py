"""Reading how customers pay online."""

from django.db.models import QuerySet

from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from tenants.invoices.models import Invoice
from tenants.payments.models import OnlineAccount, OnlinePayment


def takes_online_payments() -> bool:
    """Whether a customer can be offered to pay online; the portal asks."""
    return OnlineAccount.objects.filter(charges_enabled=True, withdrawn_at__isnull=True).exists()


def usable_account() -> OnlineAccount | None:
    """The account whose payments can be asked about; its secrets are for services only."""
    return OnlineAccount.objects.filter(withdrawn_at__isnull=True).first()


def latest_attempt(*, invoice: Invoice) -> OnlinePayment | None:
    """The customer's last attempt to pay the invoice online that came to anything.

    One on its way, failed or succeeded; the portal, which has checked the customer, shows it.
    """
    came_to_something = (
        OnlinePayment.Status.PROCESSING,
        OnlinePayment.Status.FAILED,
        OnlinePayment.Status.SUCCEEDED,
    )
    found = OnlinePayment.objects.filter(
        customer_id=invoice.customer_id,
        parts__has_key=invoice.invoice_id,
        status__in=came_to_something,
    )
    return found.order_by("-created_at", "-pk").first()


def online_account(*, actor: Actor) -> OnlineAccount | None:
    """The connected account; None where there is none. Its secrets are for services only."""
    authorize(actor, "organisation.read")
    return OnlineAccount.objects.first()


def online_payments(*, actor: Actor) -> QuerySet[OnlinePayment]:
    """What customers tried to pay online, newest first."""
    authorize(actor, "payments.read")
    return OnlinePayment.objects.select_related("customer", "payment").order_by("-created_at")
