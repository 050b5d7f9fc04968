"""Manual review: raised once, closed with a reason, seen only by who may see its kind."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from support.api import Program, key_of
from support.billing import make_contract, make_site
from support.browsers import signed_in

from billing.periods import month_period
from shared.accounts.models import User
from shared.accounts.services.people import add_person
from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from shared.kernel.tenancy import organisation_context
from tenants.invoices.models import ErrorKind
from tenants.invoices.services import process_run, start_run
from tenants.review.kinds import Kind, kind_of, register_kind
from tenants.review.models import ReviewItem
from tenants.review.selectors import open_counts, review_items
from tenants.review.services import NewItem, close_item, close_items, raise_item, raise_items
from tenants.review.work import escalate

KIND = "data_validation"


def new(target_id, cause="No revenue", kind=KIND):
    return NewItem(
        kind=kind,
        target_type="contracts.contract",
        target_id=target_id,
        target_label="CON00000001",
        cause=cause,
        link="/contracts/CON00000001",
    )


def test_each_kind_is_registered_once(in_acme):
    broken = kind_of(ErrorKind.TEMPLATE)  # a run's and a document's broken template are the same
    register_kind(broken)
    with pytest.raises(ValueError, match="template"):
        register_kind(Kind(broken.name, "Another", "invoices.generate"))
    assert kind_of("template") is broken


def test_raising_again_updates_the_open_item_and_a_closed_one_stays(in_acme):
    target, other = uuid4(), uuid4()
    raise_items([new(target), new(other)])
    raise_items([new(target, "No hours")])
    assert ReviewItem.objects.get(target_id=target).cause == "No hours"
    assert close_items(actor=SYSTEM, kind=KIND, target_id=target, note="Billed.") == 1
    raise_items([new(target, "Again")])
    causes = ReviewItem.objects.filter(target_id=target).values_list("cause", "status")
    assert sorted(causes) == [("Again", "open"), ("No hours", "resolved")]


def test_raising_many_costs_three_statements_at_most(in_acme):
    rows = [new(uuid4()) for _ in range(50)]
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            raise_items(rows)
        said = [one["sql"] for one in queries if "SAVEPOINT" not in one["sql"]]
        assert len(said) <= 3
    assert ReviewItem.objects.count() == 50


def test_an_unknown_kind_is_a_slip_of_the_program(in_acme):
    with pytest.raises(KeyError):
        raise_items([new(uuid4(), kind="nonsense")])
    with pytest.raises(KeyError):
        raise_item(kind="nonsense", target=make_site(), cause="x")


def test_closing_by_hand_is_recorded_and_done_once(in_acme, actor_in):
    raise_items([new(uuid4())])
    item = ReviewItem.objects.get()
    with pytest.raises(Invalid) as refused:
        close_item(actor=SYSTEM, item_id=item.pk, status="dismissed", note="  ")
    assert [one.field for one in refused.value.errors] == ["note"]
    with pytest.raises(Forbidden):
        close_item(actor=actor_in("viewer"), item_id=item.pk, status="resolved")
    close_item(actor=SYSTEM, item_id=item.pk, status="dismissed", note="The site is closed.")
    with pytest.raises(Conflict):
        close_item(actor=SYSTEM, item_id=item.pk, status="resolved")
    assert Entry.objects.filter(action="review_item.closed").count() == 1
    with pytest.raises(NotFound):
        close_item(actor=SYSTEM, item_id=uuid4(), status="resolved")


def test_only_kinds_that_one_may_see_are_counted(in_acme, actor_in):
    raise_items([new(uuid4()), new(uuid4(), kind="calculation")])
    assert open_counts(actor=actor_in("billing_manager")) == {KIND: 1, "calculation": 1}
    assert review_items(actor=actor_in("viewer")).count() == 0


# --- API and pages ------------------------------------------------------------------------


@pytest.fixture
def failed(acme):
    """A contract that a run could not bill."""
    with organisation_context(acme):
        contract = make_contract(
            contract_type="revenue_share", configuration={"revenue_share_rate": "0.1"}
        )
        run = start_run(actor=SYSTEM, period=month_period(2025, 3))
        process_run(run_id=run.pk)
        return contract


def test_the_api_lists_resolves_and_dismisses(api, failed):
    (item,) = api.get("/billing/manual-review").body["items"]
    assert (item["kind"], item["status"]) == (KIND, "open")
    assert item["link"] == f"/sites/{failed.site.site_id}/revenue"
    assert item["details"]["contract_id"] == failed.contract_id
    assert api.get("/billing/manual-review?kind=calculation").body["items"] == []
    path = f"/billing/manual-review/{item['review_id']}"
    assert api.post(f"{path}/dismiss", {"reason": ""}).status == 422
    assert api.post(f"{path}/dismiss", {"reason": " "}).fields == {"note": "required"}
    stale = api.post(f"{path}/resolve", {}, **{"if-match": '"9"'})
    assert stale.status == 412
    closed = api.post(f"{path}/resolve", {"note": "Entered."})
    assert (closed.body["status"], closed.body["note"]) == ("resolved", "Entered.")
    assert api.post(f"{path}/resolve", {}).status == 409
    assert api.get("/billing/manual-review").body["items"] == []
    assert len(api.get("/billing/manual-review?status=all").body["items"]) == 1
    assert api.get(f"/billing/manual-review/{uuid4()}").status == 404


def test_another_organisation_sees_nothing(api, globex, client_for, failed):
    (item,) = api.get("/billing/manual-review").body["items"]
    other = Program(client_for(globex), key_of(globex))
    assert other.get("/billing/manual-review?status=all").body["items"] == []
    path = f"/billing/manual-review/{item['review_id']}"
    assert other.get(path).status == 404
    assert other.post(f"{path}/resolve", {}).status == 404


def test_the_pages_show_why_lead_to_the_fix_and_close(acme, client_for, failed):
    browser = signed_in(client_for, acme, "billing_manager")
    listed = browser.get("/manual-review").content.decode()
    assert f'href="/sites/{failed.site.site_id}/revenue"' in listed
    assert failed.contract_id in listed
    assert "Revenue: " in listed
    with organisation_context(acme):
        item = ReviewItem.objects.get()
    page = f"/manual-review/{item.pk}"
    assert "Mar" in browser.get(page).content.decode() or "2025-03-01" in listed
    refused = browser.post(page, {"status": "dismissed", "note": ""})
    assert refused.status_code == 422
    assert browser.post(page, {"status": "dismissed", "note": "Closed site"}).status_code == 302
    assert "Nothing waits for you" in browser.get("/manual-review").content.decode()
    assert "Closed site" in browser.get("/manual-review?status=dismissed").content.decode()


def test_the_list_costs_the_same_queries_however_many_items(acme, client_for):
    browser = signed_in(client_for, acme)

    def count():
        with organisation_context(acme):
            raise_items([new(uuid4()) for _ in range(3)])
        browser.get("/manual-review")
        with CaptureQueriesContext(connection) as queries:
            browser.get("/manual-review")
        return len(queries)

    assert count() == count()


def test_who_may_not_bill_has_no_business_there(acme, client_for):
    assert signed_in(client_for, acme, "contractor").get("/manual-review").status_code == 403


def test_who_may_look_after_it_is_told_once_of_what_waits_too_long(in_acme):
    User.objects.all().delete()
    for role, language in (("billing_manager", "fr-ca"), ("approver", "en"), ("owner", "en")):
        add_person(
            actor=SYSTEM,
            role=role,
            email=f"{role}@acme.example",
            name=role,
            password="a sentence nobody guesses",
        )
        User.objects.filter(role=role).update(language=language)
    raise_items([new(uuid4()), new(uuid4())])
    assert escalate() == 0  # a day has not passed
    with time_machine.travel(now() + timedelta(hours=25)):
        raise_items([new(uuid4())])
        with TestCase.captureOnCommitCallbacks(execute=True):
            assert (escalate(), escalate()) == (2, 0)
    assert sorted(message.to[0] for message in mail.outbox) == [
        "billing_manager@acme.example",
        "owner@acme.example",
    ]
    owners = next(one for one in mail.outbox if one.to == ["owner@acme.example"])
    assert owners.subject == "2 items wait for somebody at Acme Electric"
    assert "Billing data: 2" in owners.body
