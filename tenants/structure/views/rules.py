"""What the pages of dated rules have in common."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.utils.translation import gettext as _

from shared.kernel.api.auth import ApiRequest
from shared.kernel.errors import AppError, NotFound
from shared.kernel.forms import add_errors


def add_by_form(request: ApiRequest, form: Form, add: Callable[..., Any]) -> bool:
    """Whether the rule was added; where something is wrong, the form says what."""
    if not form.is_valid():
        return False
    try:
        add(actor=request.actor, **form.cleaned_data)
    except AppError as error:
        add_errors(form, error, {})
        return False
    messages.success(request, _("Saved. It counts for invoices made from now on."))
    return True


def posted_key(request: ApiRequest) -> UUID:
    """Which rule is meant. Raises NotFound."""
    try:
        return UUID(request.POST.get("id", ""))
    except ValueError as error:
        raise NotFound() from error
