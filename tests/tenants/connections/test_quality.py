from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from support.billing import make_contract, make_site

from shared.accounts.models import User
from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.errors import Forbidden, Invalid
from shared.outbox.models import Event
from tenants.connections.models import (
    BillingContractConfiguration,
    BillingCustomer,
    QualityAlert,
    QualitySnapshot,
    SyncLog,
)
from tenants.connections.selectors.quality import faulty_records, quality
from tenants.connections.services.quality import update_quality_settings
from tenants.connections.work.logs import log
from tenants.connections.work.measuring import Figures, measure, percent, take_snapshot
from tenants.sites.models import Site

pytestmark = pytest.mark.django_db


def test_the_score_is_the_mean_of_what_is_known():
    # 95.00, 100.00, 50.00 and 100 − 2.50 = 97.50; their sum 342.50 ÷ 4 = 85.625, half up 85.63
    figures = Figures(20, 19, 4, 4, 2, 1, 40, 1)
    assert figures.score == Decimal("85.63")
    assert Figures(0, 0, 0, 0, 0, 0, 0, 0).score is None
    assert percent(1, 3) == Decimal("33.33")


def test_sites_without_name_and_address_are_incomplete_a_territory_is_optional(territory):
    make_site(territory_id="TER0001")
    make_site(site_name="No territory")
    broken = make_site(site_name="No street", territory_id="TER0001")
    Site.objects.filter(pk=broken.pk).update(billing_address={"city": "Toronto"})
    unused = make_site(site_name="Unused")
    Site.objects.filter(pk=unused.pk).update(is_active=False)
    figures = measure()
    assert (figures.sites, figures.sites_complete) == (3, 2)
    assert figures.completeness == Decimal("66.67")
    assert quality(actor=SYSTEM).without_territory == 1
    found = {one.code: one for one in faulty_records(actor=SYSTEM, metric="completeness")}
    assert set(found) == {broken.site_id}
    assert "street1" in found[broken.site_id].why
    assert found[broken.site_id].link == f"/sites/{broken.site_id}/edit"


def test_a_configuration_that_cannot_be_billed_is_inaccurate(connection, territory, reconcile):
    contract = make_contract(make_site(territory_id="TER0001"))
    reconcile()
    assert measure().accuracy == Decimal("100.00")
    # A change that began before the newest one and was committed after it: its time is older.
    BillingContractConfiguration.objects.update(configuration={"monthly_fee": -5})
    assert measure().accuracy == Decimal("0.00")
    (wrong,) = faulty_records(actor=SYSTEM, metric="accuracy")
    assert wrong.code == contract.contract_id
    assert "monthly_fee" in wrong.why


def test_currency_counts_what_was_compared_within_a_day(connection, territory, reconcile):
    make_site(territory_id="TER0001")
    old = make_site(site_name="Old", territory_id="TER0001")
    reconcile()
    BillingCustomer.objects.filter(customer_id=old.site_id).update(
        last_sync_at=now() - timedelta(days=1, minutes=1)
    )
    assert measure().currency == Decimal("50.00")
    (stale,) = faulty_records(actor=SYSTEM, metric="currency")
    assert stale.code == old.site_id


def test_the_error_rate_is_of_a_day(in_acme):
    for status in ("success", "success", "error", "skipped"):
        log("site_change_sync", status, site_id="SITE000001", error="why")
    SyncLog.objects.create(
        process_name="old", execution_date=now() - timedelta(days=2), status="error"
    )
    assert measure().error_rate == Decimal("33.33")
    assert len(faulty_records(actor=SYSTEM, metric="error_rate")) == 1


@pytest.fixture
def administrators(in_acme):
    for role in ("owner", "tenant_admin", "viewer"):
        User.objects.create_user(f"{role}@acme.example", "A-long-pass-1", role=role)


def incomplete_site():
    site = make_site()
    Site.objects.filter(pk=site.pk).update(billing_address={"city": "Toronto"})
    return site


def topics():
    return list(Event.objects.filter(topic__startswith="quality.").values_list("topic", flat=True))


def test_a_breach_is_told_once_and_cleared(
    administrators, territory, django_capture_on_commit_callbacks
):
    site = incomplete_site()
    with django_capture_on_commit_callbacks(execute=True):
        take_snapshot()
    alert = QualityAlert.objects.get()
    assert (alert.metric, alert.severity, alert.threshold, alert.actual) == (
        "data_completeness",
        "high",
        Decimal("95.00"),
        Decimal("0.00"),
    )
    told = {to for message in mail.outbox for to in message.to}
    assert {"owner@acme.example", "tenant_admin@acme.example"} <= told
    assert "viewer@acme.example" not in told
    assert "/data-quality" in mail.outbox[0].body
    sent = len(mail.outbox)
    with django_capture_on_commit_callbacks(execute=True):
        take_snapshot()
    assert len(mail.outbox) == sent
    assert topics() == ["quality.alert_raised"]
    assert len(quality(actor=SYSTEM).alerts) == 1
    site.save()  # with the address it was made with
    take_snapshot()
    alert.refresh_from_db()
    assert alert.cleared_at is not None
    assert topics() == ["quality.alert_raised", "quality.alert_cleared"]
    assert QualitySnapshot.objects.count() == 1


def test_it_is_written_in_the_organisations_language(
    in_acme, administrators, django_capture_on_commit_callbacks
):
    from django.utils.translation import override

    incomplete_site()
    with django_capture_on_commit_callbacks(execute=True):
        take_snapshot()
    with override(in_acme.language):
        assert QualityAlert.objects.get().get_metric_display() in mail.outbox[0].subject


def test_a_threshold_of_ones_own(in_acme, actor_in):
    incomplete_site()
    update_quality_settings(
        actor=actor_in("tenant_admin"), completeness_min=Decimal("0"), log_months=12
    )
    take_snapshot()
    assert not QualityAlert.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"completeness_min": Decimal("100.01")},
        {"currency_min": Decimal("-1")},
        {"error_rate_max": Decimal("2.005")},
        {"log_months": 0},
        {"log_months": 121},
    ],
)
def test_thresholds_have_limits(in_acme, wrong):
    with pytest.raises(Invalid) as caught:
        update_quality_settings(actor=SYSTEM, **wrong)
    assert [one.field for one in caught.value.errors] == list(wrong)


def test_who_may_change_thresholds(in_acme, actor_in):
    with pytest.raises(Forbidden):
        update_quality_settings(actor=actor_in("billing_manager"), log_months=3)
    with pytest.raises(Forbidden):
        quality(actor=actor_in("viewer"))
