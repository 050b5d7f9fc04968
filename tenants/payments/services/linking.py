"""Access to the organisation's account at Stripe, given by its owner there (Connect OAuth).

The owner is sent to Stripe with a state that only this organisation, this person and the next
quarter of an hour fit; Stripe sends them back with a code that is changed into the account's id.
No secret of the account is kept: it is used with the platform's key. Source:
docs.stripe.com/connect/oauth-reference.
"""

from datetime import timedelta
from secrets import token_urlsafe
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.db import transaction

from connectors.errors import NeedsAttention, RetryLater
from connectors.stripe_payments import Standing
from connectors.stripe_payments.connect import StripeConnect
from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import (
    AppError,
    Conflict,
    FieldError,
    Forbidden,
    Gone,
    Invalid,
    Malformed,
    Unavailable,
)
from shared.kernel.tenancy import current_schema
from shared.kernel.wording import worded as _
from shared.organisations.services.outside import claim_outside_account, release_outside_account
from tenants.payments.models import OnlineAccount
from tenants.review.services import close_items, raise_item

SYSTEM_NAME = "stripe"
REVIEW_KIND = "online_account"
SETTINGS_PATH = "/settings/online-payments"
ARRIVAL_PATH = f"{SETTINGS_PATH}/connected"
# Registered at Stripe to the letter, so it is one address for all: it leads on to the tenant's.
RETURN_PATH = "/stripe/connected"
SALT = "tenants.payments.linking"
STATE_VALID_FOR = timedelta(minutes=15)


def can_link() -> bool:
    """Whether the platform has an account at Stripe to which access can be given."""
    return bool(settings.STRIPE_CONNECT_CLIENT_ID and settings.STRIPE_CONNECT_SECRET_KEY)


def link_address(*, actor: Actor) -> str:
    """Where the owner of the account gives access to it. Raises Conflict, Forbidden."""
    authorize(actor, "organisation.write")
    if not can_link():
        raise Conflict(_("Connecting with Stripe is not set up here. Use a key of your own."))
    _require_none_linked()
    state = {"o": current_schema(), "p": actor.id, "n": token_urlsafe(16)}
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    return _stripe().address(
        state=signing.dumps(state, salt=SALT),
        redirect_uri=f"{settings.PUBLIC_SCHEME}://{settings.BASE_DOMAIN}{port}{RETURN_PATH}",
    )


def schema_of_state(state: str) -> str:
    """Whose attempt a state belongs to, however old. Raises Malformed for one not ours."""
    try:
        return str(signing.loads(state, salt=SALT)["o"])
    except signing.BadSignature as error:
        raise _foreign_state() from error


def link_account(*, actor: Actor, state: str, code: str, refusal: str = "") -> OnlineAccount:
    """Change what Stripe sent back into the use of the account.

    `refusal` is Stripe's word where no access was given. Each way to fail says what happened
    and what to do: Malformed, Forbidden, Gone, Conflict, Unavailable. Nothing is changed then.
    """
    authorize(actor, "organisation.write")
    _spend(actor, state)
    if refusal:
        raise _refused(refusal)
    _require_none_linked()
    stripe = _stripe()
    try:
        granted = stripe.exchange(code)
        standing = stripe.standing(granted.account_id)
    except NeedsAttention as error:
        raise _not_exchanged(error) from error
    except RetryLater as error:
        raise Unavailable(_("Stripe does not answer. Start again in a few minutes.")) from error
    with transaction.atomic():
        claim_outside_account(system=SYSTEM_NAME, number=granted.account_id)
        account = _replace(standing, is_live=granted.live)
        close_items(actor=actor, kind=REVIEW_KIND, target_id=account.pk)
        after = {"account": account.account_id, "name": account.name, "live": account.is_live}
        record(actor=actor, action="online_account.linked", target=account, after=after)
    return account


def choose_methods(*, actor: Actor, card: bool, bank_debit: bool) -> OnlineAccount:
    """What the linked account offers customers. Raises Conflict without one, Invalid."""
    authorize(actor, "organisation.write")
    if not card and not bank_debit:
        message = _("Offer at least one way to pay.")
        raise Invalid(errors=[FieldError("card", "required", message)])
    with transaction.atomic():
        account = OnlineAccount.objects.select_for_update().filter(is_linked=True).first()
        if account is None:
            raise Conflict(_("Payments online are not set up."))
        before = {"card": account.card, "bank_debit": account.bank_debit}
        account.card, account.bank_debit = card, bank_debit
        account.save_changes("card", "bank_debit")
        after = {"card": card, "bank_debit": bank_debit}
        _record_change(actor, account, before, after)
    return account


def disconnect_account(*, actor: Actor) -> None:
    """Stop taking payments online; what is under way at Stripe is no longer heard of.

    A linked account's access is given back at Stripe first. Raises Unavailable, and nothing is
    changed, where Stripe does not answer.
    """
    authorize(actor, "organisation.write")
    present = OnlineAccount.objects.first()
    if present is not None and present.is_linked and present.withdrawn_at is None:
        _give_access_back(present)
    with transaction.atomic():
        account = OnlineAccount.objects.select_for_update().first()
        if account is None:
            return
        if account.is_linked:
            release_outside_account(system=SYSTEM_NAME, number=account.account_id)
            close_items(actor=actor, kind=REVIEW_KIND, target_id=account.pk)
        before = {"account": account.account_id, "name": account.name}
        record(actor=actor, action="online_account.disconnected", target=account, before=before)
        account.delete()


