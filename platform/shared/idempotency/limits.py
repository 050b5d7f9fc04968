"""How often one caller may ask: a sliding window in Redis. Source: `api.md` Limits."""

import math
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import redis
import structlog
from django.utils.translation import gettext as _

from shared.kernel.errors import TooManyRequests
from shared.kernel.redis import redis_client
from shared.kernel.tenancy import current_schema

logger = structlog.get_logger(__name__)

WINDOW_SECONDS = 60

# Two counters, for this window and the one before, which fades out as this one passes: within
# a few percent of a log of every request, at two keys a caller. Atomic, as Redis runs a script
# alone. A refused request is not counted, so that waiting helps.
_SCRIPT = """
local window = tonumber(ARGV[2])
local now = tonumber(ARGV[3])
local limit = tonumber(ARGV[1])
local slot = math.floor(now / window)
local current = KEYS[1] .. ':' .. slot
local before = tonumber(redis.call('GET', KEYS[1] .. ':' .. (slot - 1)) or '0')
local count = tonumber(redis.call('GET', current) or '0')
local used = before * (1 - (now % window) / window) + count
if used + 1 > limit then
  return {0, 0}
end
redis.call('INCR', current)
redis.call('EXPIRE', current, window * 2)
return {1, math.floor(limit - used - 1)}
"""


@dataclass(frozen=True)
class Allowance:
    """What is left to a caller; `reset_seconds` until the window has moved on."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int


@lru_cache(maxsize=1)
def _script() -> Any:
    return redis_client().register_script(_SCRIPT)


def take(caller: str, *, limit: int) -> Allowance | None:
    """Count one request of `caller` (unique within the organisation) against `limit` a minute.

    None where Redis does not answer: the service stays open and the log says so.
    """
    moment = time.time()
    try:
        allowed, remaining = _script()(
            keys=[f"{current_schema()}:rate:{caller}"],
            args=[limit, WINDOW_SECONDS, moment],
        )
    except redis.RedisError as error:
        logger.warning("rate_limit_unavailable", why=type(error).__name__)
        return None
    reset = math.ceil(WINDOW_SECONDS - moment % WINDOW_SECONDS)
    return Allowance(bool(allowed), limit, int(remaining), reset)


def require_allowance(caller: str, *, limit: int) -> None:
    """Count one attempt of `caller` at something that costs much, or is open to everybody.

    Raises TooManyRequests after `limit` of them in a minute.
    """
    allowance = take(caller, limit=limit)
    if allowance is not None and not allowance.allowed:
        raise TooManyRequests(
            _("Too many attempts. Wait a minute and try again."),
            retry_after=allowance.reset_seconds,
        )
