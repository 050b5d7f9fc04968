"""The process's Redis clients. Redis holds nothing that cannot be made again."""

from functools import lru_cache

import redis
from django.conf import settings

TIMEOUT_SECONDS = 2


@lru_cache(maxsize=1)
def redis_client() -> redis.Redis:
    """A client with a connection pool, shared by the process's threads."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        health_check_interval=30,
    )
