"""Documents on a customer's server, tried on a real SFTP server."""

import asyncio
from contextlib import contextmanager
from threading import Thread

import asyncssh
import pytest
from support.billing import make_contract, make_site
from support.browsers import signed_in

from billing.periods import month_period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Forbidden, Invalid
from tenants.delivery.models import Recipient, SftpEndpoint
from tenants.delivery.services import EndpointInput, request_deliveries, set_sftp_endpoint
from tenants.delivery.work import deliver
from tenants.invoices.services import generate_invoice

FINGERPRINT = "SHA256:" + "A" * 43


class _Server(asyncssh.SSHServer):
    def password_auth_supported(self):
        return True

    def validate_password(self, username, password):
        return (username, password) == ("acme", "right")


@contextmanager
def sftp_server(root):
    """A server of files below `root`: its port and the fingerprint of its key."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    key = asyncssh.generate_private_key("ssh-ed25519")

    def run(step):
        return asyncio.run_coroutine_threadsafe(step, loop).result(timeout=20)

    async def stop(server):
        server.close()
        await server.wait_closed()

    async def start():
        return await asyncssh.create_server(
            _Server,
            "127.0.0.1",
            0,
            server_host_keys=[key],
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(root)),
        )

    listening = run(start())
    try:
        yield listening.get_port(), key.get_fingerprint()
    finally:
        run(stop(listening))
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=20)
        loop.close()


@pytest.fixture
def server(tmp_path, settings):
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]
    (tmp_path / "in").mkdir()
    with sftp_server(tmp_path) as (port, fingerprint):
        yield {"host": "127.0.0.1", "port": port, "fingerprint": fingerprint, "folder": "in"}


@pytest.fixture
def invoice(in_acme):
    site = make_site()
    made = generate_invoice(
        actor=SYSTEM,
        site_id=site.site_id,
        contract_id=make_contract(site).contract_id,
        period=month_period(2026, 1),
        render=False,
    ).invoice
    Recipient.objects.create(customer=made.customer, name="Drop", channel="sftp", kinds=["invoice"])
    return made


def send(invoice, server, **changes):
    given = {**server, "username": "acme", "password": "right", **changes}
    SftpEndpoint.objects.update_or_create(customer=invoice.customer, defaults=given)
    (delivery,) = request_deliveries(actor=SYSTEM, invoice_ids=[invoice.invoice_id])
    return deliver(delivery_id=delivery.pk)


def test_an_invoice_is_put_there_as_pdf_and_xml(invoice, server, tmp_path):
    delivery = send(invoice, server, file_name="{customer}-{code}")
    assert (delivery.status, delivery.error) == ("delivered", "")
    name = f"{invoice.customer.customer_id}-{invoice.number}"
    found = {path.name: path.read_bytes() for path in (tmp_path / "in").iterdir()}
    assert set(found) == {f"{name}.pdf", f"{name}.xml"}
    assert found[f"{name}.pdf"].startswith(b"%PDF")
    assert b"CrossIndustryInvoice" in found[f"{name}.xml"]
    invoice.refresh_from_db()
    assert invoice.delivery_status == "delivered"


def test_a_file_that_is_there_stays_as_it_is(invoice, server, tmp_path):
    there = tmp_path / "in" / f"{invoice.number}.pdf"
    there.write_bytes(b"taken over")
    (tmp_path / "in" / f"{invoice.number}.xml.part").write_bytes(b"left by a killed worker" * 9999)
    assert send(invoice, server).status == "delivered"
    assert there.read_bytes() == b"taken over"
    written = (tmp_path / "in" / f"{invoice.number}.xml").read_bytes()
    assert written.endswith(b">") or written.rstrip().endswith(b">")
    assert b"killed" not in written


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"fingerprint": FINGERPRINT}, "host_key_changed"),
        ({"password": "wrong"}, "sign_in_refused"),
        ({"folder": "elsewhere"}, "folder_refused"),
    ],
)
def test_what_a_person_has_to_mend(invoice, server, tmp_path, changes, why):
    delivery = send(invoice, server, **changes)
    assert (delivery.status, delivery.error) == ("failed", why)
    assert list((tmp_path / "in").iterdir()) == []


def test_a_server_that_does_not_answer_is_tried_again(invoice, server):
    delivery = send(invoice, server, port=1)
    assert (delivery.status, delivery.attempts) == ("pending", 1)
    assert delivery.next_attempt_at is not None


def test_an_address_inside_is_not_connected_to(invoice, server, settings):
    settings.OUTGOING_NETWORKS = []
    delivery = send(invoice, server)
    assert (delivery.status, delivery.error) == ("failed", "address_refused")


def test_a_customer_without_a_server(invoice):
    (delivery,) = request_deliveries(actor=SYSTEM, invoice_ids=[invoice.invoice_id])
    assert deliver(delivery_id=delivery.pk).error == "no_endpoint"


GIVEN = {
    "host": "sftp.customer.example",
    "username": "acme",
    "fingerprint": FINGERPRINT,
    "password": "right",
}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"host": "localhost"}, "host"),
        ({"host": "10.0.0.1"}, "host"),
        ({"port": 25}, "port"),
        ({"username": ""}, "username"),
        ({"fingerprint": "MD5:00"}, "fingerprint"),
        ({"folder": "../etc"}, "folder"),
        ({"file_name": "same"}, "file_name"),
        ({"file_name": "a/{code}"}, "file_name"),
        ({"password": ""}, "password"),
        ({"private_key": "no key"}, "private_key"),
    ],
)
def test_a_wrong_endpoint_names_its_field(invoice, changes, field):
    with pytest.raises(Invalid) as refused:
        set_sftp_endpoint(
            actor=SYSTEM,
            customer_id=invoice.customer.customer_id,
            given=EndpointInput(**{**GIVEN, **changes}),
        )
    assert [one.field for one in refused.value.errors] == [field]
    assert SftpEndpoint.objects.count() == 0


def test_the_password_stays_with_its_server(invoice, actor_in):
    def change(actor=SYSTEM, **changes):
        given = EndpointInput(**{**GIVEN, **changes})
        customer_id = invoice.customer.customer_id
        return set_sftp_endpoint(actor=actor, customer_id=customer_id, given=given)

    change()
    assert change(password="", folder="in").password == "right"
    with pytest.raises(Invalid):
        change(password="", host="sftp.thief.example")
    with pytest.raises(Forbidden):
        change(actor=actor_in("viewer"))
    assert SftpEndpoint.objects.get().host == GIVEN["host"]


def test_it_is_set_up_and_removed_on_its_page(invoice, acme, client_for):
    billing = signed_in(client_for, acme, "billing_manager")
    path = f"/customers/{invoice.customer.customer_id}/delivery"
    form = {**GIVEN, "port": 22, "file_name": "{code}"}
    refused = billing.post(f"{path}/file-drop", {**form, "fingerprint": "x"})
    assert refused.status_code == 422
    assert "ssh-keygen" in refused.content.decode()
    assert billing.post(f"{path}/file-drop", form).status_code == 302
    page = billing.get(path).content.decode()
    assert "acme@sftp.customer.example" in page
    assert "right" not in billing.get(f"{path}/file-drop").content.decode().split("<main")[1]
    billing.post(f"{path}/file-drop", {"remove": "1"})
    assert SftpEndpoint.objects.count() == 0


def test_an_administrator_sets_up_mail_services(in_acme, acme, client_for):
    admin = signed_in(client_for, acme, "tenant_admin")
    shown = admin.post("/settings/delivery", {"provider": "generic"}).content.decode()
    assert "whsec_" in shown
    later = admin.get("/settings/delivery").content.decode()
    assert "whsec_" not in later
    assert "/api/v1/delivery/webhooks/generic" in later
    wrong = admin.post("/settings/delivery", {"provider": "sendgrid", "key": "x"})
    assert wrong.status_code == 422
    assert (
        admin.post("/settings/delivery", {"provider": "generic", "remove": "1"}).status_code == 302
    )
    assert signed_in(client_for, acme, "viewer").get("/settings/delivery").status_code == 403
