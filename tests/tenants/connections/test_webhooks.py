import hmac
import json
from datetime import timedelta
from hashlib import sha256
from threading import Barrier, Thread

import pytest
from django.db import connections, transaction
from support.outside import Reply, outside_server

from shared.kernel.actor import SYSTEM
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from shared.kernel.tenancy import organisation_context
from shared.outbox.relay import relay_waiting
from shared.outbox.services import publish, publish_many
from tenants.connections.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from tenants.connections.selectors.work import endpoints_with_work
from tenants.connections.services import webhooks as services
from tenants.connections.services.runs import purge_sent
from tenants.connections.work import ordered
from tenants.connections.work.delivering import body_of, deliver_due
from tenants.connections.work.ordered import pause_after
from tenants.review.models import ReviewItem
from tenants.review.services import raise_item

TOPIC = "invoice.issued"


@pytest.fixture
def made(in_acme, receiver):
    return services.create_endpoint(actor=SYSTEM, url=receiver.url(scheme="http"))


def tell(*keys, topic=TOPIC):
    publish_many(topic=topic, events=[(key, {"invoice_id": f"INV-{key}"}) for key in keys])
    relay_waiting()


def send(made, *, at_once=True):
    if at_once:
        WebhookDelivery.objects.filter(status="waiting").update(due_at=now())
    deliver_due(endpoint_id=made.endpoint.pk)
    return list(WebhookDelivery.objects.order_by("event_id", "created_at"))


