"""Suspending, moving and ending an organisation."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.accounts.permissions import PLATFORM
from shared.audit.models import Entry
from shared.kernel.actor import ANONYMOUS, SYSTEM, Actor
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from shared.kernel.tenancy import organisation_context, shared_context
from shared.keyring.models import DataKey
from shared.organisations import mails, provisioning
from shared.organisations.models import Domain, Organisation, ProvisioningJob
from shared.organisations.selectors import find_site, forget_hosts, is_subdomain_free
from shared.organisations.services import jobs, life

STAFF = Actor(kind="staff", id="1", label="Sam Staff", permissions=PLATFORM)


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    forget_hosts("acme.localhost", "globex.localhost", "north.localhost")


def _acts(organisation: Organisation) -> list[str]:
    with shared_context():
        entries = Entry.objects.filter(object_id=str(organisation.id)).order_by("sequence")
        return list(entries.values_list("action", flat=True))


@pytest.mark.django_db
def test_staff_suspend_for_a_reason_and_reactivate(acme: Organisation) -> None:
    life.suspend_organisation(actor=STAFF, organisation_id=acme.id, reason=" Unpaid ")
    acme.refresh_from_db()
    assert (acme.state, acme.state_reason) == ("suspended", "Unpaid")
    with pytest.raises(Conflict):
        life.suspend_organisation(actor=STAFF, organisation_id=acme.id, reason="again")
    life.reactivate_organisation(actor=STAFF, organisation_id=acme.id)
    acme.refresh_from_db()
    assert (acme.state, acme.state_reason) == ("active", "")
    assert _acts(acme) == ["organisation.suspended", "organisation.reactivated"]


@pytest.mark.django_db
def test_a_suspension_needs_a_reason(acme: Organisation) -> None:
    for reason in ("", "  ", "x" * 501):
        with pytest.raises(Invalid):
            life.suspend_organisation(actor=STAFF, organisation_id=acme.id, reason=reason)
    acme.refresh_from_db()
    assert acme.state == "active"
    assert _acts(acme) == []


@pytest.mark.django_db
def test_nobody_else_may(acme: Organisation, globex: Organisation, actor_in: Any) -> None:
    owner, viewer = actor_in("owner"), actor_in("viewer")
    for actor, error in ((ANONYMOUS, Unauthenticated), (owner, Forbidden)):
        with pytest.raises(error):
            life.suspend_organisation(actor=actor, organisation_id=acme.id, reason="x")
        with pytest.raises(error):
            life.reactivate_organisation(actor=actor, organisation_id=acme.id)
        with pytest.raises(error):
            life.undo_deletion(actor=actor, organisation_id=acme.id)
        with pytest.raises(error):
            life.request_deletion(actor=actor, organisation_id=acme.id)
    reader = replace(STAFF, permissions=frozenset({"organisations.read"}))
    with pytest.raises(Forbidden):
        life.request_deletion(actor=reader, organisation_id=acme.id)
    with organisation_context(acme):
        with pytest.raises(Forbidden):
            life.request_deletion(actor=viewer, organisation_id=acme.id)
        with pytest.raises(NotFound):
            life.request_deletion(actor=owner, organisation_id=globex.id)
        with pytest.raises(NotFound):
            life.rename_subdomain(actor=owner, organisation_id=globex.id, subdomain="mine")
    assert (_acts(acme), _acts(globex)) == ([], [])


@pytest.mark.django_db
def test_a_renamed_organisation_keeps_its_schema_and_redirects(
    acme: Organisation, actor_in: Any
) -> None:
    with organisation_context(acme):
        life.rename_subdomain(
            actor=actor_in("owner"), organisation_id=acme.id, subdomain="Acme-Electric"
        )
    acme.refresh_from_db()
    assert (acme.subdomain, acme.schema_name) == ("acme-electric", "acme")
    old, new = (Domain.objects.get(domain=f"{name}.localhost") for name in ("acme", acme.subdomain))
    assert (old.is_primary, new.is_primary, new.redirects_until) == (False, True, None)
    assert timedelta(days=29) < old.redirects_until - now() <= timedelta(days=30)
    assert not is_subdomain_free("acme")
    assert not is_subdomain_free("acme-electric")
    # Back again within the 30 days: the former address is still its own.
    life.rename_subdomain(actor=STAFF, organisation_id=acme.id, subdomain="acme")
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.is_primary, old.redirects_until) == (True, None)
    assert new.redirects_until is not None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("subdomain", "code"), [("globex", "taken"), ("admin", "reserved"), ("a", "length")]
)
def test_a_new_address_follows_the_rules_of_sign_up(
    acme: Organisation, globex: Organisation, subdomain: str, code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        life.rename_subdomain(actor=STAFF, organisation_id=acme.id, subdomain=subdomain)
    assert caught.value.errors[0].code == code
    acme.refresh_from_db()
    assert acme.subdomain == "acme"


@pytest.mark.django_db
def test_an_expired_redirect_frees_the_address(acme: Organisation) -> None:
    Domain.objects.create(
        tenant=acme, domain="north.localhost", is_primary=False, redirects_until=now()
    )
    assert not is_subdomain_free("north")
    assert life.remove_expired_redirects() == 1
    assert is_subdomain_free("north")


@pytest.mark.django_db
def test_an_owners_deletion_closes_now_and_can_be_undone(
    acme: Organisation,
    actor_in: Any,
    mailoutbox: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True), organisation_context(acme):
        life.request_deletion(actor=actor_in("owner"), organisation_id=acme.id)
    acme.refresh_from_db()
    assert acme.state == "deleting"
    assert acme.delete_after is not None
    assert timedelta(days=29) < acme.delete_after - now() <= timedelta(days=30)
    assert [mail.to for mail in mailoutbox] == [[acme.owner_email]]
    token = mailoutbox[0].body.split("/undo-deletion/")[1].split()[0]
    assert mails.read_undo_token(token) == acme.id
    life.undo_deletion(actor=SYSTEM, organisation_id=acme.id)
    acme.refresh_from_db()
    assert (acme.state, acme.delete_after) == ("active", None)
    with pytest.raises(Conflict):
        life.undo_deletion(actor=SYSTEM, organisation_id=acme.id)


@pytest.mark.django_db
def test_undoing_a_deletion_does_not_end_a_suspension(acme: Organisation) -> None:
    life.suspend_organisation(actor=STAFF, organisation_id=acme.id, reason="Unpaid")
    life.request_deletion(actor=STAFF, organisation_id=acme.id)
    life.undo_deletion(actor=STAFF, organisation_id=acme.id)
    acme.refresh_from_db()
    assert (acme.state, acme.state_reason) == ("suspended", "Unpaid")


@pytest.mark.usefixtures("as_owner", "queued")
def test_after_the_grace_keys_schema_role_and_rows_are_gone(
    new_details: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.organisations import tasks

    monkeypatch.setattr(tasks.send_deletion_notice, "apply_async", lambda **_options: None)
    organisation = jobs.set_up_now(actor=SYSTEM, details=new_details())
    host, name = organisation.host, organisation.schema_name
    life.request_deletion(actor=STAFF, organisation_id=organisation.id)
    assert life.erase_due_organisations() == 0
    Organisation.objects.filter(pk=organisation.pk).update(delete_after=now())
    assert life.erase_due_organisations() == 1
    assert not provisioning.schema_exists(name)
    assert not Organisation.objects.filter(schema_name=name).exists()
    assert not ProvisioningJob.objects.filter(subdomain=name).exists()
    keys = DataKey.objects.filter(organisation_id=organisation.id)
    assert keys.count() == 3
    assert all(key.wrapped_key == b"" for key in keys)
    assert find_site(host) is None
    assert is_subdomain_free(name)
    assert _acts(organisation)[-1] == "organisation.erased"
    assert life.erase_due_organisations() == 0


@pytest.mark.django_db
def test_what_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFound):
        life.suspend_organisation(actor=STAFF, organisation_id=uuid4(), reason="x")
