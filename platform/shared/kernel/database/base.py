"""django-tenants' engine, with a PostgreSQL role for each organisation.

Choosing a tenant sets role and search path in one statement, before the next query. Both are
session settings, so a rollback may revert them: they are set again after one. A tenant's
search path is its own schema only: public tables are reached through `shared_context`.

Source: `architecture.md`, Isolation, layer 2.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django_tenants.postgresql_backend import base
from psycopg.pq import TransactionStatus

PUBLIC_SCHEMA = "public"


class DatabaseOperations(base.DatabaseWrapper.ops_class):  # type: ignore[misc]
    """Locks rows without their keys.

    Foreign keys are checked at the commit, when the audit chain is locked already: that check
    must not wait for somebody who holds the row pointed at and waits for the chain. Two who
    change the same row still wait for each other.
    """

    def for_update_sql(
        self,
        nowait: bool = False,
        skip_locked: bool = False,
        of: tuple[str, ...] = (),
        no_key: bool = True,
    ) -> str:
        """FOR NO KEY UPDATE, whoever asks."""
        del no_key
        sql: str = super().for_update_sql(nowait, skip_locked, of, no_key=True)
        return sql


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]
    """Applies role and search path lazily, once a switch."""

    ops_class = DatabaseOperations
    search_path_set_schemas: list[str] | None
    _setting_search_path: bool

    def apply_tenant(self) -> None:
        """Set role and search path now, for cursors that are open already."""
        self._handle_search_path()

    def _handle_search_path(self, cursor: Any = None) -> None:
        if self.search_path_set_schemas or self._setting_search_path:
            return
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            return  # only a rollback can follow, and it makes us come here again
        role, path = self._role(), self._path()
        self._setting_search_path = True
        try:
            with self.connection.cursor() as own:  # below Django: not counted as a query
                own.execute(
                    "SELECT set_config('role', %s, false), set_config('search_path', %s, false)",
                    [role, path],
                )
        finally:
            self._setting_search_path = False
        self.search_path_set_schemas = [self.schema_name]

    def _path(self) -> str:
        base._check_schema_name(self.schema_name)
        return f'"{self.schema_name}"'

    def _role(self) -> str:
        if self.schema_name == PUBLIC_SCHEMA or settings.CONNECT_AS_OWNER:
            return "none"
        role = getattr(self.tenant, "database_role", "")
        if not role:
            raise ImproperlyConfigured(
                f"The schema {self.schema_name!r} was chosen by name only; use "
                "kernel.tenancy.organisation_context, which knows its role."
            )
        return str(role)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A pooled connection may come back in another tenant's role: choose again."""
        self.search_path_set_schemas = None
        return super().get_new_connection(conn_params)