@pytest.mark.django_db
class TestSending:
    def test_an_event_arrives_signed(self, made, receiver):
        tell("SITE000001")
        (delivery,) = send(made)
        (seen,) = receiver.seen
        assert (seen.method, delivery.status, delivery.response_status) == ("POST", "done", 200)
        content = json.loads(seen.body)
        assert (content["type"], content["key"]) == (TOPIC, "SITE000001")
        assert content["data"] == {"invoice_id": "INV-SITE000001"}
        assert content["id"] == f"evt_{delivery.event_id}"
        assert_signed(seen, made.secret)

    def test_the_same_event_is_noted_once(self, made, receiver):
        tell("A")
        from shared.outbox.models import Event

        Event.objects.update(published_at=None)  # the relay was killed before it could commit
        relay_waiting()
        send(made)
        assert len(receiver.seen) == 1

    def test_a_rolled_back_event_is_never_sent(self, made, receiver):
        with transaction.atomic():
            publish(topic=TOPIC, key="A", payload={})
            transaction.set_rollback(True)
        relay_waiting()
        assert send(made) == []

    def test_only_what_was_asked_for(self, in_acme, receiver):
        made = services.create_endpoint(
            actor=SYSTEM,
            url=receiver.url(scheme="http"),
            topics=["invoice.*", "payment.recorded"],
        )
        for topic in ("invoice.issued", "site.changed", "payment.recorded", "payment.refunded"):
            tell("A", topic=topic)
        send(made)
        sent = [json.loads(seen.body)["type"] for seen in receiver.seen]
        assert sent == ["invoice.issued", "payment.recorded"]

    def test_our_own_business_stays_ours(self, made, receiver):
        tell("A", topic="organisation.provisioned")
        assert send(made) == []

    def test_a_failure_holds_back_its_key_and_no_other(self, made, receiver):
        receiver.answer = lambda seen: Reply(500 if b'"key":"A"' in seen.body else 200)
        tell("A", "A", "B")
        first, second, other = send(made)
        assert (first.status, second.status, other.status) == ("waiting", "waiting", "done")
        assert (first.attempts, second.attempts) == (1, 0)
        receiver.answer = lambda _seen: Reply()
        assert {one.status for one in send(made)} == {"done"}
        bodies = [json.loads(seen.body)["id"] for seen in receiver.seen if b'"A"' in seen.body]
        assert bodies == [f"evt_{first.event_id}"] * 2 + [f"evt_{second.event_id}"]

    def test_each_try_is_noted(self, made, receiver):
        answers = [Reply(503, b"busy"), Reply(200, b"thanks")]
        receiver.answer = lambda _seen: answers.pop(0)
        tell("A")
        send(made)
        send(made)
        tries = WebhookAttempt.objects.order_by("number")
        assert [(one.number, one.status_code, one.answer) for one in tries] == [
            (1, 503, "busy"),
            (2, 200, "thanks"),
        ]

    def test_nothing_is_tried_before_its_time(self, made, receiver):
        receiver.answer = lambda _seen: Reply(429, headers={"Retry-After": "600"})
        tell("A")
        (delivery,) = send(made)
        assert delivery.due_at > now() + timedelta(seconds=590)
        send(made, at_once=False)
        assert len(receiver.seen) == 1
        assert not endpoints_with_work().exists()

    def test_after_three_days_a_person_is_told(self, made, receiver):
        receiver.answer = lambda _seen: Reply(500)
        tell("A", "A")
        send(made)
        old = now() - timedelta(days=3) + timedelta(seconds=3)
        WebhookDelivery.objects.filter(attempts=1).update(first_tried_at=old)
        first, _second = send(made)
        assert first.status == "failed"
        endpoint = WebhookEndpoint.objects.get()
        assert endpoint.state == "paused"
        item = ReviewItem.objects.get()
        assert (item.kind, item.target_id) == ("webhook_failed", endpoint.pk)
        services.update_endpoint(actor=SYSTEM, endpoint_id=endpoint.pk, active=True)
        assert not ReviewItem.objects.filter(status="open").exists()
        receiver.answer = lambda _seen: Reply()
        assert send(made)[1].status == "done"  # the next of the key goes on
        item = raise_item(kind="webhook_failed", target=endpoint, cause="Not delivered")
        with transaction.atomic():
            services.replay_delivery(actor=SYSTEM, endpoint_id=endpoint.pk, delivery_id=first.pk)
            item.refresh_from_db()
            assert item.status == "resolved"  # it was the only one
            transaction.set_rollback(True)
        assert services.replay_failed(actor=SYSTEM, endpoint_id=endpoint.pk) == 1
        assert services.replay_failed(actor=SYSTEM, endpoint_id=endpoint.pk) == 0
        send(made)
        last = json.loads(receiver.seen[-1].body)
        assert last["id"] == f"evt_{first.event_id}"

    def test_gone_for_good_is_paused(self, made, receiver):
        receiver.answer = lambda _seen: Reply(410)
        tell("A")
        send(made)
        endpoint = WebhookEndpoint.objects.get()
        assert (endpoint.state, bool(endpoint.paused_why)) == ("paused", True)
        tell("B")
        send(made)
        assert len(receiver.seen) == 1

    def test_a_redirect_is_refused(self, made, receiver):
        with outside_server() as inner:
            receiver.answer = lambda _seen: Reply(
                307, headers={"Location": inner.url(scheme="http", path="/secret")}
            )
            tell("A")
            (delivery,) = send(made)
            assert inner.seen == []
        assert (delivery.status, delivery.response_status) == ("waiting", 307)

    def test_a_name_that_turns_private_reaches_nothing(self, made, receiver, settings):
        settings.OUTGOING_NETWORKS = []
        tell("A")
        (delivery,) = send(made)
        assert delivery.status == "waiting"
        assert receiver.seen == []
        assert "127" not in delivery.error

    def test_the_same_bytes_again(self, made, receiver):
        tell("A")
        (delivery,) = send(made)
        replayed = services.replay_delivery(
            actor=SYSTEM, endpoint_id=made.endpoint.pk, delivery_id=delivery.pk
        )
        assert replayed.replay_of == delivery
        send(made)
        first, second = receiver.seen
        assert first.body == second.body == body_of(delivery)

    def test_what_is_on_its_way_is_not_sent_again(self, made, receiver):
        tell("A")
        delivery = WebhookDelivery.objects.get()
        with pytest.raises(Conflict):
            services.replay_delivery(
                actor=SYSTEM, endpoint_id=made.endpoint.pk, delivery_id=delivery.pk
            )

    def test_a_lost_worker_is_taken_over(self, made, receiver):
        tell("A")
        WebhookDelivery.objects.update(
            status="working", attempts=1, leased_until=now() + timedelta(minutes=1)
        )
        assert send(made)[0].status == "working"
        WebhookDelivery.objects.update(leased_until=now() - timedelta(seconds=1))
        assert send(made)[0].status == "done"

    def test_a_test_overtakes_what_waits(self, made, receiver):
        services.send_test(actor=SYSTEM, endpoint_id=made.endpoint.pk)
        send(made)
        assert json.loads(receiver.seen[0].body)["type"] == "test.ping"

    def test_old_deliveries_are_removed(self, made, receiver):
        tell("A")
        send(made)
        WebhookDelivery.objects.update(finished_at=now() - timedelta(days=31))
        tell("B")
        assert purge_sent() >= 1
        assert [one.key for one in WebhookDelivery.objects.all()] == ["B"]


def assert_signed(seen, *secrets):
    """One v1 for each secret, over `t.body`, made just now."""
    parts = [one.split("=", 1) for one in seen.headers["x-invoicepatch-signature"].split(",")]
    timestamp = dict(parts)["t"]
    assert abs(int(timestamp) - now().timestamp()) < 60
    expected = [
        hmac.new(secret.encode(), f"{timestamp}.".encode() + seen.body, sha256).hexdigest()
        for secret in secrets
    ]
    assert [value for name, value in parts if name == "v1"] == expected


