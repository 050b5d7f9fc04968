"""Which CSS a tenant may add: how things look, and nothing that is fetched or never ends.

Closed lists of properties, functions and at-rules, because nobody can say what a renderer does
with the others. There is no url(), no @import, no @font-face, no variable.
"""

from functools import lru_cache
from typing import Any

import tinycss2

from shared.kernel.errors import Text
from shared.kernel.wording import worded as _
from tenants.templates.sandbox import Broken

CSS_MAX = 32_000
RULES_MAX = 600
NUMBER_MAX = 5_000
JOINTS_MAX = 6  # spaces and signs between the parts of a selector
MEDIA_DEPTH_MAX = 2
SHEETS_KEPT = 256


def words(text: str) -> frozenset[str]:
    """The names in a text."""
    return frozenset(text.split())


PROPERTIES = words(
    "background background-color border border-bottom border-bottom-color"
    " border-bottom-style border-bottom-width border-collapse border-color border-left"
    " border-left-color border-left-style border-left-width border-radius border-right"
    " border-right-color border-right-style border-right-width border-spacing"
    " border-style border-top border-top-color border-top-style border-top-width"
    " border-width bottom box-sizing break-after break-before break-inside caption-side"
    " clear color content counter-increment counter-reset direction display empty-cells"
    " float font font-family font-feature-settings font-size font-stretch font-style"
    " font-variant font-variant-caps font-variant-numeric font-weight height hyphens left"
    " letter-spacing line-height list-style list-style-position list-style-type margin"
    " margin-bottom margin-left margin-right margin-top max-height max-width min-height"
    " min-width object-fit opacity orphans overflow overflow-wrap padding padding-bottom"
    " padding-left padding-right padding-top page page-break-after page-break-before"
    " page-break-inside position quotes right size string-set table-layout text-align"
    " text-decoration text-decoration-color text-decoration-line text-decoration-style"
    " text-indent text-transform top unicode-bidi vertical-align visibility white-space"
    " widows width word-break word-spacing z-index"
)
DISPLAYS = words(
    "block flow-root inline inline-block list-item none table table-caption table-cell"
    " table-column table-column-group table-footer-group table-header-group table-row"
    " table-row-group"
)
FUNCTIONS = words(
    "attr calc counter counters hsl hsla lang max min not rgb rgba string nth-child"
    " nth-of-type nth-last-child nth-last-of-type"
)
MARGIN_BOXES = frozenset(
    f"{edge}-{place}"
    for edges, places in (
        (("top", "bottom"), ("left", "center", "right", "left-corner", "right-corner")),
        (("left", "right"), ("top", "middle", "bottom")),
    )
    for edge in edges
    for place in places
)


@lru_cache(maxsize=SHEETS_KEPT)
def check_stylesheet(css: str) -> str:
    """The stylesheet itself. Raises Broken naming what is not allowed, and its line."""
    if len(css) > CSS_MAX:
        raise Broken(_("It is longer than %(max)s characters.") % {"max": CSS_MAX})
    if "<" in css or "\\" in css:
        raise Broken(_("“<” and “\\” have no place in a stylesheet."))
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    _check_rules(rules, 0)
    return css


def check_declarations(css: str) -> None:
    """The same for a style attribute."""
    if len(css) > CSS_MAX or "<" in css or "\\" in css:
        raise Broken(_("“<” and “\\” have no place in a stylesheet."))
    _check_declarations(tinycss2.parse_blocks_contents(css))


def _check_rules(rules: list[Any], depth: int) -> None:
    if len(rules) > RULES_MAX or depth > MEDIA_DEPTH_MAX:
        raise Broken(_("There are too many rules."))
    for rule in rules:
        if rule.type == "qualified-rule":
            _check_selector(rule)
            _check_declarations(tinycss2.parse_blocks_contents(rule.content))
        elif rule.type == "at-rule":
            _check_at_rule(rule, depth)
        else:
            raise _refuse(rule, rule.message if rule.type == "error" else rule.type)


def _check_at_rule(rule: Any, depth: int) -> None:
    _check_values(rule.prelude)
    if rule.content is None:
        raise _refuse(rule, f"@{rule.at_keyword}")
    if rule.lower_at_keyword == "media":
        inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
        _check_rules(inner, depth + 1)
    elif rule.lower_at_keyword == "page":
        _check_declarations(tinycss2.parse_blocks_contents(rule.content), in_page=True)
    else:
        raise _refuse(rule, f"@{rule.at_keyword}")


def _check_selector(rule: Any) -> None:
    _check_values(rule.prelude)
    joints = 0
    for token in rule.prelude:
        if token.type == "literal" and token.value == ",":
            joints = 0
        elif token.type == "whitespace" or (token.type == "literal" and token.value in ">+~"):
            joints += 1
        if joints > JOINTS_MAX:
            raise _refuse(rule, _("a selector with so many parts"))


def _check_declarations(contents: list[Any], *, in_page: bool = False) -> None:
    for node in contents:
        if node.type in ("whitespace", "comment"):
            continue
        if node.type == "declaration":
            _check_declaration(node)
        elif in_page and node.type == "at-rule" and node.lower_at_keyword in MARGIN_BOXES:
            _check_declarations(tinycss2.parse_blocks_contents(node.content or []))
        else:
            raise _refuse(node, getattr(node, "message", node.type))


def _check_declaration(node: Any) -> None:
    if node.lower_name not in PROPERTIES:
        raise _refuse(node, node.name)
    _check_values(node.value)
    if node.lower_name == "display":
        for token in node.value:
            if token.type == "ident" and token.lower_value not in DISPLAYS:
                raise _refuse(node, f"display: {token.value}")


def _check_values(tokens: list[Any]) -> None:
    for token in tokens:
        if token.type in ("number", "dimension", "percentage"):
            if not abs(token.value) <= NUMBER_MAX:
                raise _refuse(token, token.representation)
        elif token.type == "function":
            if token.lower_name not in FUNCTIONS:
                raise _refuse(token, f"{token.name}()")
            _check_values(token.arguments)
        elif token.type in ("url", "error", "unicode-range", "{} block"):
            raise _refuse(token, "url()" if token.type == "url" else token.type)
        elif token.type in ("() block", "[] block"):
            _check_values(token.content)


def _refuse(node: Any, what: Text) -> Broken:
    return Broken(_("%(what)s is not allowed.") % {"what": what}, node.source_line)
