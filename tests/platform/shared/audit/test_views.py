import csv
from datetime import timedelta

import pytest
from django.utils import timezone

from shared.accounts.models import User
from shared.audit.models import Entry
from shared.audit.services import Act, Target, record, record_many
from shared.kernel.actor import SYSTEM, Actor
from shared.kernel.tenancy import organisation_context

ANNA = Actor(kind="user", id="anna", label="Anna", ip="192.0.2.7", request_id="request-0001")


@pytest.fixture
def browser(acme, client_for):
    def make(role):
        with organisation_context(acme):
            user = User.objects.create_user(f"{role}-audit@example.com", "x" * 12, role=role)
        client = client_for(acme)
        client.force_login(user)
        return client

    return make


@pytest.fixture
def entries(acme):
    with organisation_context(acme):
        record(
            actor=ANNA,
            action="contract.changed",
            target=Target("contracts.contract", "c-1", "CONTRACT000001"),
            before={"rate": "0.15", "kept": 1},
            after={"rate": "0.20", "kept": 1},
        )
        record_many(
            actor=SYSTEM,
            acts=[Act("site.made", Target("sites.site", f"s-{n}", f"SITE{n}")) for n in range(70)],
        )


def test_the_page_shows_who_what_and_the_difference(browser, entries):
    page = browser("owner").get("/settings/audit?who=Anna").content.decode()
    assert "contract.changed" in page
    assert "CONTRACT000001" in page
    assert "<del>0.15</del>" in page
    assert "<ins>0.20</ins>" in page
    assert "kept" not in page.split("<tbody>", 1)[1]
    assert "SITE1" not in page


def test_an_act_with_thousands_of_values_shows_the_first_and_their_number(browser, acme):
    with organisation_context(acme):
        after = {f"INV{n:04}": "1.00" for n in range(3_000)}
        target = Target("payments.payment", "p-1", "PAY000000001")
        record(actor=ANNA, action="payment.recorded", target=target, after=after)
        sequence = Entry.objects.get(action="payment.recorded").sequence
    client = browser("owner")
    page = client.get("/settings/audit?who=Anna").content.decode()
    assert "3,000 values" in page or "3000 values" in page
    assert page.count("<ins>1.00</ins>") == 10
    whole = client.get(f"/settings/audit/{sequence}").content.decode()
    assert whole.count("<ins>1.00</ins>") == 2_500
    assert "The first 2500 are shown" in whole
    assert client.get("/settings/audit/999999").status_code == 404
    assert browser("viewer").get(f"/settings/audit/{sequence}").status_code == 403


def test_pages_follow_each_other_without_gap(browser, entries):
    client = browser("owner")
    first = client.get("/settings/audit?action=site.made")
    second = client.get("/settings/audit", {"action": "site.made", "cursor": first.context["next"]})
    shown = [row[0].object_label for answer in (first, second) for row in answer.context["rows"]]
    assert shown == [f"SITE{n}" for n in reversed(range(70))]
    assert second.context["next"] is None


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("q=0.20", 1),
        ("q=request-0001", 1),
        ("q=SITE69", 1),
        ("object=CONTRACT000001", 1),
        ("object=c-1", 1),
        ("from_day={tomorrow}", 0),
        ("to_day={yesterday}", 0),
        ("action=contract.changed&from_day={yesterday}&to_day={tomorrow}", 1),
        ("from_day=nonsense&action=contract.changed", 1),
        ("to_day=9999-12-31&action=contract.changed", 1),
        ("cursor=made-up", 50),
    ],
)
def test_filters_narrow_the_list(browser, entries, query, count):
    today = timezone.now()
    days = {
        name: (today + timedelta(days=shift)).date().isoformat()
        for name, shift in (("tomorrow", 2), ("yesterday", -2))
    }
    answer = browser("owner").get("/settings/audit?" + query.format(**days))
    assert answer.status_code == 200
    assert len(answer.context["rows"]) == count


def test_who_may_not_read_it_gets_403_and_nobody_a_sign_in(browser, entries, acme, client_for):
    assert browser("viewer").get("/settings/audit").status_code == 403
    assert browser("billing_manager").get("/settings/audit.csv").status_code == 403
    answer = client_for(acme).get("/settings/audit")
    assert (answer.status_code, answer["Location"]) == (
        302,
        "/accounts/login/?next=/settings/audit",
    )


def test_the_export_is_the_filtered_record_and_no_formula(browser, entries, acme):
    with organisation_context(acme):
        record(actor=SYSTEM, action="odd.label", target=Target("x", "=1+1", "@cmd"))
    client = browser("owner")
    answer = client.get("/settings/audit.csv?action=site.made")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["object_label"] for row in rows] == [f"SITE{n}" for n in range(70)]

    odd = b"".join(client.get("/settings/audit.csv?action=odd.label").streaming_content).decode()
    assert "'=1+1" in odd
    assert "'@cmd" in odd


def test_the_api_lists_it_with_exact_numbers(browser, entries):
    client = browser("owner")
    answer = client.get("/api/v1/audit?action=contract.changed")
    (item,) = answer.json()["items"]
    assert item["before"] == {"rate": "0.15", "kept": 1}
    assert item["actor_label"] == "Anna"
    assert len(item["digest"]) == 64
    assert answer.json()["next"] is None

    page = client.get("/api/v1/audit?action=site.made&limit=60").json()
    rest = client.get("/api/v1/audit", {"limit": 60, "action": "site.made", "cursor": page["next"]})
    assert (len(page["items"]), len(rest.json()["items"])) == (60, 10)
    assert browser("viewer").get("/api/v1/audit").status_code == 403
