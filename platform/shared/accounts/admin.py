"""Members of platform staff in their console."""

from django.contrib import admin

from shared.accounts.models import User
from shared.kernel.console import ConsoleAdmin, staff_site


@admin.register(User, site=staff_site)
class StaffUserAdmin(ConsoleAdmin):
    """Users of the public schema; `create_staff` makes one."""

    permission = "organisations.read"
    list_display = ("email", "name", "is_staff", "is_active", "last_login", "date_joined")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name")
    fields = ("email", "name", "language", "time_zone", "is_active", "is_staff", "last_login")
