"""Block tags: components that wrap content. Each renders one partial of `components/`.

`{% card "Lines" %}…{% endcard %}`; what stands between the tags is passed on as `content`.
"""

from typing import Any

from django.template import Context, Library
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from shared.kernel.shell import settings_above

register = Library()


def render_component(context: Context, name: str, **values: Any) -> SafeString:
    """Render `components/<name>.html` with these values and the request, nothing else."""
    values["request"] = context.get("request")
    return render_to_string(f"components/{name}.html", values)


@register.simple_block_tag(takes_context=True)
def card(
    context: Context, content: str, title: str = "", *, note: str = "", id: str = "", **options: Any
) -> SafeString:
    """A surface with a heading. Options: link, link_label, badge, tone, flush, level, foot, css."""
    values = {"content": content, "title": title, "note": note, "id": id, **options}
    return render_component(context, "card", **values)


@register.simple_block_tag(takes_context=True)
def page_head(
    context: Context, content: str, title: str, *, sub: str = "", **options: Any
) -> SafeString:
    """The head of a page; between the tags stand its actions. Options: status, crumbs, badge.

    Pages of settings get the way back to all settings before their own `crumbs`.
    """
    request = context.get("request")
    above = settings_above(request) if request else []
    if above:
        options["crumbs"] = [*above, *(options.get("crumbs") or [(title, None)])]
    return render_component(context, "page_head", content=content, title=title, sub=sub, **options)


@register.simple_block_tag(takes_context=True)
def dialog(context: Context, content: str, id: str, title: str, **options: Any) -> SafeString:
    """A modal dialog, opened by `data-dialog-open="<id>"`. Options: wide, open_now, foot."""
    return render_component(context, "dialog", content=content, id=id, title=title, **options)


@register.simple_block_tag(takes_context=True)
def drawer(context: Context, content: str, id: str, title: str, **options: Any) -> SafeString:
    """A modal panel at the side, opened by `data-dialog-open="<id>"` or by htmx into its body."""
    return render_component(context, "drawer", content=content, id=id, title=title, **options)


@register.simple_block_tag(takes_context=True)
def menu(context: Context, content: str, label: str, **options: Any) -> SafeString:
    """A button that opens a list of `.menu__item`. Options: icon, icon_only, start, small."""
    return render_component(context, "menu", content=content, label=label, **options)


@register.simple_block_tag(takes_context=True)
def table_frame(context: Context, content: str, label: str, **options: Any) -> SafeString:
    """What a wide table scrolls in, named for those who cannot see it. Options: id."""
    return render_component(context, "table_frame", content=content, label=label, **options)


@register.simple_block_tag(takes_context=True)
def bulk_bar(context: Context, content: str, **options: Any) -> SafeString:
    """Actions on the chosen rows, shown while any is chosen (`data-bulk` around both)."""
    return render_component(context, "bulk_bar", content=content, **options)


@register.simple_block_tag(takes_context=True)
def empty_state(context: Context, content: str, title: str, **options: Any) -> SafeString:
    """Says what belongs here; between the tags stands the first step. Options: text, icon."""
    return render_component(context, "empty_state", content=content, title=title, **options)


@register.simple_block_tag(takes_context=True)
def notice(context: Context, content: str, tone: str = "info", **options: Any) -> SafeString:
    """A message that belongs to the page. Tones: ok, warn, bad, info. Options: title."""
    return render_component(context, "notice", content=content, tone=tone, **options)


@register.simple_block_tag(takes_context=True)
def why_line(context: Context, content: str, label: str, **options: Any) -> SafeString:
    """A line that opens to its trace. Options: quantity, rate, amount, currency, open, note."""
    return render_component(context, "why_line", content=content, label=label, **options)


@register.simple_block_tag(takes_context=True)
def filter_bar(context: Context, content: str, **options: Any) -> SafeString:
    """A GET form whose fields are the URL.

    Options: target, search, placeholder, chips, keep, end.
    """
    return render_component(context, "filter_bar", content=content, **options)


@register.simple_block_tag(takes_context=True)
def progress_region(context: Context, content: str, url: str, **options: Any) -> SafeString:
    """Content asked for again while a job runs. Options: every (seconds), running."""
    return render_component(context, "progress_region", content=content, url=url, **options)
