from datetime import date, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction
from support.rotation import lapse_leases, states, versions

from shared.accounts.models import MfaSecret
from shared.audit.models import Entry
from shared.kernel.clock import now
from shared.kernel.tenancy import PLATFORM_ID, organisation_context, shared_context
from shared.keyring import envelope, stores
from shared.keyring.cache import forget_keys
from shared.keyring.models import DataKey, Purpose, RotationJob
from shared.keyring.services import rotation, shred_keys
from shared.keyring.services.rotation import (
    due_organisations,
    rotate_due_keys,
    rotate_keys,
    run_open_rotations,
    run_rotation,
    start_rotation,
)
from shared.keyring.storage import EncryptedStorage, file_version
from shared.keyring.tasks import queue_rotations
from shared.organisations.models import Organisation
from tenants.contracts.models import Contract
from tenants.invoices.models import Invoice
from tenants.sites.models import Customer, Site
from tenants.structure.models import LegalEntity, TaxRegistration

pytestmark = pytest.mark.usefixtures("at_once")


def test_every_value_moves_and_the_old_key_retires(acme, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH_ROWS", 3)
    with organisation_context(acme):
        entity = LegalEntity.objects.create(
            name="X", number_prefix="KEYTEST", payment_instructions="Pay to 123"
        )
        for n in range(7):
            TaxRegistration.objects.create(entity=entity, component=f"T{n}", number=f"number {n}")

    jobs = rotate_keys(organisation_id=acme.id)

    assert [(job.purpose, job.status) for job in jobs] == [("fields", "done"), ("files", "done")]
    assert states(acme.id) == {1: "retired", 2: "active"}
    assert versions(acme) == {2: 7}
    assert jobs[0].counts["structure.TaxRegistration"] == 7
    assert jobs[0].counts["structure.LegalEntity"] >= 1
    with organisation_context(acme):
        assert LegalEntity.objects.get(number_prefix="KEYTEST").payment_instructions == "Pay to 123"
        numbers = set(TaxRegistration.objects.values_list("component", flat=True))
        assert {f"number {component[1:]}" for component in numbers} == {
            row.number for row in TaxRegistration.objects.all()
        }
        entry = Entry.objects.filter(action="keys.rotated").latest("sequence")
        assert entry.object_label == "files"


def test_the_other_organisation_is_left_alone(acme, globex):
    rotate_keys(organisation_id=acme.id)

    assert states(globex.id) == {1: "active"}


def test_the_index_key_stays(acme):
    rotate_keys(organisation_id=acme.id)

    assert states(acme.id, "index") == {1: "active"}
    with pytest.raises(ValueError, match="not rotated"):
        start_rotation(organisation_id=acme.id, purpose=Purpose.INDEX)


def test_starting_twice_is_one_job(acme):
    first = start_rotation(organisation_id=acme.id, purpose=Purpose.FIELDS)
    second = start_rotation(organisation_id=acme.id, purpose=Purpose.FIELDS)

    assert first == second
    assert states(acme.id) == {1: "retiring", 2: "active"}


def test_rotating_again_goes_on_to_the_next_version(acme):
    for _ in range(2):
        rotate_keys(organisation_id=acme.id)

    assert states(acme.id) == {1: "retired", 2: "retired", 3: "active"}


def test_the_platform_rotates_its_own(db):
    with shared_context():
        secret = MfaSecret.objects.create(text="JBSWY3DP")

        rotate_keys(organisation_id=PLATFORM_ID)

        (stored,) = MfaSecret.objects.values_list("text", flat=True)
        latest = max(states(PLATFORM_ID))
        assert latest >= 2
        assert envelope.read_version(stored.raw) == latest
        assert MfaSecret.objects.get(pk=secret.pk).text == "JBSWY3DP"


def test_a_frozen_row_lets_rotation_pass_and_nobody_else(in_acme):
    entity = LegalEntity.objects.create(name="X", number_prefix="KEYTEST")
    customer = Customer.objects.create(name="Y", customer_id="CUS990001")
    site = Site.objects.create(
        name="S", customer=customer, site_id="SITE990001", billing_address={"country": "CA"}
    )
    contract = Contract.objects.create(
        contract_id="CON99000001", site=site, effective_date=date(2026, 1, 1)
    )
    invoice = Invoice.objects.create(
        invoice_id="INV990000001",
        contract=contract,
        site=site,
        customer=customer,
        entity=entity,
        contract_type="FIXED",
        number="KEYTEST-1",
        document_status="issued",
        period_start=date(2026, 1, 1),
        period_end=date(2026, 1, 31),
        invoice_date=date(2026, 2, 1),
        due_date=date(2026, 3, 1),
        currency="CAD",
        subtotal=0,
        tax_total=0,
        total=0,
        inputs={},
        parties={"buyer": "Y"},
    )
    frozen = Invoice.objects.get(id=invoice.id)
    frozen.parties = {"buyer": "Z"}
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        frozen.save()

    job = rotate_keys(organisation_id=in_acme.id)[0]

    assert job.status == "done"
    assert job.counts["invoices.Invoice"] == 1
    moved = Invoice.objects.get(id=invoice.id)
    assert moved.parties == {"buyer": "Y"}
    assert versions(in_acme, "invoices_invoice", "parties") == {2: 1}
    moved.payment_status = "paid"
    moved.save()  # the ciphertext of an untouched field stays, so the trigger sees no change


def test_files_move(in_acme, tmp_path, monkeypatch):
    monkeypatch.setattr(default_storage, "_wrapped", FileSystemStorage(location=tmp_path))
    monkeypatch.setattr(rotation, "BATCH_ROWS", 2)
    files = EncryptedStorage()
    names = [
        files.save(path, ContentFile(path.encode()))
        for path in ("a.pdf", "b/c.pdf", "b/d/e.pdf", "b.pdf", "z/1.pdf")
    ]

    rotate_keys(organisation_id=in_acme.id)

    assert states(in_acme.id, "files") == {1: "retired", 2: "active"}
    assert {file_version(name) for name in names} == {2}
    assert [files.open(name).read() for name in names] == [
        name.split("/", 1)[1].encode() for name in names
    ]


def test_a_damaged_file_keeps_the_old_key_and_is_counted(in_acme, tmp_path, monkeypatch):
    monkeypatch.setattr(default_storage, "_wrapped", FileSystemStorage(location=tmp_path))
    files = EncryptedStorage()
    name = files.save("a.pdf", ContentFile(b"good"))
    default_storage.save(f"{in_acme.id}/b.pdf", ContentFile(b"not ours"))

    job = rotate_keys(organisation_id=in_acme.id)[1]

    assert (job.status, file_version(name)) == ("failed", 2)
    assert job.error.endswith("files: 1")
    assert states(in_acme.id, "files") == {1: "retiring", 2: "active"}


def test_walking_files_goes_on_behind_any_name(tmp_path, monkeypatch):
    monkeypatch.setattr(default_storage, "_wrapped", FileSystemStorage(location=tmp_path))
    for path in ("a", "b/a", "b/c/d", "b/c/e", "b/f", "ba", "c/a"):
        default_storage.save(f"x/{path}", ContentFile(b""))

    everything = list(stores.walk_files("x", after=""))

    assert len(everything) == 7
    for position, name in enumerate(everything):
        assert list(stores.walk_files("x", after=name)) == everything[position + 1 :]
    assert list(stores.walk_files("missing", after="")) == []


def test_an_unreadable_value_keeps_the_old_key(in_acme):
    entity = LegalEntity.objects.create(name="X", number_prefix="KEYTEST")
    rows = [
        TaxRegistration.objects.create(entity=entity, component=f"T{n}", number=f"T{n} number")
        for n in range(3)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE structure_taxregistration SET number = set_byte(number, 20, 0) WHERE id = %s",
            [rows[1].id],
        )

    job = rotate_keys(organisation_id=in_acme.id)[0]

    assert (job.status, states(in_acme.id)) == ("failed", {1: "retiring", 2: "active"})
    assert "structure.TaxRegistration: 1" in job.error
    assert versions(in_acme) == {1: 1, 2: 2}
    assert TaxRegistration.objects.get(id=rows[2].id).number == "T2 number"


def test_a_key_is_due_after_ninety_days(acme, globex, settings):
    assert settings.KEY_ROTATION_DAYS == 90
    assert due_organisations() == []
    with shared_context():
        acme_keys = DataKey.objects.filter(organisation_id=acme.id)
        acme_keys.update(created_at=now() - timedelta(days=89))
        assert due_organisations() == []
        acme_keys.update(created_at=now() - timedelta(days=90))
        assert due_organisations() == [acme.id]
        Organisation.objects.filter(id=acme.id).update(state="deleting")
        assert due_organisations() == []
        Organisation.objects.filter(id=acme.id).update(state="active")

    queue_rotations()

    assert states(acme.id) == {1: "retired", 2: "active"}
    assert states(acme.id, "files") == {1: "retired", 2: "active"}
    assert states(globex.id) == {1: "active"}
    assert due_organisations() == []
    assert rotate_due_keys(organisation_id=acme.id) == []


def test_an_interrupted_job_is_due_again(acme):
    job = start_rotation(organisation_id=acme.id, purpose=Purpose.FIELDS)
    assert due_organisations() == [acme.id]
    with shared_context():
        RotationJob.objects.filter(id=job.id).update(leased_until=now() + timedelta(minutes=1))
    assert due_organisations() == []
    lapse_leases()
    assert due_organisations() == [acme.id]


def test_a_settling_job_waits_for_its_time(acme, settings):
    settings.KEY_CACHE_SECONDS = 300
    job = rotate_keys(organisation_id=acme.id)[0]

    assert job.status == "settling"
    assert due_organisations() == []
    with shared_context():
        RotationJob.objects.update(settles_at=now())
    assert due_organisations() == [acme.id]
    assert {job.status for job in run_open_rotations(organisation_id=acme.id)} == {"done"}


def test_shredded_keys_do_not_rotate(acme):
    job = start_rotation(organisation_id=acme.id, purpose=Purpose.FIELDS)
    shred_keys(acme.id)

    assert run_rotation(job_id=job.id).status == "failed"

    with pytest.raises(rotation.NoDataKey):
        start_rotation(organisation_id=acme.id, purpose=Purpose.FIELDS)
    assert due_organisations() == []


def test_commands_rotate_and_tell(acme, capsys, settings):
    call_command("rotate_keys")
    assert capsys.readouterr().out == "No key is due.\n"
    settings.KEY_CACHE_SECONDS = 1
    call_command("rotate_keys", organisation="acme")
    assert "fields version 2: settling until" in capsys.readouterr().out
    call_command("rotate_keys", organisation="acme", wait=True)
    assert "fields version 2: done" in capsys.readouterr().out
    call_command("rotate_keys", organisation="platform")
    capsys.readouterr()
    with pytest.raises(CommandError, match="nobody"):
        call_command("rotate_keys", organisation="nobody")


def test_commands_show_keys_and_nothing_secret(acme, capsys):
    start_rotation(organisation_id=acme.id, purpose=Purpose.FIELDS)
    with shared_context():
        wrapped = [bytes(key.wrapped_key).hex() for key in DataKey.objects.all()]

    call_command("keys_status")
    call_command("rewrap_master_key")

    printed = capsys.readouterr().out
    assert "acme                     fields        1 retiring" in printed
    assert "rotation acme fields 1 to 2: running, 0 values moved" in printed
    assert "0 data keys are now wrapped by 1." in printed
    assert not any(text in printed for text in wrapped)
    forget_keys()
