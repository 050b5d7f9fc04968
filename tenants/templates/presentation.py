"""What the template pages show beside the texts themselves."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from tenants.templates.contents import source_for
from tenants.templates.models import DocumentTemplate, TemplateVersion
from tenants.templates.sandbox import plain_values

VALUES_MAX = 200
VALUE_LENGTH = 60
DEPTH_MAX = 3


def values_of(kind: str, language: str) -> list[tuple[str, str]]:
    """The names a template of the kind may use, each with what it is on the sample."""
    source = source_for(kind)
    if source.sample is None:
        return []
    with translation.override(language):
        values = plain_values(source.present(source.sample(), language))
    rows = []
    for row in _named("", values, 0):
        rows.append(row)
        if len(rows) == VALUES_MAX:
            break
    return rows


def _named(prefix: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and depth < DEPTH_MAX:
        for name, inner in value.items():
            yield from _named(f"{prefix}.{name}" if prefix else name, inner, depth + 1)
    elif isinstance(value, list) and value and depth < DEPTH_MAX and isinstance(value[0], dict):
        yield prefix, _("A list: go through it with “for”")
        yield from _named(f"{prefix}.0", value[0], depth)
    else:
        yield prefix, str(value)[:VALUE_LENGTH].replace("\n", " ")


def version_events(
    template: DocumentTemplate, versions: list[TemplateVersion]
) -> list[dict[str, Any]]:
    """The versions as a timeline; each opens in the editor."""
    address = reverse("template_detail", args=[template.pk])
    return [
        {
            "title": _("Version %(number)s") % {"number": version.number},
            "note": " · ".join(filter(None, (version.created_by, str(version.note)))),
            "when": version.created_at,
            "state": _state(template, version),
            "url": f"{address}?version={version.number}",
        }
        for version in versions
    ]


def _state(template: DocumentTemplate, version: TemplateVersion) -> str:
    if version.pk != template.active_version_id:
        return "later"
    return "done" if template.is_in_use else "now"
