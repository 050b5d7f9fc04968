"""Paying online through the organisation's own account at Stripe."""

from collections.abc import Sequence
from contextlib import suppress
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
from shared.kernel.wording import wording_of
from tenants.invoices.models import Invoice
from tenants.payments.errors import NotPayable
from tenants.payments.models import OnlineAccount, OnlinePayment
from tenants.payments.selectors.online import usable_account
from tenants.payments.services.checking import lock_invoices

EVENTS_PATH = "/api/v1/payments/online/events"
INVOICES_MAX = 50
PAGES_MAX = 5  # closed at a time
# A page that is about to expire is not given to anybody any more.
LEFT_AT_LEAST = timedelta(minutes=10)


def client_of(account: OnlineAccount) -> StripePayments:
    """The account's own client; of a linked one the platform's key in that account's name."""
    own, platform = account.secret_key, settings.STRIPE_CONNECT_SECRET_KEY
    return StripePayments(
        secret_key=platform if account.is_linked else own,
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
    """Connect the organisation's Stripe account by its key, or change how it is connected.

    The key is tried first. Without a `webhook_secret` an endpoint for events is made there. An
    empty key keeps the present one. Raises Invalid naming the field, Conflict while an account
    is linked, Unavailable.
    """
    authorize(actor, "organisation.write")
    present = OnlineAccount.objects.first()
    if present is not None and present.is_linked:
        raise Conflict(_("%(account)s is connected. Disconnect it first.") % {"account": present})
    key = secret_key.strip() or (present.secret_key if present else "")
    account = OnlineAccount(
        secret_key=key,
        is_live="_test_" not in key,
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


def start_online_payment(
    *, invoices: Sequence[Invoice], success_url: str, cancel_url: str
) -> OnlinePayment:
    """Open a page at Stripe (its `url`) to pay what is open of these invoices and undisputed.

    Whoever holds the customer's signed link may pay: the caller has checked it. The invoices
    are of one customer and currency. Asking again gives the same page while it is open. Raises
    Conflict where the organisation takes no payments online, NotPayable, Unavailable.
    """
    account = usable_account()
    if account is None or not account.charges_enabled:
        raise Conflict(_("Payments online are not set up."))
    online = _attempt(invoices)
    if online.url:
        return online
    try:
        page = client_of(account).start(
            reference=str(online.pk),
            items=[Item(_name(invoices, code), Decimal(due)) for code, due in online.parts.items()],
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
    online.url = page.url
    _close_others(account, online)
    return online


def _close_others(account: OnlineAccount, online: OnlinePayment) -> None:
    """Close pages still open for other amounts of these invoices, so that nobody pays twice."""
    others = OnlinePayment.objects.filter(
        status=OnlinePayment.Status.STARTED,
        customer_id=online.customer_id,
        parts__has_any_keys=list(online.parts),
        expires_at__gt=now(),
    ).exclude(pk=online.pk)
    for other in others.order_by("-created_at")[:PAGES_MAX]:
        with suppress(NeedsAttention, RetryLater):  # paid or closed meanwhile: events tell
            client_of(account).close(str(other.session_id))


def _attempt(invoices: Sequence[Invoice]) -> OnlinePayment:
    """The attempt to pay exactly what is open now: one whose page is open, else a new one.

    The invoices are locked meanwhile: a payment or an objection comes before or after it.
    """
    with transaction.atomic():
        locked = lock_invoices([one.invoice_id for one in invoices])
        items = _payable(list(locked.values()))
        _require_none_under_way(items)
        parts = {one.invoice_id: f"{one.undisputed_due:.4f}" for one in items}
        same = OnlinePayment.objects.filter(
            customer_id=items[0].customer_id,
            status=OnlinePayment.Status.STARTED,
            parts=parts,
            expires_at__gt=now() + LEFT_AT_LEAST,
        )
        return same.first() or OnlinePayment.objects.create(
            customer_id=items[0].customer_id,
            currency=items[0].currency,
            amount=sum((one.undisputed_due for one in items), Decimal(0)),
            parts=parts,
        )


def _require_none_under_way(invoices: Sequence[Invoice]) -> None:
    """A bank debit takes days: until it is decided the same must not be paid again."""
    under_way = OnlinePayment.objects.filter(
        customer_id=invoices[0].customer_id,
        status=OnlinePayment.Status.PROCESSING,
        parts__has_any_keys=[one.invoice_id for one in invoices],
    )
    if under_way.exists():
        raise NotPayable(_("A payment of it is on its way already."))


def _payable(invoices: Sequence[Invoice]) -> list[Invoice]:
    issued = Invoice.DocumentStatus.ISSUED
    open_ones = [one for one in invoices if one.document_status == issued and one.balance_due > 0]
    found = [one for one in open_ones if one.undisputed_due > 0]
    if open_ones and not found:
        raise NotPayable(
            _("All that is open is disputed: nothing is to pay until that is settled.")
        )
    if not found or len(found) > INVOICES_MAX:
        raise NotPayable(_("Nothing of it is open."))
    if len({(one.customer_id, one.currency) for one in found}) > 1:
        raise NotPayable(_("The invoices are of several customers or currencies."))
    return found


def _name(invoices: Sequence[Invoice], code: str) -> str:
    return next(str(one) for one in invoices if one.invoice_id == code)


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
        known = error.field == "secret_key" or (error.field == "account_id" and account.account_id)
        field = error.field if known else "webhook_secret"
        raise Invalid(errors=[FieldError(field, "refused", wording_of(error.why))]) from error
    except RetryLater as error:
        raise Unavailable(_("Stripe does not answer. Try again later.")) from error
