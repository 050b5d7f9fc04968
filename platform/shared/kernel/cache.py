"""Cache keys that cannot cross from one organisation to another."""

from shared.kernel.tenancy import current_schema


def make_tenant_key(key: str, key_prefix: str, version: int) -> str:
    """Prefix each key with the schema it was written in."""
    return f"{current_schema()}:{key_prefix}:{version}:{key}"