def refresh_account(*, actor: Actor) -> None:
    """Ask Stripe how the linked account stands: whether it takes payments, whether it is ours.

    Safe to repeat. Raises RetryLater.
    """
    authorize(actor, "organisation.write")
    account = OnlineAccount.objects.filter(is_linked=True, withdrawn_at__isnull=True).first()
    if account is None:
        return
    try:
        standing = _stripe().standing(account.account_id)
    except NeedsAttention as error:
        if error.field == "account_id":
            _note_withdrawn(actor, account.account_id)
        return
    with transaction.atomic():
        same = OnlineAccount.objects.select_for_update().filter(pk=account.pk).first()
        if same is None:
            return
        before = {"name": same.name, "charges_enabled": same.charges_enabled}
        same.name, same.country = standing.name, standing.country
        same.charges_enabled, same.checked_at = standing.charges_enabled, now()
        same.save_changes("name", "country", "charges_enabled", "checked_at")
        after = {"name": same.name, "charges_enabled": same.charges_enabled}
        if after != before:
            _record_change(actor, same, before, after)


def _record_change(
    actor: Actor, account: OnlineAccount, before: dict[str, Any], after: dict[str, Any]
) -> None:
    action = "online_account.changed"
    record(actor=actor, action=action, target=account, before=before, after=after)


def _stripe() -> StripeConnect:
    return StripeConnect(
        secret_key=settings.STRIPE_CONNECT_SECRET_KEY,
        client_id=settings.STRIPE_CONNECT_CLIENT_ID,
        api_base=settings.STRIPE_API_BASE,
        connect_base=settings.STRIPE_CONNECT_BASE,
    )


def _require_none_linked() -> None:
    linked = OnlineAccount.objects.filter(is_linked=True, withdrawn_at__isnull=True).first()
    if linked is not None:
        raise Conflict(_("%(account)s is connected. Disconnect it first.") % {"account": linked})


def _spend(actor: Actor, state: str) -> None:
    """Use the state up: it is signed, fresh, of this organisation and person, and works once."""
    if schema_of_state(state) != current_schema():
        raise _foreign_state()
    try:
        found = signing.loads(state, salt=SALT, max_age=STATE_VALID_FOR)
    except signing.SignatureExpired as error:
        message = _("It took longer than 15 minutes. Nothing was connected; start again.")
        raise Gone(message) from error
    if found["p"] != actor.id:
        raise Forbidden(
            _("Somebody else of your organisation started this. Start it again yourself.")
        )
    seconds = int(STATE_VALID_FOR.total_seconds())
    if not cache.add(f"payments:linking:{found['n']}", 1, seconds):
        raise Gone(_("This answer of Stripe was used before. Start again if need be."))


def _foreign_state() -> Malformed:
    return Malformed(_("This answer of Stripe belongs to no attempt of yours. Start again."))


def _refused(refusal: str) -> AppError:
    if refusal == "access_denied":
        message = _("No access was given at Stripe. Nothing was connected; start again any time.")
        return Conflict(message)
    message = _("Stripe could not connect the account (%(why)s). Nothing changed; start again.")
    return Conflict(message % {"why": refusal[:100]})


def _not_exchanged(error: NeedsAttention) -> AppError:
    if error.field == "code":
        return Gone(_("The code of Stripe was used or is too old. Nothing changed; start again."))
    return Unavailable(
        _("Stripe does not accept InvoicePatch just now. Nothing changed; tell our support.")
    )


def _replace(standing: Standing, *, is_live: bool) -> OnlineAccount:
    """The account in place of the one before, whose ways to pay it keeps."""
    account = OnlineAccount.objects.select_for_update().first() or OnlineAccount()
    if account.is_linked and account.account_id != standing.account_id:
        release_outside_account(system=SYSTEM_NAME, number=account.account_id)
    account.is_linked, account.is_live = True, is_live
    account.account_id = standing.account_id
    account.name, account.country = standing.name, standing.country
    account.charges_enabled, account.checked_at = standing.charges_enabled, now()
    account.withdrawn_at = None
    account.secret_key = account.webhook_secret = account.webhook_id = ""
    account.revision += 1
    account.save()
    return account


def _give_access_back(account: OnlineAccount) -> None:
    try:
        _stripe().revoke(account.account_id)
    except (NeedsAttention, RetryLater) as error:
        message = _("Stripe does not take the access back just now. Nothing changed; try again.")
        raise Unavailable(message) from error


def _note_withdrawn(actor: Actor, account_id: str) -> None:
    """The owner took the access away at Stripe: nobody can pay online, and somebody must know."""
    with transaction.atomic():
        account = (
            OnlineAccount.objects.select_for_update()
            .filter(is_linked=True, account_id=account_id, withdrawn_at__isnull=True)
            .first()
        )
        if account is None:
            return
        account.withdrawn_at = now()
        account.save_changes("withdrawn_at")
        release_outside_account(system=SYSTEM_NAME, number=account_id)
        cause = _("The access to %(account)s was withdrawn at Stripe: customers cannot pay online.")
        raise_item(
            kind=REVIEW_KIND,
            target=account,
            cause=cause % {"account": account},
            link=SETTINGS_PATH,
        )
        after = {"account": account_id}
        record(actor=actor, action="online_account.deauthorized", target=account, after=after)
