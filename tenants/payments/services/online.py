"""Paying online through the organisation's own account at Stripe."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from connectors.errors import NeedsAttention, RetryLater
from connectors.stripe_payments import Item
from connectors.stripe_payments.client import StripePayments
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, FieldError, Invalid, Unavailable
from shared.kernel.tenancy import require_organisation
from tenants.invoices.models import Invoice
from tenants.payments.errors import NotPayable
from tenants.payments.models import OnlineAccount, OnlinePayment

EVENTS_PATH = "/api/v1/payments/online/events"
INVOICES_MAX = 50
# A page that is about to expire is not given to anybody any more.
LEFT_AT_LEAST = timedelta(minutes=10)


def client_of(account: OnlineAccount) -> StripePayments:
    """The account's own client."""
    return StripePayments(
        secret_key=account.secret_key,
        account_id=account.account_id,
        api_base=settings.STRIPE_API_BASE,
    )


def connect_account(
    *,
    actor: Actor,
    secret_key: str,
    account_id: str = "",
    webhook_secret: str = "",
    card: bool = True,
    bank_debit: bool = True,
) -> OnlineAccount:
    """Connect the organisation's Stripe account, or change how it is connected.

    The key is tried first. Without a `webhook_secret` an endpoint for events is made there. An
    empty key keeps the present one. Raises Invalid naming the field, Unavailable.
    """
    authorize(actor, "organisation.write")
    present = OnlineAccount.objects.first()
    account = OnlineAccount(
        secret_key=secret_key.strip() or (present.secret_key if present else ""),
        account_id=account_id.strip(),
        webhook_secret=webhook_secret.strip() or (present.webhook_secret if present else ""),
        webhook_id=present.webhook_id if present else "",
        card=card,
        bank_debit=bank_debit,
    )
    _check(account)
    _reach(account)
    with transaction.atomic():
        OnlineAccount.objects.select_for_update().delete()
        account.save(force_insert=True)
        after = {"account": account.account_id, "card": str(card), "bank_debit": str(bank_debit)}
        record(actor=actor, action="online_account.connected", target=account, after=after)
    return account


def disconnect_account(*, actor: Actor) -> None:
    """Stop taking payments online; what is under way at Stripe is no longer heard of."""
    authorize(actor, "organisation.write")
    with transaction.atomic():
        account = OnlineAccount.objects.select_for_update().first()
        if account is not None:
            record(actor=actor, action="online_account.disconnected", target=account, after={})
            account.delete()


def start_online_payment(*, invoices: Sequence[Invoice], success_url: str, cancel_url: str) -> str:
    """The address of a page at Stripe on which the balance of these invoices is paid.

    Whoever holds the customer's signed link may pay: the caller has checked it. The invoices
    are of one customer and currency. Asking again gives the same page while it is open. Raises
    Conflict where the organisation takes no payments online, NotPayable, Unavailable.
    """
    account = OnlineAccount.objects.first()
    if account is None:
        raise Conflict(_("Payments online are not set up."))
    items = _payable(invoices)
    parts = {one.invoice_id: f"{one.balance_due:.4f}" for one in items}
    with transaction.atomic():
        online = _open_page(items[0], parts)
        if online is None:
            online = OnlinePayment.objects.create(
                customer_id=items[0].customer_id,
                currency=items[0].currency,
                amount=sum((one.balance_due for one in items), Decimal(0)),
                parts=parts,
            )
    if online.url:
        return online.url
    try:
        page = client_of(account).start(
            reference=str(online.pk),
            items=[Item(str(one), one.balance_due) for one in items],
            currency=online.currency,
            card=account.card,
            bank_debit=account.bank_debit,
            success_url=success_url,
            cancel_url=cancel_url,
        )
    except (NeedsAttention, RetryLater) as error:
        raise Unavailable(_("Stripe does not answer as it should. Try again later.")) from error
    OnlinePayment.objects.filter(pk=online.pk).update(
        session_id=page.session_id, url=page.url, expires_at=page.expires_at, updated_at=now()
    )
    return page.url


def _open_page(invoice: Invoice, parts: dict[str, str]) -> OnlinePayment | None:
    """The page already open for exactly these amounts. Its invoices are locked meanwhile."""
    list(Invoice.objects.select_for_update(of=("self",)).filter(pk=invoice.pk))
    return OnlinePayment.objects.filter(
        customer_id=invoice.customer_id,
        status=OnlinePayment.Status.STARTED,
        parts=parts,
        expires_at__gt=now() + LEFT_AT_LEAST,
    ).first()


def _payable(invoices: Sequence[Invoice]) -> list[Invoice]:
    issued = Invoice.DocumentStatus.ISSUED
    found = [one for one in invoices if one.document_status == issued and one.balance_due > 0]
    if not found or len(found) > INVOICES_MAX:
        raise NotPayable(_("Nothing of it is open."))
    if len({(one.customer_id, one.currency) for one in found}) > 1:
        raise NotPayable(_("The invoices are of several customers or currencies."))
    return found


def _check(account: OnlineAccount) -> None:
    errors = []
    if not account.secret_key.startswith(("sk_", "rk_")):
        message = _("A secret key starts with sk_ or rk_.")
        errors.append(FieldError("secret_key", "form", message))
    if account.account_id and not account.account_id.startswith("acct_"):
        errors.append(FieldError("account_id", "form", _("An account starts with acct_.")))
    if account.webhook_secret and not account.webhook_secret.startswith("whsec_"):
        message = _("A signing secret starts with whsec_.")
        errors.append(FieldError("webhook_secret", "form", message))
    if not account.card and not account.bank_debit:
        errors.append(FieldError("card", "required", _("Offer at least one way to pay.")))
    if errors:
        raise Invalid(errors=errors)


def _reach(account: OnlineAccount) -> None:
    """Try the key; have events sent here where nobody has set that up."""
    client = client_of(account)
    try:
        client.check()
        if not account.webhook_secret:
            url = f"{require_organisation().url}{EVENTS_PATH}"
            account.webhook_id, account.webhook_secret = client.listen(url)
    except NeedsAttention as error:
        field = "secret_key" if error.field == "secret_key" else "webhook_secret"
        raise Invalid(errors=[FieldError(field, "refused", error.why)]) from error
    except RetryLater as error:
        raise Unavailable(_("Stripe does not answer. Try again later.")) from error
