"""Data keys and their rotation in the staff console: which exist, never what they are."""

from django.contrib import admin

from shared.kernel.console import ConsoleAdmin, staff_site
from shared.keyring.models import DataKey, RotationJob


@admin.register(DataKey, site=staff_site)
class DataKeyAdmin(ConsoleAdmin):
    """Versions of every organisation's keys, without the wrapped key."""

    permission = "organisations.read"
    list_display = (
        "organisation_id",
        "purpose",
        "version",
        "state",
        "master_key_id",
        "created_at",
    )
    list_filter = ("purpose", "state", "master_key_id")
    search_fields = ("organisation_id",)
    fields = ("organisation_id", "purpose", "version", "state", "master_key_id", "created_at")


@admin.register(RotationJob, site=staff_site)
class RotationJobAdmin(ConsoleAdmin):
    """Moves to a new key version and how far they are."""

    permission = "jobs.read"
    list_display = (
        "organisation_id",
        "purpose",
        "from_version",
        "to_version",
        "status",
        "created_at",
        "finished_at",
    )
    list_filter = ("status", "purpose")
    search_fields = ("organisation_id",)
    fields = (
        "organisation_id",
        "purpose",
        "from_version",
        "to_version",
        "status",
        "counts",
        "error",
        "created_at",
        "finished_at",
    )
