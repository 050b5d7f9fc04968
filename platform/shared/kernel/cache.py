"""The shared cache: keys that cannot cross between organisations, values that cannot be stale."""

from collections.abc import Callable
from typing import Any, TypeVar

import redis
import structlog
from django.core.cache import cache

from shared.kernel.tenancy import current_schema

logger = structlog.get_logger(__name__)

Value = TypeVar("Value")


def make_tenant_key(key: str, key_prefix: str, version: int) -> str:
    """Prefix each key with the schema it was written in."""
    return f"{current_schema()}:{key_prefix}:{version}:{key}"


def remember(key: str, stamp: tuple[Any, ...], make: Callable[[], Value], *, seconds: int) -> Value:
    """The value of `key`, from the cache where it was put there under the same stamp.

    The stamp is what the database says now of the rows the value is made from: their keys and
    revisions, which only grow. It is compared at each reading, so a committed change drops the
    value at once, also when a slow reader stores an old one after it. Without Redis the value
    is made each time.
    """
    try:
        kept = cache.get(key)
        if kept is not None and kept[0] == stamp:
            return kept[1]  # type: ignore[no-any-return]
        value = make()
        cache.set(key, (stamp, value), seconds)
    except redis.RedisError as error:
        logger.warning("cache_unavailable", why=type(error).__name__)
        return make()
    return value
