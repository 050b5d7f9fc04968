"""Invitations: who joins by them, how long they work, whom they are refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from support.browsers import PASSWORD, path_in_mail

from shared.accounts.models import Invitation, User
from shared.accounts.roles import Role
from shared.accounts.services import invitations
from shared.audit.models import Entry
from shared.kernel import clock
from shared.kernel.actor import Actor
from shared.kernel.errors import (
    Conflict,
    Gone,
    Invalid,
    NotFound,
)
from shared.kernel.tenancy import organisation_context

JOINING = {"name": "Nora New", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def invite(acme: Any, owner_actor: Actor, django_capture_on_commit_callbacks: Any) -> Any:
    """Invites somebody to acme and returns the path in the mail."""

    def send(email: str = "nora@example.com", role: str = Role.VIEWER) -> str:
        with (
            organisation_context(acme),
            django_capture_on_commit_callbacks(execute=True),
        ):
            invitations.invite_person(actor=owner_actor, email=email, role=role)
        return path_in_mail(acme)

    return send


def test_invited_person_joins_with_the_role(acme: Any, invite: Any, client_for: Any) -> None:
    path = invite("Nora@Example.com", Role.BILLING_MANAGER)
    message = mail.outbox[-1]
    assert message.to == ["nora@example.com"]
    assert message.subject == "Join Acme Electric on InvoicePatch"
    assert "The owner" in message.body
    browser = client_for(acme)
    assert "Billing manager" in browser.get(path).content.decode()
    browser.post(path, JOINING)
    assert browser.get("/settings/security").status_code == 200
    with organisation_context(acme):
        user = User.objects.get(email="nora@example.com")
        assert (user.name, user.role) == ("Nora New", Role.BILLING_MANAGER)
        assert user.check_password(PASSWORD)
        entry = Entry.objects.get(action="invitation.accepted")
        assert (entry.actor_id, entry.ip) == (str(user.pk), "127.0.0.1")


def test_invitation_works_once(acme: Any, invite: Any, client_for: Any) -> None:
    path = invite()
    client_for(acme).post(path, JOINING)
    assert client_for(acme).get(path).status_code == 410
    answer = client_for(acme).post(path, {**JOINING, "name": "A thief"})
    assert answer.status_code == 410
    with organisation_context(acme):
        assert User.objects.get(email="nora@example.com").name == "Nora New"


def test_invitation_expires(acme: Any, invite: Any, client_for: Any) -> None:
    path = invite()
    with organisation_context(acme):
        Invitation.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert client_for(acme).post(path, JOINING).status_code == 410
    with organisation_context(acme):
        assert not User.objects.filter(email="nora@example.com").exists()


def test_invitation_of_acme_is_unknown_at_globex(
    acme: Any, globex: Any, invite: Any, client_for: Any
) -> None:
    path = invite()
    assert client_for(globex).post(path, JOINING).status_code == 404
    with organisation_context(globex):
        assert not User.objects.filter(email="nora@example.com").exists()


def test_sending_again_ends_the_earlier_link(
    acme: Any,
    owner_actor: Actor,
    invite: Any,
    client_for: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    first = invite()
    with organisation_context(acme):
        invitation = Invitation.objects.get()
        with django_capture_on_commit_callbacks(execute=True):
            invitations.resend_invitation(actor=owner_actor, invitation_id=invitation.pk)
    second = path_in_mail(acme)
    assert first != second
    assert client_for(acme).get(first).status_code == 404
    assert client_for(acme).get(second).status_code == 200


def test_withdrawn_invitation_is_gone(
    acme: Any, owner_actor: Actor, invite: Any, client_for: Any
) -> None:
    path = invite()
    with organisation_context(acme):
        invitation = Invitation.objects.get()
        invitations.revoke_invitation(actor=owner_actor, invitation_id=invitation.pk)
    assert client_for(acme).get(path).status_code == 410
    with organisation_context(acme), pytest.raises(Conflict):
        invitations.resend_invitation(actor=owner_actor, invitation_id=invitation.pk)


def test_token_is_stored_as_a_hash(acme: Any, invite: Any) -> None:
    token = invite().rsplit("/", 1)[-1]
    with organisation_context(acme):
        invitation = Invitation.objects.get()
        assert invitation.token_hash != token
        assert token not in str(Invitation.objects.values().get())
        assert invitations.find_invitation(token) == invitation
        with pytest.raises(NotFound):
            invitations.find_invitation(invitation.token_hash)


def test_mail_of_a_withdrawn_invitation_is_not_sent(
    acme: Any, owner_actor: Actor, django_capture_on_commit_callbacks: Any
) -> None:
    with (
        organisation_context(acme),
        django_capture_on_commit_callbacks(execute=True),
    ):
        made = invitations.invite_person(actor=owner_actor, email="n@example.com", role="viewer")
        invitations.revoke_invitation(actor=owner_actor, invitation_id=made.pk)
    assert mail.outbox == []


def test_known_addresses_are_not_invited_twice(acme: Any, owner_actor: Actor, invite: Any) -> None:
    invite()
    with organisation_context(acme):
        for email in ("nora@example.com", "OWNER@example.com"):
            with pytest.raises(Conflict):
                invitations.invite_person(actor=owner_actor, email=email, role="viewer")
        assert Invitation.objects.count() == 1


def test_bad_invitations_name_their_fields(acme: Any, owner_actor: Actor) -> None:
    with organisation_context(acme), pytest.raises(Invalid) as caught:
        invitations.invite_person(actor=owner_actor, email="nobody", role="king")
    assert [(one.field, one.code) for one in caught.value.errors] == [
        ("email", "invalid_email"),
        ("role", "unknown_role"),
    ]


def test_weak_password_is_refused_on_joining(acme: Any, invite: Any, client_for: Any) -> None:
    path = invite()
    for wrong in (
        {**JOINING, "password1": "short", "password2": "short"},
        {**JOINING, "password2": "something else entirely"},
        {**JOINING, "name": ""},
    ):
        assert client_for(acme).post(path, wrong).status_code == 200
    with organisation_context(acme):
        assert not User.objects.filter(email="nora@example.com").exists()


def test_member_with_the_invited_address_signs_in_and_takes_the_role(
    acme: Any, invite: Any, person: Any, client_for: Any, sign_in: Callable[..., Any]
) -> None:
    path = invite("late@example.com", Role.APPROVER)
    person(acme, Role.VIEWER, email="late@example.com")
    browser = client_for(acme)
    assert "Sign in with it to accept" in browser.get(path).content.decode()
    assert browser.post(path, JOINING).status_code == 200
    sign_in(browser, "late@example.com")
    browser.post(path)
    with organisation_context(acme):
        assert User.objects.get(email="late@example.com").role == Role.APPROVER
        assert Invitation.objects.get().accepted_at is not None


def test_expired_invitation_service_errors(acme: Any, owner_actor: Actor) -> None:
    with organisation_context(acme):
        made = invitations.invite_person(actor=owner_actor, email="n@example.com", role="viewer")
        from shared.accounts.tokens import invitation_token

        token = invitation_token(made.pk, made.sent_count)
        Invitation.objects.update(expires_at=clock.now())
        with pytest.raises(Gone):
            invitations.find_invitation(token)
