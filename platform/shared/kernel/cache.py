"""The shared cache: keys that cannot cross between organisations, values that cannot be stale."""

from collections.abc import Callable
from typing import Any, TypeVar

import redis
import structlog
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache

from shared.kernel.tenancy import current_schema

logger = structlog.get_logger(__name__)

Value = TypeVar("Value")


class ForgivingCache(RedisCache):
    """Redis, or nothing kept where it does not answer: then what it holds is made each time.

    Only reading and filling forgive. What decides by the answer (a link's single use, a count of
    wrong passwords) and what must be gone (an ended session) raises, and the caller sees a 503.
    """

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The value, or `default` where there is none or nobody to ask."""
        try:
            return super().get(key, default, version)
        except redis.RedisError as error:
            _note(error)
            return default

    def get_many(self, keys: Any, version: int | None = None) -> Any:
        """The values that are there; none where there is nobody to ask."""
        try:
            return super().get_many(keys, version)
        except redis.RedisError as error:
            _note(error)
            return {}

    def set(self, *given: Any, **options: Any) -> None:
        """Keep the value where that is possible."""
        try:
            super().set(*given, **options)
        except redis.RedisError as error:
            _note(error)


def _note(error: redis.RedisError) -> None:
    logger.warning("cache_unavailable", why=type(error).__name__)


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
    kept = cache.get(key)
    if kept is not None and kept[0] == stamp:
        return kept[1]  # type: ignore[no-any-return]
    value = make()
    cache.set(key, (stamp, value), seconds)
    return value
