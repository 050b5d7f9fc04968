"""What a template of somebody who means harm gets: nothing, and not for long."""

from collections import namedtuple
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from django.utils.translation import gettext_lazy

from tenants.templates import sandbox
from tenants.templates.sandbox import Broken, plain_values, render_source


@dataclass
class Line:
    """A row as presenters give them."""

    title: str
    amount: Decimal
    _hidden: str = "hidden"
    picture: bytes = b"\x00"


VALUES = plain_values(
    {
        "title": "Invoice <b>",
        "total": Decimal("1234.5"),
        "due": date(2026, 11, 30),
        "lines": [Line("Lift", Decimal("10")), Line("Cable", Decimal("20"))],
        "facts": [("Period", "October"), ("Contract", "CON1")],
        "paid": False,
        "nothing": None,
        "rows": [[str(number)] * 10 for number in range(1000)],
    }
)


def write(source, **values):
    return render_source(source, {**VALUES, **values}, autoescape=True)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ title }}", "Invoice &lt;b&gt;"),
        ("{{ total|money:'CAD' }}", "$1,234.50"),
        ("{{ due|day:'long' }}", "November 30, 2026"),
        (
            "{% for line in lines %}{{ forloop.counter }}{{ line.title }};{% endfor %}",
            "1Lift;2Cable;",
        ),
        ("{% for a, b in facts %}{{ a }}={{ b }} {% endfor %}", "Period=October Contract=CON1 "),
        ("{% for line in lines reversed %}{{ line.title }}{% endfor %}", "CableLift"),
        ("{% for x in lines %}{% empty %}none{% endfor %}", ""),
        ("{% if paid %}yes{% elif total > 5 %}some{% else %}no{% endif %}", "some"),
        ("{% with lines.1 as row %}{{ row.title|upper }}{% endwith %}", "CABLE"),
        ("{{ lines.0.amount|add:lines.1.amount }}", "30"),
        ("{{ nothing|default_if_none:'–' }}{{ paid|yesno:'a,b' }}", "–b"),
        ("{{ lines|length }} item{{ lines|length|pluralize }}", "2 items"),
        ("{{ facts.0|join:' / ' }}{{ facts.0.1 }}{{ lines.7.title }}", "Period / OctoberOctober"),
        ("{% comment %}{{ never }}{% endcomment %}{# nor this #}", ""),
        ("{% firstof nothing paid title %}", "Invoice &lt;b&gt;"),
        ("{% translate 'Total' %}", "Total"),
        ("{{ 'a<b'|linebreaksbr }}", "a&lt;b"),
    ],
)
def test_the_language(source, expected):
    assert write(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "{{ title.__class__ }}",
        "{{ title.__class__.__mro__ }}",
        "{{ lines.0._hidden }}",
        "{{ lines.0.picture.hex }}",
        "{{ total.as_integer_ratio }}",
        "{{ total.real }}",
        "{{ title.upper }}",
        "{{ title.format }}",
        "{{ due.today }}",
        "{{ lines.append }}",
        "{{ lines.clear }}",
        "{{ lines.0.items }}",
        "{{ lines.0.pop }}",
        "{{ forloop }}",
        "{{ settings }}",
        "{{ settings.SECRET_KEY }}",
        "{{ request.user }}",
        "{{ block.super }}",
        "{{ self }}",
        "{{ missing }}",
        "{% for x in missing %}{% endfor %}",
    ],
)
def test_nothing_but_names_of_values_is_reached(source):
    with pytest.raises(Broken):
        write(source)


@pytest.mark.parametrize(
    "tag",
    [
        "load i18n",
        "load static",
        "include 'documents/page.html'",
        "include title",
        "extends 'layouts/base.html'",
        "block x",
        "debug",
        "csrf_token",
        "url 'home'",
        "static 'x'",
        "now 'Y'",
        "ssi '/etc/passwd'",
        "autoescape off",
        "filter upper",
        "regroup lines by title as groups",
        "cycle 'a' 'b'",
        "lorem 1000000 p",
        "widthratio 1 1 9999999999",
        "spaceless",
        "verbatim",
        "blocktranslate",
        "get_static_prefix",
        "querystring",
        "resetcycle",
        "templatetag openblock",
        "unknown",
    ],
)
def test_other_tags_are_unknown(tag):
    with pytest.raises(Broken) as broken:
        write(f"line one\n{{% {tag} %}}")
    assert broken.value.line == 2


@pytest.mark.parametrize(
    "filters",
    [
        "safe",
        "safeseq",
        "escapejs",
        "ljust:999999999",
        "rjust:999999999",
        "center:999999999",
        "wordwrap:1",
        "make_list",
        "random",
        "slice:':5'",
        "dictsort:'__class__'",
        "dictsortreversed:'title'",
        "stringformat:'0999999999d'",
        "pprint",
        "json_script:'x'",
        "urlize",
        "floatformat:999999999",
        "date:'Y'",
        "lookup:'__class__'",
        "unordered_list",
    ],
)
def test_other_filters_are_unknown(filters):
    with pytest.raises(Broken):
        write(f"{{{{ title|{filters} }}}}")