@pytest.mark.django_db
class TestSecrets:
    def test_it_is_stored_encrypted(self, made):
        from django.db import connection as database

        with database.cursor() as cursor:
            cursor.execute("SELECT secret FROM connections_webhookendpoint")
            (stored,) = cursor.fetchone()
        assert made.secret.encode() not in bytes(stored)
        assert len(made.secret) >= 40

    def test_both_secrets_sign_for_the_overlap(self, made, receiver):
        rotated = services.rotate_secret(actor=SYSTEM, endpoint_id=made.endpoint.pk)
        assert rotated.secret != made.secret
        tell("A")
        send(made)
        assert_signed(receiver.seen[0], rotated.secret, made.secret)
        WebhookEndpoint.objects.update(former_until=now() - timedelta(seconds=1))
        tell("B")
        send(made)
        assert_signed(receiver.seen[1], rotated.secret)

    def test_without_overlap_the_former_is_gone_at_once(self, made, receiver):
        rotated = services.rotate_secret(
            actor=SYSTEM, endpoint_id=made.endpoint.pk, overlap_hours=0
        )
        tell("A")
        send(made)
        assert_signed(receiver.seen[0], rotated.secret)

    @pytest.mark.parametrize("hours", [-1, 169])
    def test_an_overlap_has_limits(self, made, hours):
        with pytest.raises(Invalid):
            services.rotate_secret(actor=SYSTEM, endpoint_id=made.endpoint.pk, overlap_hours=hours)


@pytest.mark.django_db
class TestRegistering:
    @pytest.mark.parametrize(
        "url", ["http://hooks.example.com/", "https://10.0.0.1/", "https://localhost/", "x"]
    )
    def test_addresses_inside_are_refused(self, in_acme, settings, url):
        settings.OUTGOING_NETWORKS = []
        with pytest.raises(Invalid) as caught:
            services.create_endpoint(actor=SYSTEM, url=url)
        assert [one.field for one in caught.value.errors] == ["url"]

    def test_unknown_events_are_named(self, in_acme):
        with pytest.raises(Invalid) as caught:
            services.create_endpoint(
                actor=SYSTEM,
                url="https://hooks.example.com/",
                topics=["invoice.issued", "secrets.read", "Invoice"],
            )
        assert [one.field for one in caught.value.errors] == ["topics[1]", "topics[2]"]

    def test_a_billing_manager_replays_but_does_not_register(self, made, actor_in):
        manager, viewer = actor_in("billing_manager"), actor_in("viewer")
        with pytest.raises(Forbidden):
            services.create_endpoint(actor=manager, url="https://hooks.example.com/")
        with pytest.raises(Forbidden):
            services.replay_failed(actor=viewer, endpoint_id=made.endpoint.pk)
        assert services.replay_failed(actor=manager, endpoint_id=made.endpoint.pk) == 0

    def test_another_organisation_has_none_of_it(self, made, globex):
        with organisation_context(globex):
            tell("A")
            assert not WebhookDelivery.objects.exists()
            with pytest.raises(NotFound):
                services.rotate_secret(actor=SYSTEM, endpoint_id=made.endpoint.pk)
        assert not WebhookDelivery.objects.exists()


def test_pauses_double_up_to_six_hours_and_differ():
    for attempts, longest in ((1, 10), (2, 20), (5, 160), (13, 6 * 3600), (500, 6 * 3600)):
        pauses = {pause_after(attempts).total_seconds() for _ in range(20)}
        assert all(longest / 2 <= pause <= longest for pause in pauses)
        assert len(pauses) > 1
    assert pause_after(1, timedelta(hours=1)) == timedelta(hours=1)


SENDERS, KEYS, EVENTS = 4, 5, 12


def test_many_senders_keep_the_order_of_each_key(throwaway_organisation, settings, monkeypatch):
    """Real threads with connections of their own; the receiver fails now and then."""
    monkeypatch.setattr(ordered, "pause_after", lambda *_: timedelta(0))
    failures = iter(range(10_000))

    def sometimes(_seen):
        return Reply(500 if next(failures) % 7 == 3 else 200)

    with outside_server(sometimes) as receiver:
        with organisation_context(throwaway_organisation):
            made = services.create_endpoint(actor=SYSTEM, url=receiver.url(scheme="http"))
            for number in range(EVENTS):
                with transaction.atomic():
                    publish_many(
                        topic=TOPIC,
                        events=[(f"K{key}", {"number": number}) for key in range(KEYS)],
                    )
            relay_waiting()
        start = Barrier(SENDERS)

        def work():
            try:
                with organisation_context(throwaway_organisation):
                    start.wait(20)
                    for _turn in range(40):
                        deliver_due(endpoint_id=made.endpoint.pk)
            finally:
                connections.close_all()

        threads = [Thread(target=work) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        with organisation_context(throwaway_organisation):
            assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {"done"}
    received: dict[str, list[int]] = {}
    for seen in receiver.seen:
        content = json.loads(seen.body)
        numbers = received.setdefault(content["key"], [])
        if not numbers or numbers[-1] != content["data"]["number"]:  # a failed one comes again
            numbers.append(content["data"]["number"])
    assert received == {f"K{key}": list(range(EVENTS)) for key in range(KEYS)}
