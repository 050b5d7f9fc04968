"""How often something open to everybody may be tried."""

from shared.idempotency.limits import take
from shared.kernel.errors import TooManyRequests
from shared.kernel.tenancy import shared_context
from shared.kernel.wording import worded as _


def count_attempt(who: str, *, limit: int) -> None:
    """Count one attempt of `who`. Raises TooManyRequests after `limit` of them in a minute."""
    with shared_context():
        allowance = take(who, limit=limit)
    if allowance is not None and not allowance.allowed:
        raise TooManyRequests(
            _("Too many attempts from your address. Wait a minute and try again."),
            retry_after=allowance.reset_seconds,
        )
