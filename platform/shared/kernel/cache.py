"""Cache keys that cannot cross from one organisation to another."""

from django.db import connection


def make_tenant_key(key: str, key_prefix: str, version: int) -> str:
    """Prefix each key with the schema it was written in."""
    return f"{connection.schema_name}:{key_prefix}:{version}:{key}"
