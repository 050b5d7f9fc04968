"""Signing in by a link, and the two things a customer can do: object, and pay."""

from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from shared.accounts.roles import Role
from shared.accounts.sites import site_url
from shared.audit.services import record
from shared.idempotency.limits import require_allowance
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import Forbidden, Gone, NotFound
from shared.kernel.tasks import enqueue_after_commit
from shared.keyring.blind_index import blind_index
from tenants.disputes.models import Dispute
from tenants.disputes.services import raise_dispute
from tenants.payments.models import OnlinePayment
from tenants.payments.services.online import start_online_payment
from tenants.portal import selectors
from tenants.portal.access import Access, access_by
from tenants.portal.links import LINK_VALID_FOR, read_token
from tenants.portal.models import PortalLink
from tenants.portal.tasks import send_link

LINKS_PER_MINUTE = 3  # to one address
REQUESTS_PER_MINUTE = 10  # from one computer
ACTS_PER_MINUTE = 10  # objections, and pages opened at Stripe, of one session
SESSION_LASTS = timedelta(hours=24)
KEPT_FOR = timedelta(days=30)
INDEX_LABEL = "portal.link.email"


def request_link(*, email: str, ip: str | None) -> None:
    """Write to an address that a customer has; do nothing, and say so to nobody, otherwise.

    One e-mail for each customer that names the address. Raises TooManyRequests after
    LINKS_PER_MINUTE for the address or REQUESTS_PER_MINUTE from the computer.
    """
    require_allowance(f"portal-ip:{ip}", limit=REQUESTS_PER_MINUTE)
    address = blind_index(email, label=INDEX_LABEL).hex()
    require_allowance(f"portal-address:{address}", limit=LINKS_PER_MINUTE)
    moment = now()
    with transaction.atomic():
        PortalLink.objects.filter(expires_at__lt=moment - KEPT_FOR).delete()
        for person in selectors.people_with(email):
            link = PortalLink.objects.create(
                customer=person.customer,
                name=person.name,
                email=email,
                language=person.language,
                expires_at=moment + LINK_VALID_FOR,
            )
            enqueue_after_commit(send_link, link_id=str(link.pk), language=link.language)


def link_by_token(token: str) -> PortalLink:
    """The unused link of a token. Raises NotFound, and Gone for a used or expired one."""
    found: PortalLink | None = (
        PortalLink.objects.select_related("customer").filter(pk=read_token(token)).first()
    )
    if found is None or found.used_at is not None or found.expires_at <= now():
        raise Gone(_("This link was used or has expired. Ask for a new one."))
    return found


def enter_portal(*, token: str, ip: str | None, request_id: str | None) -> PortalLink:
    """Use up a link: of two who try at once, one gets in. Raises NotFound, Gone."""
    with transaction.atomic():
        PortalLink.objects.select_for_update().filter(pk=read_token(token)).first()
        link = link_by_token(token)
        link.used_at = now()
        link.ends_at = link.used_at + SESSION_LASTS
        link.save(update_fields=["used_at", "ends_at"])
        access = access_by(link, ip=ip, request_id=request_id)
        record(actor=access.actor, action="portal.signed_in", target=link.customer)
    return link


def enter_by_account(*, actor: Actor, email: str, customer_id: str) -> PortalLink:
    """A session for somebody signed in with an account of the role customer.

    `email` is the account's verified address: whoever names it as recipient or billing contact
    is who they may look at. Raises NotFound for any other customer, Forbidden for staff.
    """
    _authorize_customer(actor)
    moment = now()
    for person in selectors.people_with(email) if email else ():
        if person.customer.customer_id == customer_id:
            with transaction.atomic():
                link: PortalLink = PortalLink.objects.create(
                    customer=person.customer,
                    name=person.name,
                    email=email,
                    language=person.language,
                    expires_at=moment,
                    used_at=moment,
                    ends_at=moment + SESSION_LASTS,
                )
                record(actor=actor, action="portal.signed_in", target=link.customer)
            return link
    raise NotFound()


def _authorize_customer(actor: Actor) -> None:
    if actor.role != Role.CUSTOMER:
        raise Forbidden()


def leave_portal(*, actor: Actor) -> None:
    """End the actor's portal session, wherever its cookie may still be."""
    authorize(actor, "portal.read")
    with transaction.atomic():
        link = PortalLink.objects.select_related("customer").get(pk=actor.id)
        link.ends_at = now()
        link.save(update_fields=["ends_at"])
        record(actor=actor, action="portal.signed_out", target=link.customer)


def dispute_invoice(
    *,
    access: Access,
    invoice_id: str,
    reason: str,
    amount: Decimal | None = None,
    position: int | None = None,
) -> Dispute:
    """Object to an own invoice or a line of it. Raises as `raise_dispute`, TooManyRequests."""
    require_allowance(f"portal-act:{access.actor.id}", limit=ACTS_PER_MINUTE)
    invoice = selectors.invoice_of(access, invoice_id=invoice_id)
    return raise_dispute(
        actor=access.actor,
        invoice_id=invoice.invoice_id,
        reason=reason,
        amount=amount,
        position=position,
    )


def start_payment(*, access: Access, invoice_id: str) -> OnlinePayment:
    """Open the page (its `url`) on which what is undisputed of an own invoice is paid.

    Raises as `start_online_payment`, NotFound for anybody else's invoice, TooManyRequests.
    """
    authorize(access.actor, "portal.pay")
    require_allowance(f"portal-act:{access.actor.id}", limit=ACTS_PER_MINUTE)
    invoice = selectors.invoice_of(access, invoice_id=invoice_id)
    back = site_url(reverse("portal_invoice", args=[invoice.invoice_id]))
    online = start_online_payment(invoices=[invoice], success_url=f"{back}?paid=1", cancel_url=back)
    after = {"amount": str(online.amount), "currency": online.currency}
    with transaction.atomic():
        record(actor=access.actor, action="portal.payment_started", target=invoice, after=after)
    return online
