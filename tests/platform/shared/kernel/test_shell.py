"""The frame around a page: entries by permission, the brand, built once a request."""

import pytest
from django.db import DatabaseError
from django.template import Context, Template
from django.test import RequestFactory

from shared.accounts.services.people import add_person
from shared.kernel import hooks, shell
from shared.kernel.actor import SYSTEM, Actor
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


def test_settings_are_one_entry_and_a_page_that_explains_each(in_acme, monkeypatch):
    entries = (
        NavigationItem("billing", "Sites", "site_list", "map-pin", "sites.read"),
        NavigationItem(
            "settings_company", "Taxes", "taxes", "percent", "organisation.read", text="Rates"
        ),
    )
    monkeypatch.setattr(hooks, "_navigation", {entry.url_name: entry for entry in entries})
    request = RequestFactory().get("/")
    request.actor = person("sites.read")
    assert [group.label for group in shell.build_shell(request).groups] == ["Billing"]
    assert shell.settings_groups(request.actor) == []

    request.actor = person("sites.read", "organisation.read")
    billing, company = shell.build_shell(request).groups
    assert [link.label for link in billing.links] == ["Sites"]
    assert [(link.label, link.url) for link in company.links] == [("Settings", "/settings")]
    (settings,) = shell.settings_groups(request.actor)
    assert [(link.url, link.text) for link in settings.links] == [("/settings/taxes", "Rates")]


def test_the_page_of_settings_is_for_who_may_open_one(in_acme, client_for):
    assert client_for(in_acme).get("/settings").status_code == 302
    for role, status in (("owner", 200), ("contractor", 403)):
        browser = client_for(in_acme)
        email = f"{role}@acme.example"
        browser.force_login(add_person(actor=SYSTEM, email=email, name=role, role=role))
        answer = browser.get("/settings")
        assert answer.status_code == status
        assert (b"/settings/taxes" in answer.content) is (status == 200)


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ("/settings/people", ["Settings"]),
        ("/settings/roles", ["Settings"]),
        ("/settings/companies/new", ["Settings"]),
        ("/settings", []),
        ("/settings/profile", []),
        ("/sites", []),
    ],
)
def test_pages_of_settings_lead_back_to_all_of_them(path, labels):
    request = RequestFactory().get(path)
    request.actor = person("people.read", "organisation.read", "sites.read")
    assert [str(label) for label, _url in shell.settings_above(request)] == labels
