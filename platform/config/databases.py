"""Which PostgreSQL the process connects to, and as whom."""

from typing import Any

import psycopg.conninfo

from config import env


def application_role() -> str:
    """The login role of web and worker, to which the owner grants its rights."""
    return str(psycopg.conninfo.conninfo_to_dict(env.secret("DATABASE_URL"))["user"])


def connections(*, as_owner: bool) -> dict[str, Any]:
    """Django's DATABASES from DATABASE_URL, or from OWNER_DATABASE_URL for owner processes.

    The application role owns no table; the owner migrates and provisions.
    """
    url = env.secret("OWNER_DATABASE_URL" if as_owner else "DATABASE_URL")
    parts = psycopg.conninfo.conninfo_to_dict(url)
    options: dict[str, Any] = {"connect_timeout": 10}
    pool_size = env.number("DATABASE_POOL", 0)
    if pool_size:
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 10}
    known = ("dbname", "user", "password", "host", "port", "connect_timeout")
    options.update({key: value for key, value in parts.items() if key not in known})
    return {
        "default": {
            "ENGINE": "shared.kernel.database",
            "NAME": parts.get("dbname", ""),
            "USER": parts.get("user", ""),
            "PASSWORD": parts.get("password", ""),
            "HOST": parts.get("host", ""),
            "PORT": parts.get("port", ""),
            "CONN_MAX_AGE": 0 if pool_size else env.number("DATABASE_CONN_MAX_AGE", 60),
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": options,
        }
    }
