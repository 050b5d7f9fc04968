"""Template tags: values, links, fields, and that every partial draws what it is given."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import lucide
import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import NoReverseMatch
from django.utils import timezone, translation

from shared.kernel.actor import Actor
from shared.kernel.hooks import NavigationItem
from shared.kernel.shell import Group, Link, Shell, build_shell

TEMPLATES = Path(__file__).parents[4] / "frontend_templates" / "templates"
STATIC = TEMPLATES.parent / "static"
SCRIPT_BYTES_MAX = 15_000
DOCUMENTS = {"documents", "email"}  # printed or mailed, not pages of the site


def render(source: str, path: str = "/", **values: object) -> str:
    values.setdefault("request", RequestFactory().get(path))
    return Template("{% load i18n ui %}" + source).render(Context(values))


class SiteForm(forms.Form):
    name = forms.CharField(help_text="As on the invoice")
    share = forms.DecimalField(required=False)
    kind = forms.ChoiceField(widget=forms.RadioSelect, choices=[("a", "A"), ("b", "B")])
    active = forms.BooleanField()
    token = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self) -> None:
        raise forms.ValidationError("Nothing fits together")


# --- values


def test_money_as_text_and_as_element() -> None:
    assert render('{{ x|money:"USD" }}', x=Decimal("5")) == "US$5.00"
    assert (
        render('{% money x "CAD" %}', x=Decimal("-5"))
        == '<span class="money money--negative">−$5.00</span>'
    )
    with translation.override("fr-ca"):
        assert render("{{ x|money }}", x=Decimal("5")) == "5,00\N{NO-BREAK SPACE}$"


@pytest.mark.parametrize("tag", ["money", "unit_price", "quantity", "percent", "day"])
def test_nothing_is_a_dash(tag: str) -> None:
    assert render(f"{{{{ x|{tag} }}}}", x=None) == "—"


def test_numbers_by_language() -> None:
    source = "{{ n|quantity:2 }} {{ f|percent }} {{ r|unit_price }}"
    values = {"n": Decimal("1.5"), "f": Decimal("0.09975"), "r": Decimal("0.0825")}
    assert render(source, **values) == "1.50 9.975% $0.0825"
    with translation.override("fr-ca"):
        assert render(source, **values).replace("\xa0", "_") == "1,50 9,975_% 0,0825_$"


def test_days_are_the_readers_days() -> None:
    late = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
    with timezone.override("America/Toronto"):
        assert render("{{ x|day }}", x=late) == "Oct 31, 2026"
    assert render('{{ x|day:"long" }}', x=date(2026, 11, 1)) == "November 1, 2026"
    assert render("{{ x|day }}", x="2026-11-01") == "Nov 1, 2026"
    assert render("{{ x|day }} {{ y|day }}", x="soon", y="") == "soon —"


def test_period_tag() -> None:
    values = {"a": date(2026, 10, 1), "b": date(2026, 11, 1)}
    assert render("{% period a b %}", **values) == "October 2026"


def test_instants_carry_the_exact_time() -> None:
    with timezone.override("America/Toronto"):
        html = render("{% instant x %}", x=datetime(2026, 11, 3, 14, 5, 9, tzinfo=UTC))
    assert 'datetime="2026-11-03T14:05:09+00:00"' in html
    assert "9:05:09" in html
    assert html.index("EST") < html.index(">")
    assert render("{% instant x %}", x=None) == '<span class="faint">—</span>'


def test_instants_tell_how_long_ago() -> None:
    moment = timezone.now() - timedelta(hours=3)
    assert ">3 hours ago</time>" in render('{% instant x "ago" %}', x=moment)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Acme Electric", "AE"),
        ("Jean-Luc Picard", "JP"),
        ("Globex", "GL"),
        ("  ", "?"),
        (None, "?"),
        ("A & B", "AB"),
    ],
)
def test_initials(name: str | None, letters: str) -> None:
    assert render("{{ x|initials }}", x=name) == letters


@pytest.mark.parametrize(
    ("status", "tone"),
    [("paid", "ok"), ("PENDING_APPROVAL", "warn"), ("overdue", "bad"), ("draft", "")],
)
def test_tones_of_statuses(status: str, tone: str) -> None:
    assert render("{{ x|tone }}", x=status) == tone


def test_status_badge_has_words_and_tone() -> None:
    html = render("{% status_badge x %}", x="pending_approval")
    assert "badge--warn" in html
    assert "Pending approval" in html
    assert "En attente" in render("{% status_badge x y %}", x="paid", y="En attente")


def test_lookup_misses_quietly() -> None:
    assert render("{{ x|lookup:'a' }}{{ x|lookup:'b' }}", x={"a": 1}) == "1None"


# --- links


def test_url_with_changes_the_query_and_forgets_the_cursor() -> None:
    path = "/?q=north+yard&sort=total&cursor=abc"
    assert render('{% url_with sort="-total" %}', path) == "?q=north+yard&amp;sort=-total"
    assert render('{% url_with cursor="xyz" %}', path).endswith("cursor=xyz")
    assert render('{% url_with q=None sort="" %}', path) == "?"
    assert render('{% url_with q="a&b" %}', "/") == "?q=a%26b"
    assert render("{% url_with status=chosen %}", "/", chosen=["a", "b"]) == (
        "?status=a&amp;status=b"
    )


@pytest.mark.parametrize(
    ("path", "url", "current"),
    [
        ("/invoices/", "/invoices/", True),
        ("/invoices/7/", "/invoices/", True),
        ("/invoices-old/", "/invoices/", False),
        ("/invoices/", "/", False),
        ("/", "/", True),
    ],
)
def test_current_page_is_marked(path: str, url: str, current: bool) -> None:
    assert bool(render("{% nav_current url %}", path, url=url)) is current


def test_exact_current_page_leaves_out_what_is_below() -> None:
    assert render("{% nav_current '/a/' exact=True %}", "/a/b/") == ""


def test_an_entry_is_current_on_pages_that_belong_to_it() -> None:
    source = "{% nav_current '/runs' also=also %}"
    assert render(source, "/schedules/new", also=("/schedules",)) != ""
    assert render(source, "/schedules-of-others", also=("/schedules",)) == ""


def test_sort_header_turns_round() -> None:
    source = '{% sort_header "total" "Total" numeric=True %}'
    assert 'href="?sort=total"' in render(source)
    assert "aria-sort" not in render(source)
    up = render(source, "/?sort=total&q=x")
    assert 'aria-sort="ascending"' in up
    assert "sort=-total" in up
    assert "q=x" in up
    assert 'aria-sort="descending"' in render(source, "/?sort=-total")


# --- elements


def test_theme_is_taken_from_the_cookie_only_when_known() -> None:
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = "dark"
    assert render("{% theme_attribute %}", request=request) == 'data-theme="dark"'
    request.COOKIES["theme"] = '"><script>'
    assert render("{% theme_attribute %}", request=request) == ""
    assert render("{% theme_attribute %}", request=None) == ""


def test_icons_are_hidden_from_screen_readers() -> None:
    html = render('{% icon "check" size=20 class="line__mark" %}')
    assert 'aria-hidden="true"' in html
    assert 'width="20"' in html
    assert 'class="line__mark"' in html


def test_unknown_icon_does_not_break_the_page() -> None:
    assert "<svg" in render('{% icon "no-such-icon" %}')


def test_every_icon_named_in_a_template_exists() -> None:
    archive = Path(lucide.__file__).parent / "lucide.zip"
    known = {name.removesuffix(".svg") for name in ZipFile(archive).namelist()}
    pattern = re.compile(r"""(?:\{% icon|\bicon=|\bicon_end=)\s*["']([a-z0-9-]+)["']""")
    named = {
        (path.name, name)
        for path in TEMPLATES.rglob("*.html")
        for name in pattern.findall(path.read_text())
    }
    assert len(named) > 20
    assert [pair for pair in named if pair[1] not in known] == []


def test_templates_have_no_inline_styles_scripts_or_handlers() -> None:
    # A block of JSON is data: it never runs.
    bad = re.compile(
        r"""<script(?![^>]*(?:\bsrc=|"application/json"))|<style|\sstyle=|\son[a-z]+="""
    )
    pages = [p for p in TEMPLATES.rglob("*.html") if not DOCUMENTS & set(p.parts)]
    assert [str(p) for p in pages if bad.search(p.read_text())] == []


def test_own_scripts_stay_small() -> None:
    assert sum(path.stat().st_size for path in (STATIC / "js").glob("*.js")) < SCRIPT_BYTES_MAX


# --- forms


def draw_field(form: forms.Form, name: str, extra: str = "") -> str:
    source = f'{{% include "components/field.html" with field=form.{name} {extra} only %}}'
    return render(source, form=form)


def test_field_ties_label_help_and_error_to_its_control() -> None:
    html = draw_field(SiteForm({"name": ""}), "name")
    assert 'for="id_name"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'class="input"' in html


def test_field_keeps_what_was_typed() -> None:
    assert 'value="&lt;b&gt;"' in draw_field(SiteForm({"name": "<b>"}), "name")


def test_optional_fields_say_so_and_affixes_are_drawn() -> None:
    html = draw_field(SiteForm(), "share", 'suffix="%"')
    assert "(optional)" in html
    assert "input--number" in html
    assert '<span class="affix__text">%</span>' in html
    assert "(optional)" not in draw_field(SiteForm(), "name")


def test_groups_are_fieldsets_and_boxes_follow_their_control() -> None:
    assert "<fieldset" in draw_field(SiteForm(), "kind")
    box = draw_field(SiteForm(), "active")
    assert box.index("<input") < box.index("<label")
    assert "field" not in draw_field(SiteForm(), "token").replace('type="hidden"', "")


def test_error_summary_links_to_each_field() -> None:
    html = render(
        '{% include "components/form_errors.html" with form=form only %}', form=SiteForm({})
    )
    assert "4 things need your attention" in html
    assert 'href="#id_name"' in html
    assert 'href="#id_kind_0"' in html
    assert "Nothing fits together" in html
    assert 'role="alert"' in html


def test_no_summary_without_errors() -> None:
    source = '{% include "components/form_errors.html" with form=form only %}'
    assert render(source, form=SiteForm()).strip() == ""


# --- wrappers


def test_card_wraps_its_content_and_escapes_its_title() -> None:
    html = render(
        "{% card title flush=True %}<b>{{ sign }}</b>{% endcard %}", title="A & B", sign="<"
    )
    assert "<h2>A &amp; B</h2>" in html
    assert "<b>&lt;</b>" in html
    assert "card__body--flush" in html


def test_page_head_without_actions_has_no_box_for_them() -> None:
    bare = render('{% page_head "Sites" %} {% endpage_head %}')
    assert "<h1>" in bare
    assert "page-head__actions" not in bare
    crumbs = [("Home", "/"), ("Sites", "")]
    full = render('{% page_head "Sites" crumbs=crumbs %}x{% endpage_head %}', crumbs=crumbs)
    assert "page-head__actions" in full
    assert '<span aria-current="page">Sites</span>' in full


def test_dialog_is_named_by_its_title() -> None:
    html = render('{% dialog "void" "Void it?" %}body{% enddialog %}')
    assert 'aria-labelledby="void-title"' in html
    assert 'id="void-title"' in html
    assert "data-open-now" not in html


def test_why_line_shows_amount_and_trace() -> None:
    html = render(
        '{% why_line "Cap" amount=x currency="CAD" open=True %}'
        '{% include "components/trace.html" with steps=steps only %}{% endwhy_line %}',
        x=Decimal("-10"),
        steps=[{"label": "Cap", "value": "18,000.00", "formula": "min(a, b)"}],
    )
    assert '<details class="line" open>' in html
    assert "−$10.00" in html
    assert "min(a, b)" in html


def test_filter_bar_keeps_search_and_order() -> None:
    html = render('{% filter_bar target="list" %}{% endfilter_bar %}', "/s/?q=north&sort=-total")
    assert 'value="north"' in html
    assert '<input type="hidden" name="sort" value="-total">' in html
    assert 'hx-target="#list"' in html


def test_pager_links_keep_the_filter() -> None:
    source = '{% include "components/pager.html" with next="n1" %}'
    html = render(source, "/s/?q=north&cursor=c0")
    assert "q=north&amp;cursor=n1" in html
    assert 'href="?q=north"' in html


def test_progress_region_stops_asking_when_done() -> None:
    source = '{% progress_region "/p" running=running %}x{% endprogress_region %}'
    assert 'hx-get="/p"' in render(source, running=True)
    assert "hx-get" not in render(source, running=False)


# --- shell


def test_shell_without_a_request_is_empty() -> None:
    frame = build_shell(None)
    assert (frame.organisation, frame.groups, frame.person) == ("", (), "")


def test_shell_groups_what_the_actor_may_open(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [
        NavigationItem("", "Home", "home", "house", "home.read"),
        NavigationItem("billing", "Sites", "sites", "map-pin", "sites.read", count=lambda _: 3),
        NavigationItem("billing", "Lost", "not_wired", "map-pin", "sites.read"),
    ]
    monkeypatch.setattr("shared.kernel.shell.navigation", lambda _actor: items)

    def address(name: str) -> str:
        if name == "not_wired":
            raise NoReverseMatch
        return f"/{name}/"

    monkeypatch.setattr("shared.kernel.shell.reverse", address)
    request = RequestFactory().get("/")
    request.actor = Actor(kind="user", id="1", label="Marie Chen", role="billing_manager")  # type: ignore[attr-defined]
    frame = build_shell(request)
    assert [str(group.label) for group in frame.groups] == ["", "Billing"]
    assert [link.url for link in frame.phone_links] == ["/home/", "/sites/"]
    assert frame.phone_links[1].count == 3
    chosen = replace(frame.groups[1].links[0], on_phone=True)
    shown = replace(frame, groups=(frame.groups[0], replace(frame.groups[1], links=[chosen])))
    assert [link.url for link in shown.phone_links] == ["/sites/", "/home/"]
    assert frame.person == "Marie Chen"


def test_layout_draws_the_given_shell() -> None:
    frame = Shell(organisation="Acme Electric", groups=(Group("", (Link("Home", "/", "house"),)),))
    page = Template('{% extends "layouts/app.html" %}{% block content %}Hello{% endblock %}')
    html = page.render(Context({"request": RequestFactory().get("/"), "app_shell": frame}))
    assert "Hello" in html
    assert 'class="skip-link" href="#main"' in html
    assert html.count('aria-current="page"') == 2
    assert 'lang="en"' in html


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "410", "429", "500", "503"])
def test_error_pages_stand_alone_and_quote_the_request(code: str) -> None:
    source = (TEMPLATES / f"{code}.html").read_text()
    html = Template(source).render(Context({"request_id": "req-1", "retry_after": 1}))
    assert "req-1" in html
    assert html.count("<h1>") == 1
    assert "Try again in 1 second." in html or code != "429"
