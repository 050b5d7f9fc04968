"""The console of platform staff at `/staff` on the bare domain; apps register in their admin.py.

Rows are changed by services, as everywhere: the console shows them and offers those services.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from allauth.account.decorators import secure_admin_login
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold import decorators
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from shared.kernel.errors import AppError
from shared.kernel.tenancy import current_organisation

Method = TypeVar("Method", bound=Callable[..., Any])


class _Decorate(Protocol):
    """unfold's decorators have no types; they return a method of the same shape."""

    def __call__(self, **options: Any) -> Callable[[Method], Method]: ...


action: _Decorate = decorators.action
display: _Decorate = decorators.display


class StaffSite(UnfoldAdminSite):  # type: ignore[misc]
    """Signs in as everywhere else, with lockout and second factor, instead of by a form here."""

    site_url = "/"
    index_title = _("Platform")

    def has_permission(self, request: HttpRequest) -> bool:
        """Only members of staff of the public schema."""
        user = request.user
        return current_organisation() is None and user.is_active and bool(user.is_staff)


staff_site = StaffSite(name="admin")
staff_site.login = secure_admin_login(staff_site.login)


class ConsoleAdmin(ModelAdmin):  # type: ignore[misc]
    """Rows to look at: nothing is added, changed or deleted by hand."""

    list_per_page = 50
    show_full_result_count = False
    # Of the row's app: `organisations.read` and so on, held by the actor.
    permission = ""

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether the actor may read."""
        return bool(request.actor.may(self.permission))  # type: ignore[attr-defined]

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the app stands in the navigation."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never by hand."""
        return False


def answer_dialog(request: HttpRequest, back: str, done: str, service: Any, **values: Any) -> Any:
    """Call a service for a dialog's form, say what came of it, and return to the page `back`."""
    try:
        service(actor=request.actor, **values)  # type: ignore[attr-defined]
    except AppError as error:
        messages.error(request, str(error.detail))
    else:
        messages.success(request, done)
    return HttpResponse(headers={"HX-Redirect": back})
