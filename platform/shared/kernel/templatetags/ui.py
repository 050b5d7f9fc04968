"""Template tags and filters of the design system; block tags are in `blocks`.

`{{ amount|money:"CAD" }}`, `{% money amount "CAD" %}`, `{{ day|day }}`, `{% instant when %}`,
`{% url_with sort="-total" %}`, `{% icon "check" %}`. None renders as a dash.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.forms.boundfield import BoundField
from django.http import HttpRequest, QueryDict
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from lucide import IconDoesNotExist
from lucide.templatetags.lucide import lucide

from shared.kernel import formats
from shared.kernel.actor import Actor
from shared.kernel.shell import Shell, build_shell
from shared.kernel.templatetags.blocks import register

DASH = "—"
THEMES = ("light", "dark")
Number = Decimal | int | str

# Which tone a status has; anything else is neutral. Statuses of domain.md 6 and of jobs.
STATUSES: Mapping[str, str] = {
    "ok": "paid active delivered opened done succeeded success verified ok"
    " applied billed resolved renewed",
    "warn": "pending_approval pending partially_paid trial expiring warning paused"
    " open proposed renewal_due attention conflict deferred unmatched",
    "bad": "overdue failed rejected void suspended revoked expired error"
    " bounced complained refused wrong",
    "info": "validated approved issued sent running provisioning invited ready matched"
    " working rendering checking applying undoing planning queued preview",
}
TONES: Mapping[str, str] = {
    status: tone for tone, statuses in STATUSES.items() for status in statuses.split()
}
TONE_ICONS: Mapping[str, str] = {
    "ok": "circle-check",
    "warn": "triangle-alert",
    "bad": "circle-x",
    "info": "info",
}
MESSAGE_TONES: Mapping[str, str] = {"success": "ok", "warning": "warn", "error": "bad"}


# --- values -------------------------------------------------------------------------------


@register.filter(name="money")
def money_text(amount: Number | None, currency: str = "CAD") -> str:
    """An amount as text: `{{ total|money:invoice.currency }}`."""
    if amount is None or amount == "":
        return DASH
    return formats.format_money(amount, currency, language=get_language())


@register.simple_tag
def money(amount: Number | None, currency: str = "CAD", *, code: bool = False) -> SafeString:
    """An amount with its own box: tabular figures, never broken, negative marked."""
    if amount is None or amount == "":
        return format_html('<span class="money faint">{}</span>', DASH)
    text = formats.format_money(amount, currency, language=get_language(), code=code)
    negative = " money--negative" if text.startswith(formats.MINUS) else ""
    return format_html('<span class="money{}">{}</span>', negative, text)


@register.filter
def unit_price(amount: Number | None, currency: str = "CAD") -> str:
    """A rate with two to four decimals: `{{ line.rate|unit_price:"CAD" }}`."""
    if amount is None or amount == "":
        return DASH
    return formats.format_unit_price(amount, currency, language=get_language())


@register.filter
def quantity(value: Number | None, places: int | None = None) -> str:
    """A number: `{{ hours|quantity:2 }}`, or up to four decimals without the argument."""
    if value is None or value == "":
        return DASH
    return formats.format_quantity(value, language=get_language(), places=places)


@register.filter
def percent(fraction: Number | None, places: int | None = None) -> str:
    """A fraction as a percentage: 0.13 is 13%."""
    if fraction is None or fraction == "":
        return DASH
    return formats.format_percentage(fraction, language=get_language(), places=places)


@register.filter
def day(value: date | str | None, style: formats.DayStyle = "medium") -> str:
    """A calendar date; a datetime is shown as its date in the reader's zone.

    Also one that JSON keeps as YYYY-MM-DD; a text that is no date stays as it is.
    """
    if not value:
        return DASH
    if isinstance(value, str):
        try:
            return formats.format_day(date.fromisoformat(value), style, language=get_language())
        except ValueError:
            return value
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return formats.format_day(value, style, language=get_language())


@register.simple_tag
def period(start: date, end_exclusive: date | None = None, *, last: date | None = None) -> str:
    """A billing period by the day after its last, or by its `last` one: "October 2026"."""
    if end_exclusive is None:
        end_exclusive = (last or start) + timedelta(days=1)
    return formats.format_period(start, end_exclusive, language=get_language())


@register.simple_tag
def instant(value: datetime | None, style: str = "medium") -> SafeString:
    """A moment in the reader's zone with the exact one on hover.

    Styles: medium, short, and ago ("3 hours ago").
    """
    if value is None:
        return format_html('<span class="faint">{}</span>', DASH)
    zone = timezone.get_current_timezone()
    language = get_language()
    exact = formats.format_instant(value, zone, "exact", language=language)
    if style == "ago":
        text = formats.format_ago(value, timezone.now(), language=language)
    else:
        chosen: formats.InstantStyle = "short" if style == "short" else "medium"
        text = formats.format_instant(value, zone, chosen, language=language)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value.isoformat(timespec="seconds"),
        exact,
        text,
    )


@register.filter
def initials(name: str | None) -> str:
    """One or two letters for an avatar or a mark: "Acme Electric" is AE."""
    words = [word for word in (name or "").replace("-", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    if len(words) == 1:
        return words[0][:2].upper()
    return (words[0][0] + words[-1][0]).upper()


@register.filter
def tone(status: str | None) -> str:
    """The badge's tone for a status; "" is neutral."""
    return TONES.get(str(status or "").lower(), "")