@pytest.mark.parametrize(
    "source",
    [
        "{{ total|quantity:999999999 }}",
        "{{ total|percent:999999999 }}",
        "{{ title|truncatechars:999999999 }}",
        "{{ lines|pluralize:'" + "x" * 300 + "' }}",
        "{{ rows|join:'" + "x" * 150 + "' }}",
        "{{ title|join:title }}",
        "{{ title|add:title }}",
        "{{ lines|add:lines }}",
        "{{ title" + "|upper" * 9 + " }}",
        "{{ 9e9999|money:'CAD' }}",
        "{{ total|add:9e9999 }}",
        "{{ '" + "x" * 30_000 + "'|upper }}",
        "{{ " + "9" * 900 + "|money:'CAD' }}",
        "{{ title|money:'CAD' }}",
    ],
)
def test_filters_make_nothing_large(source):
    with pytest.raises(Broken):
        write(source)


def test_sums_do_not_grow_beyond_their_digits():
    doubled = "{% with a=total|add:total %}" * 10 + "{{ a }}" + "{% endwith %}" * 10
    assert len(write(doubled)) < 50


@pytest.mark.parametrize("seconds", [30.0, 0.05])
def test_loops_in_loops_come_to_an_end(seconds, monkeypatch):
    """Thousand by thousand by thousand turns: stopped by steps or by the clock, also if empty."""
    monkeypatch.setattr(sandbox, "SECONDS_MAX", seconds)
    for body in ("", "x", "{{ d }}"):
        nested = "".join(f"{{% for {name} in rows %}}" for name in "abcd")
        with pytest.raises(Broken):
            write(nested + body + "{% endfor %}" * 4)


@pytest.mark.parametrize(
    "source",
    [
        "{% for letter in title %}x{% endfor %}",
        "{% for x in 5 %}x{% endfor %}",
        "{% for x in '" + "x" * 900 + "' %}x{% endfor %}",
        "{% for x in lines.0 %}x{% endfor %}",
        "{% for x in total %}x{% endfor %}",
    ],
)
def test_only_lists_are_gone_through(source):
    with pytest.raises(Broken):
        write(source)


def test_output_is_bounded():
    with pytest.raises(Broken):
        write("{% for a in rows %}{% for b in a %}" + "x" * 900 + "{% endfor %}{% endfor %}")


def test_text_of_the_contents_counts_too():
    with pytest.raises(Broken):
        write("{% for a in rows %}{{ long }}{% endfor %}", long="x" * 19_000)


@pytest.mark.parametrize(
    "source",
    [
        "x" * 64_001,
        "{% if paid %}" * 13 + "{% endif %}" * 13,
        "{% if paid %}" * 4_000,
        "{% if " + "not " * 400 + "paid %}{% endif %}",
        "{% if " + "not " * 249 + "paid %}{% endif %}",
        "{{ " + "a." * 600 + "b }}",
        "{% if paid %}",
        "{% endif %}",
        "{% for %}{% endfor %}",
        "{% for x in lines %}",
        "{{ }}",
        "{% %}",
        "{{ title| }}",
        "{{ title|upper:}}",
        "{{ _title }}",
        "{{ 1.2.3.4 }}",
    ],
)
def test_what_is_no_template_is_refused(source):
    with pytest.raises(Broken):
        write(source, **{"not": True})


def test_a_fault_says_its_line():
    with pytest.raises(Broken, match="Line 3: There is no “totl”"):
        write("one\ntwo\n{{ totl }}")


def test_values_are_copies_without_objects():
    class Model:
        name = "secret"

    with pytest.raises(TypeError, match="Model"):
        plain_values({"invoice": Model()})
    with pytest.raises(TypeError, match="function"):
        plain_values({"invoice": test_a_fault_says_its_line})
    point = namedtuple("point", "x y")
    assert plain_values({"at": point(1, (2, "three"))}) == {"at": {"x": 1, "y": [2, "three"]}}
    lazy = plain_values({"lazy": gettext_lazy("Total"), "_private": 1})
    assert lazy == {"lazy": "Total"}
    assert type(lazy["lazy"]) is str
    assert VALUES["lines"][0] == {"title": "Lift", "amount": Decimal("10"), "picture": ""}


def test_one_rendering_changes_nothing_for_the_next():
    source = "{% with title='other' %}{{ title }}{% endwith %}"
    assert write(source) == "other"
    assert write("{{ title }}") == "Invoice &lt;b&gt;"


def test_plain_text_is_not_escaped():
    assert render_source("{{ title }}", VALUES, autoescape=False) == "Invoice <b>"
