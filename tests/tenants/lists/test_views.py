"""Views of lists under a name: whose they are, what they show, what they survive."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from support.billing import make_contract, make_site
from support.browsers import signed_in

from shared.audit.models import Entry
from shared.kernel.errors import Forbidden, NotFound
from tenants.lists.models import DefaultView, SavedView
from tenants.lists.services import VIEWS_MAX, choose_default, delete_view, save_view

QUERY = {"q": ["North"], "sort": ["-site_id"], "columns": ["territory", "place"]}


@pytest.fixture
def manager(in_acme, actor_in):
    return actor_in("billing_manager")


def keep(actor, **changes):
    given = {"list_name": "sites", "name": "Mine", "query": QUERY, **changes}
    return save_view(actor=actor, **given)


def headers(answer):
    return [
        re.sub(r"<[^>]+>", "", cell).strip()
        for cell in re.findall(r"<th scope=.*?</th>", answer.content.decode(), re.S)
    ]


def test_only_what_the_list_knows_is_kept(manager):
    query = {**QUERY, "sort": ["password"], "columns": ["place", "secret"], "page": ["9"]}
    view = keep(manager, query=query)
    assert view.query == {"q": ["North"], "columns": ["place"]}
    assert keep(manager, query=QUERY, name=" Mine ").pk == view.pk
    view.refresh_from_db()
    assert view.query == QUERY
    assert Entry.objects.filter(action="view.saved").count() == 2
    with pytest.raises(NotFound):
        keep(manager, list_name="people")


def test_a_view_is_ones_own_until_it_is_shared(manager, actor_in):
    viewer, other = actor_in("viewer"), actor_in("billing_manager")
    own = keep(manager)
    with pytest.raises(NotFound):
        choose_default(actor=viewer, view_id=own.pk, is_default=True)
    with pytest.raises(NotFound):
        delete_view(actor=other, view_id=own.pk)
    with pytest.raises(Forbidden):
        keep(viewer, is_shared=True)
    shared = keep(manager, name="Ours", is_shared=True)
    choose_default(actor=viewer, view_id=shared.pk, is_default=True)
    with pytest.raises(Forbidden):
        delete_view(actor=viewer, view_id=shared.pk)
    delete_view(actor=other, view_id=shared.pk)
    assert list(SavedView.objects.all()) == [own]
    assert not DefaultView.objects.exists()


def test_who_may_not_read_a_list_keeps_no_view_of_it(in_acme, actor_in):
    with pytest.raises(Forbidden):
        keep(actor_in("contractor"))


def test_there_is_a_limit_to_the_views_of_a_person(manager):
    from shared.kernel.errors import Conflict, Invalid

    SavedView.objects.bulk_create(
        SavedView(list_name="sites", owner=manager.id, name=f"{n}") for n in range(VIEWS_MAX)
    )
    with pytest.raises(Conflict):
        keep(manager, name="One more")
    keep(manager, name="7")  # replaces one
    with pytest.raises(Invalid):
        keep(manager, name=" ")


def test_a_view_is_kept_opened_by_default_and_deleted_on_the_page(in_acme, client_for):
    make_site()
    make_site(site_name="South Yard")
    browser = signed_in(client_for, in_acme, "billing_manager")
    assert headers(browser.get("/sites")) == ["Site", "Customer", "Place", "Active contracts"]
    asked = "q=North&columns=territory&columns=currency&sort=-name"
    shown = browser.get(f"/sites?{asked}")
    assert headers(shown) == ["Site", "Territory", "Currency"]
    assert "South Yard" not in shown.content.decode()
    kept = browser.post(
        "/lists/sites/views", {"name": "North only", "query": asked, "is_default": "1"}
    )
    view = SavedView.objects.get()
    assert kept.headers["Location"].endswith(f"view={view.pk}")
    opened = browser.get("/sites")
    assert opened.status_code == 302
    page = browser.get(opened.headers["Location"])
    assert headers(page) == ["Site", "Territory", "Currency"]
    assert "South Yard" not in page.content.decode()
    assert "South Yard" in browser.get("/sites?view=all").content.decode()
    assert browser.get(f"/sites?view={view.pk}").headers["Location"] == opened.headers["Location"]
    browser.post(f"/lists/views/{view.pk}/default", {})
    assert browser.get("/sites").status_code == 200
    browser.post(f"/lists/views/{view.pk}/delete")
    assert not SavedView.objects.exists()
    refused = browser.post("/lists/sites/views", {"name": "", "query": asked}, follow=True)
    assert "This field is required." in refused.content.decode()
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    "stored",
    [
        [],
        "q=1",
        {"sort": ["gone"], "columns": ["gone"], "q": [3]},
        {"sort": 7, "columns": "place", "territory": ["TER9999\x01"]},
    ],
    ids=str,
)
def test_what_was_stored_wrongly_breaks_no_page(in_acme, client_for, stored):
    browser = signed_in(client_for, in_acme, "billing_manager")
    browser.post("/lists/sites/views", {"name": "Old", "query": "q=x", "is_default": "1"})
    SavedView.objects.update(query=stored)
    answer = browser.get("/sites", follow=True)
    assert answer.status_code == 200
    assert "Old" in answer.content.decode()


@pytest.mark.parametrize("path", ["/sites", "/contracts", "/invoices"])
def test_every_column_is_shown_in_as_many_queries_as_few(in_acme, client_for, path):
    make_contract(make_site())
    browser = signed_in(client_for, in_acme, "billing_manager")
    name = path.strip("/")
    from tenants.lists.specs import list_spec

    columns = "&".join(f"columns={one.name}" for one in list_spec(name).columns)
    browser.get(f"{path}?view=all")

    def counted():
        with CaptureQueriesContext(connection) as found:
            answer = browser.get(f"{path}?{columns}")
        if name != "invoices":
            assert len(headers(answer)) == len(list_spec(name).columns) + 1
        return len(found)

    few = counted()
    for number in range(3):
        make_contract(make_site(site_name=f"Yard {number}"))
        browser.post(f"/lists/{name}/views", {"name": f"View {number}", "query": "q=Yard"})
    browser.get(f"{path}?view=all")
    assert counted() == few
