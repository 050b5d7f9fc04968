"""Rendering a tenant's own template: Django's language in a closed room.

The template sees a copy of plain values (text, numbers, dates, lists, dictionaries) and reaches
them by name only: no attribute is ever looked up and nothing is called. It has the tags and
filters of `language` and no loader, so there is nothing to include, extend or load. Its length,
nesting, steps, time and output are limited. What it writes as HTML is read again by `markup`.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from time import monotonic
from typing import Any

from django.template import Context, Engine, Node, NodeList, TemplateSyntaxError
from django.template.base import (
    FilterExpression,
    Lexer,
    Parser,
    Token,
    Variable,
    VariableDoesNotExist,
)
from django.utils.functional import Promise

from shared.kernel.errors import Text
from shared.kernel.wording import Wording, wording_of
from shared.kernel.wording import worded as _
from tenants.documents.looks import LookBroken
from tenants.templates.language import TooMuch, register

SOURCE_MAX = 64_000
TOKEN_MAX = 1_000
DEPTH_MAX = 12
FILTERS_MAX = 8
STEPS_MAX = 400_000
OUTPUT_MAX = 1_500_000
SECONDS_MAX = 4.0
COMPILED_KEPT = 256


class Broken(LookBroken):
    """A template that cannot be read or followed; `line` is where, counted from 1."""

    def __init__(self, reason: Text, line: int | None = None) -> None:
        super().__init__(
            _("Line %(line)s: %(reason)s") % {"line": line, "reason": reason} if line else reason
        )
        self.line = line


class Budget:
    """How much one rendering may still do."""

    def __init__(self) -> None:
        self._steps = STEPS_MAX
        self._output = OUTPUT_MAX
        self._deadline = monotonic() + SECONDS_MAX

    def step(self) -> None:
        """One node or one turn of a loop more."""
        self._steps -= 1
        if self._steps < 0:
            raise TooMuch(_("It takes too many steps."))
        if monotonic() > self._deadline:
            raise TooMuch(_("It takes too long."))

    def write(self, characters: int) -> None:
        """So much of output more."""
        self._output -= characters
        if self._output < 0:
            raise TooMuch(_("It writes too much."))


class LimitedContext(Context):
    """The values of one rendering, and its budget."""

    def __init__(self, values: dict[str, Any], *, autoescape: bool) -> None:
        super().__init__(values, autoescape=autoescape)
        self.budget = Budget()


class PlainVariable(Variable):
    """A name looked up in dictionaries and lists; never an attribute, never a call."""

    def _resolve_lookup(self, context: Any) -> Any:
        current = context
        for name in self.lookups or ():
            current = self._look_up(current, name)
        return current

    def _look_up(self, current: Any, name: str) -> Any:
        if isinstance(current, list) and name.isdecimal():
            if int(name) < len(current):
                return current[int(name)]
            raise VariableDoesNotExist("No row %s", (name,))  # shown as nothing
        try:
            return current[name] if isinstance(current, dict | Context) else self._refuse()
        except KeyError:
            return self._refuse()

    def _refuse(self) -> Any:
        # A name that is not there would leave a hole in somebody's invoice.
        raise TemplateSyntaxError(_("There is no “%(name)s”.") % {"name": self.var})


class PlainExpression(FilterExpression):
    """A variable with its filters, all of whose lookups are plain."""

    __slots__ = ()

    def __init__(self, token: str, parser: Parser) -> None:
        super().__init__(token, parser)
        if len(self.filters) > FILTERS_MAX:
            raise TemplateSyntaxError(_("There are too many filters in one place."))
        if isinstance(self.var, Variable):
            self.var = PlainVariable(self.var.var)
        self.filters = [
            (
                function,
                [
                    (is_name, PlainVariable(value.var) if is_name else value)
                    for is_name, value in arguments
                ],
            )
            for function, arguments in self.filters
        ]


class CountedNode(Node):
    """A node whose work is counted; what it wrote too, where it is no block of others."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._is_leaf = not any(hasattr(node, name) for name in _BLOCK_PARTS)

    def render_annotated(self, context: Any) -> str:
        """What the node writes."""
        budget = context.budget
        budget.step()
        try:
            text = self._node.render(context)
        except Broken:
            raise
        except Exception as error:  # whatever a value does to a filter
            raise Broken(_reason(error), _line_of(self.token)) from error
        if self._is_leaf:
            budget.write(len(text))
        return text


_BLOCK_PARTS = ("nodelist", "nodelist_loop", "conditions_nodelists")


class LimitedParser(Parser):
    """Django's parser with a limit to nesting and to the length of a tag."""

    _depth = 0

    def parse(self, parse_until: Any = None) -> NodeList:
        """The nodes up to the given tags."""
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise TemplateSyntaxError(_("Blocks are nested too deep."))
        try:
            return super().parse(parse_until)
        finally:
            self._depth -= 1

    def extend_nodelist(self, nodelist: NodeList, node: Node, token: Token) -> None:
        """Add the node, counted."""
        super().extend_nodelist(nodelist, node, token)
        counted = CountedNode(nodelist.pop())
        counted.token = token
        nodelist.append(counted)

    def compile_filter(self, token: str) -> PlainExpression:
        """A variable with filters."""
        return PlainExpression(token, self)


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a presenter's context that can be shown to anybody: no objects are left in it.

    Raises TypeError for a value that is neither text, number, date, list nor dataclass.
    """
    return {name: _plain(value) for name, value in values.items() if not name.startswith("_")}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | Decimal | date):
        return value
    if isinstance(value, str | Promise):
        return str.__str__(str(value))
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain_values(value._asdict())
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return plain_values({str(name): one for name, one in value.items()})
    if is_dataclass(value) and not isinstance(value, type):
        return plain_values({part.name: getattr(value, part.name) for part in fields(value)})
    if isinstance(value, bytes):
        return ""
    raise TypeError(f"A document's context holds a {type(value).__name__}.")


def render_source(source: str, values: Mapping[str, Any], *, autoescape: bool) -> str:
    """The text that the template makes of plain values. Raises Broken."""
    nodes = compile_source(source)
    context = LimitedContext(dict(values), autoescape=autoescape)
    nowhere: Any = _Nowhere()
    context.template = nowhere
    try:
        with context.render_context.push_state(nowhere, isolated_context=False):
            return str(nodes.render(context))
    except RecursionError as error:
        raise Broken(_("Blocks are nested too deep.")) from error


@lru_cache(maxsize=COMPILED_KEPT)
def compile_source(source: str) -> NodeList:
    """The nodes of a template. Raises Broken for one that is too long or no template."""
    if len(source) > SOURCE_MAX:
        raise Broken(_("It is longer than %(max)s characters.") % {"max": SOURCE_MAX})
    tokens = Lexer(source).tokenize()
    for token in tokens:
        if token.token_type.value in (1, 2) and len(token.contents) > TOKEN_MAX:
            raise Broken(_("A tag is too long."), token.lineno)
    try:
        nowhere: Any = _Nowhere()
        return LimitedParser(tokens, builtins=[register], origin=nowhere).parse()
    except RecursionError as error:
        raise Broken(_("Blocks are nested too deep.")) from error
    except Exception as error:  # int() and others take part in reading a tag
        raise Broken(_reason(error), _line_of(getattr(error, "token", None))) from error


class _Nowhere:
    """Stands where Django wants a template and its origin."""

    engine = Engine(autoescape=True)
    name = template_name = None


def _line_of(token: Token | None) -> int | None:
    return token.lineno if token else None


def _reason(error: Exception) -> Wording:
    return wording_of(error) or Wording(type(error).__name__)
