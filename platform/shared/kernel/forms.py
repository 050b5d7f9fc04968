"""Pages that are one form, and bringing a service's refusal back to the form it came from."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.money import CURRENCIES
from shared.kernel.errors import AppError, Forbidden, NotFound, Unauthenticated

CURRENCY_CHOICES = [(code, code) for code in sorted(CURRENCIES)]


class PositiveAmountField(forms.DecimalField):
    """An amount of money above zero, in whichever currency stands beside it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_digits=19,
            decimal_places=4,
            min_value=Decimal("0.0001"),
            error_messages={"min_value": gettext_lazy("Must be more than zero.")},
            widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
            **kwargs,
        )


def form_page(
    request: HttpRequest,
    template: str,
    form: forms.BaseForm,
    *,
    above: Sequence[tuple[str, str]],
    title: str = "",
    **more: Any,
) -> HttpResponse:
    """A page of `layouts/form.html`: 422 where the form has errors.

    `above` are the pages it lies below, as (label, address); cancelling leads to the last of
    them. Without a title the page edits what that one shows.
    """
    label, cancel_url = above[-1]
    last = title or _("Edit")
    context = {
        "form": form,
        "title": title or _("Edit %(name)s") % {"name": label},
        "cancel_url": cancel_url,
        "crumbs": [*above, (last, None)],
        **more,
    }
    return render(request, template, context, status=422 if form.errors else 200)


def carried_out(
    form: forms.BaseForm, work: Callable[[], object], fields: Mapping[str, str] | None = None
) -> bool:
    """Whether the form is valid and `work` was done; a refusal of it stands in the form instead."""
    if not form.is_valid():
        return False
    try:
        work()
    except AppError as error:
        add_errors(form, error, fields or {})
    return not form.errors


def add_errors(form: forms.BaseForm, error: AppError, fields: Mapping[str, str]) -> None:
    """Put each field error beside its input; `fields` maps the service's paths to inputs.

    A path below a mapped one belongs to it; what has no input stands above the form. What no
    other input could mend (no permission, nothing there) is raised again for its own page.
    """
    if isinstance(error, Forbidden | Unauthenticated | NotFound):
        raise error
    for problem in error.errors:
        name = _input_of(problem.field, form, fields)
        message = str(problem.message)
        form.add_error(name, message if name else f"{problem.field}: {message}")
    if not error.errors:
        form.add_error(None, str(error.detail))


def _input_of(path: str, form: forms.BaseForm, fields: Mapping[str, str]) -> str | None:
    for prefix, name in sorted(fields.items(), key=lambda pair: -len(pair[0])):
        if path == prefix or path.startswith((f"{prefix}.", f"{prefix}[")):
            return name
    return path if path in form.fields else None