@register.filter
def tone_icon(name: str | None) -> str:
    """The icon that goes with a tone, so that colour is never the only sign."""
    return TONE_ICONS.get(str(name or ""), "info")


@register.filter
def message_tone(level_tag: str | None) -> str:
    """The tone for the level of one of Django's messages."""
    return MESSAGE_TONES.get(str(level_tag or ""), "info")


@register.filter
def lookup(mapping: Any, key: Any) -> Any:
    """`mapping[key]` of a dict, form or list; None where it is missing."""
    try:
        return mapping[key]
    except (KeyError, IndexError, TypeError):
        return None


@register.filter
def may(actor: Actor | None, permission: str) -> bool:
    """Whether to offer something: `{% if request.actor|may:"invoices.generate" %}`."""
    return actor is not None and actor.may(permission)


# --- links --------------------------------------------------------------------------------


def _request(context: Context) -> HttpRequest | None:
    request: HttpRequest | None = context.get("request")
    return request


@register.simple_tag(takes_context=True)
def url_with(context: Context, **changes: Any) -> str:
    """This page's query with changes; None or "" removes. Any change but `cursor` resets it."""
    request = _request(context)
    query = request.GET.copy() if request else QueryDict(mutable=True)
    if "cursor" not in changes:
        query.pop("cursor", None)
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        elif isinstance(value, list | tuple):
            query.setlist(name, [str(one) for one in value])
        else:
            query[name] = str(value)
    text = query.urlencode()
    return f"?{text}" if text else "?"


@register.simple_tag(takes_context=True)
def nav_current(
    context: Context, url: str, *, exact: bool = False, also: Sequence[str] = ()
) -> SafeString:
    """`aria-current="page"` where the page is, or lies below, this address or one of `also`."""
    request = _request(context)
    path = urlsplit(url).path
    if request is None or not path:
        return SafeString("")
    here = request.path
    above = () if exact else tuple(one.rstrip("/") for one in (path, *also) if one != "/")
    below = any(here == one or here.startswith(f"{one}/") for one in above)
    return SafeString('aria-current="page"' if here == path or below else "")


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(
    context: Context, field: str, label: str, *, numeric: bool = False, css: str = ""
) -> dict[str, Any]:
    """A `<th>` that sorts by `?sort=field`, then `-field`, with aria-sort."""
    request = _request(context)
    current = request.GET.get("sort", context.get("sort", "")) if request else ""
    direction = {field: "ascending", f"-{field}": "descending"}.get(str(current), "")
    return {
        "label": label,
        "direction": direction,
        "url": url_with(context, sort=f"-{field}" if direction == "ascending" else field),
        "numeric": numeric,
        "css": css,
    }


