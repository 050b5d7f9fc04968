"""The tags and filters a tenant's own template may use; it has no others.

A subset of Django's. Filters take and give plain values, and no result is longer than
`VALUE_MAX`, so that no chain of them can fill the memory.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.template import Library, TemplateSyntaxError, defaultfilters, defaulttags
from django.template.base import FilterExpression, Parser, Token
from django.template.defaulttags import ForNode
from django.templatetags import i18n
from django.utils.safestring import SafeString, mark_safe

from shared.kernel.templatetags import ui
from shared.kernel.wording import worded as _

VALUE_MAX = 20_000  # characters or rows of one value
ARGUMENT_MAX = 200

register = Library()
register.tag("if", defaulttags.do_if)
register.tag("with", defaulttags.do_with)
register.tag("comment", defaulttags.comment)
register.tag("firstof", defaulttags.firstof)
register.tag("translate", i18n.do_translate)


class TooMuch(Exception):
    """The template does more than is allowed; says what."""


class Turns(Sequence[Any]):
    """The rows of a loop, each of which counts."""

    def __init__(self, rows: Sequence[Any], count: Callable[[], None]) -> None:
        self._rows = rows
        self._count = count

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        self._count()
        return self._rows[index]


class Rows:
    """What `for` goes through: a list of the contents, nothing that is made up."""

    def __init__(self, expression: FilterExpression) -> None:
        self._expression = expression

    def resolve(self, context: Any, ignore_failures: bool = False) -> Turns:
        """The list, as long as it is one."""
        rows = self._expression.resolve(context, ignore_failures)
        if not isinstance(rows, list):
            raise TooMuch(_("“%(name)s” is no list.") % {"name": self._expression.token})
        return Turns(rows, context.budget.step)


@register.tag("for")
def do_for(parser: Parser, token: Token) -> ForNode:
    """Django's `for`, of which every turn counts."""
    node = defaulttags.do_for(parser, token)
    node.sequence = Rows(node.sequence)  # type: ignore[arg-type, assignment]
    return node


def _bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(value: Any, *arguments: Any) -> Any:
        if isinstance(value, str | list) and len(value) > VALUE_MAX:
            raise TooMuch(_("A value is too long for a filter."))
        for argument in arguments:
            _check_argument(argument)
        result = function(value, *arguments)
        if isinstance(result, str) and len(result) > VALUE_MAX:
            raise TooMuch(_("The result of a filter is too long."))
        return result

    return call


def _check_argument(argument: Any) -> None:
    too_long = isinstance(argument, str) and len(argument) > ARGUMENT_MAX
    too_large = isinstance(argument, int | float) and not abs(argument) <= VALUE_MAX
    if too_long or too_large or isinstance(argument, list | dict):
        raise TooMuch(_("The argument of a filter is too long or too large."))


def add(value: Any, argument: Any) -> Any:
    """The sum of two numbers; of nothing else."""
    if isinstance(value, bool) or isinstance(argument, bool):
        raise TemplateSyntaxError(_("Only numbers can be added."))
    try:
        return value + argument if not isinstance(value, str | list) else _refuse_sum()
    except TypeError:
        return _refuse_sum()


def _refuse_sum() -> Any:
    raise TemplateSyntaxError(_("Only numbers can be added."))


def join(value: Any, glue: str = ", ") -> str:
    """The texts of a list in one."""
    if not isinstance(value, list):
        raise TooMuch(_("Only a list can be joined."))
    texts = [str(one) for one in value]
    if sum(map(len, texts)) + len(glue) * len(texts) > VALUE_MAX:
        raise TooMuch(_("The result of a filter is too long."))
    return glue.join(texts)


def linebreaksbr(value: Any) -> SafeString:
    """The text, escaped, with its newlines as line breaks; in XML."""
    escaped = defaultfilters.force_escape(str(value)).replace("\n", "<br/>")
    return mark_safe(escaped)  # noqa: S308 - escaped the line before


def first(value: Any) -> Any:
    """The first of a list; nothing of an empty one."""
    return value[0] if isinstance(value, list) and value else ""


def last(value: Any) -> Any:
    """The last of a list; nothing of an empty one."""
    return value[-1] if isinstance(value, list) and value else ""


FILTERS: dict[str, Callable[..., Any]] = {
    "add": add,
    "capfirst": lambda value: str(value)[:1].upper() + str(value)[1:],
    "day": ui.day,
    "default": lambda value, other: value or other,
    "default_if_none": lambda value, other: other if value is None else value,
    "first": first,
    "join": join,
    "last": last,
    "length": lambda value: len(value) if isinstance(value, str | list | dict) else 0,
    "linebreaksbr": linebreaksbr,
    "lower": lambda value: str(value).lower(),
    "money": ui.money_text,
    "percent": ui.percent,
    "pluralize": defaultfilters.pluralize,
    "quantity": ui.quantity,
    "truncatechars": lambda value, length: defaultfilters.truncatechars(str(value), length),
    "unit_price": ui.unit_price,
    "upper": lambda value: str(value).upper(),
    "yesno": defaultfilters.yesno,
}
for _name, _function in FILTERS.items():
    register.filters[_name] = _bounded(_function)
TAGS = tuple(sorted(register.tags))
