"""Bringing a service's refusal back to the form it came from."""

from collections.abc import Mapping

from django import forms

from shared.kernel.errors import AppError, Forbidden, NotFound, Unauthenticated


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