@register.inclusion_tag("components/badge.html")
def status_badge(status: str, label: str = "") -> dict[str, Any]:
    """A badge in the status's own tone: `{% status_badge i.status i.get_status_display %}`."""
    words = label or status.replace("_", " ").capitalize()
    return {"label": words, "tone": tone(status)}


# --- elements -----------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, *, size: int = 16, **attributes: str) -> SafeString:
    """A Lucide icon, hidden from screen readers: the words beside it say it."""
    return _draw_icon(name, size, tuple(sorted(attributes.items())))


@lru_cache(maxsize=512)
def _draw_icon(name: str, size: int, attributes: tuple[tuple[str, str], ...]) -> SafeString:
    """Drawn once: parsing and writing the SVG again for each row would show on long pages."""
    shown: dict[str, Any] = {"aria_hidden": "true", **dict(attributes)}
    try:
        return SafeString(lucide(name, size=size, **shown))
    except IconDoesNotExist:
        # A misspelt ornament must not take the page with it; a test reads all templates for them.
        return SafeString(lucide("shapes", size=size, **shown))


@register.simple_tag(takes_context=True)
def theme_attribute(context: Context) -> SafeString:
    """`data-theme="dark"` where the reader chose one; else the system decides."""
    request = _request(context)
    theme = request.COOKIES.get("theme") if request else None
    return format_html('data-theme="{}"', theme) if theme in THEMES else SafeString("")


@register.simple_tag(takes_context=True)
def shell(context: Context) -> Shell:
    """Organisation, navigation and person of the frame around a page, built once a request."""
    given: Shell | None = context.get("app_shell")
    request = _request(context)
    if given or request is None:
        return given or build_shell(None)
    kept = vars(request)
    if "app_shell" not in kept:
        kept["app_shell"] = build_shell(request)
    frame: Shell = kept["app_shell"]
    return frame


def _widget_class(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "checkbox"
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return ""
    if isinstance(widget, forms.NumberInput):
        return "input input--number"
    return "input"


@register.simple_tag
def field_widget(field: BoundField, **extra: str) -> SafeString:
    """The field's control with the design system's class; Django adds its ARIA attributes."""
    widget = field.field.widget
    own = str(widget.attrs.get("class", ""))
    attrs: dict[str, str | bool] = {
        name.replace("_", "-"): value for name, value in extra.items() if value
    }
    classes = (_widget_class(widget), own, extra.get("class") or "")
    attrs["class"] = " ".join(filter(None, classes))
    if isinstance(field.field, forms.DecimalField) and isinstance(widget, forms.TextInput):
        attrs.setdefault("inputmode", "decimal")
    return field.as_widget(attrs=attrs)


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """A single box, whose label stands behind it."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_group(field: BoundField) -> bool:
    """Several controls under one question: fieldset and legend instead of a label."""
    return bool(field.use_fieldset)


@register.simple_tag
def form_problems(*form_list: object) -> Sequence[dict[str, str]]:
    """Every error of these forms with the id of its control, for the summary on top.

    A list of forms counts as its forms; what is neither (a variable the page did not set) is
    passed over.
    """
    problems: list[dict[str, str]] = []
    for form in chain.from_iterable(
        one if isinstance(one, list | tuple) else [one] for one in form_list
    ):
        if not isinstance(form, forms.BaseForm) or not form.is_bound:
            continue
        problems += [
            {"target": "", "label": "", "text": str(text)} for text in form.non_field_errors()
        ]
        for field in form:
            several = isinstance(
                field.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple
            )
            target = f"{field.auto_id}_0" if several else field.id_for_label or field.auto_id
            problems += [
                {"target": target, "label": str(field.label), "text": str(text)}
                for text in field.errors
            ]
    return problems
