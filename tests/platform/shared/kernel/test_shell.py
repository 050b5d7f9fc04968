"""The frame around a page: entries by permission, the brand, built once a request."""

import pytest
from django.db import DatabaseError
from django.template import Context, Template
from django.test import RequestFactory

from shared.kernel import hooks, shell
from shared.kernel.actor import Actor
from shared.kernel.hooks import Brand, NavigationItem, current_brand, navigation


def person(*permissions):
    return Actor(kind="user", id="1", label="P", permissions=frozenset(permissions))


@pytest.fixture
def _two_entries(monkeypatch):
    entries = (
        NavigationItem("", "Home", "home", "house", ""),
        NavigationItem("billing", "Sites", "site_list", "map-pin", "sites.read"),
    )
    monkeypatch.setattr(hooks, "_navigation", {entry.url_name: entry for entry in entries})


@pytest.mark.usefixtures("_two_entries")
def test_an_entry_without_a_permission_is_everybodys():
    assert [entry.label for entry in navigation(person())] == ["Home"]
    assert [entry.label for entry in navigation(person("sites.read"))] == ["Home", "Sites"]


def test_the_frame_shows_the_organisations_brand(in_acme, monkeypatch):
    monkeypatch.setattr(hooks, "_brands", [lambda: Brand("#123456", "/logo")])
    assert current_brand() == Brand("#123456", "/logo")
    frame = shell.build_shell(None)
    assert (frame.brand_colour, frame.logo_url) == ("#123456", "/logo")


def test_an_organisation_whose_tables_do_not_answer_has_no_brand(in_acme, monkeypatch):
    from tenants.structure import selectors

    def fail(**_given):
        raise DatabaseError

    monkeypatch.setattr(selectors.LegalEntity.objects, "filter", fail)
    assert selectors.organisation_brand() == Brand()


def test_the_frame_is_built_once_a_request(in_acme, monkeypatch):
    built = []
    monkeypatch.setattr(
        "shared.kernel.templatetags.ui.build_shell",
        lambda request: built.append(request) or shell.Shell(organisation="Acme"),
    )
    template = Template("{% load ui %}{% shell as a %}{% shell as b %}{{ a.organisation }}")
    request = RequestFactory().get("/")
    assert template.render(Context({"request": request})) == "Acme"
    assert built == [request]
