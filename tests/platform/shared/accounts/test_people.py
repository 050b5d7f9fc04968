"""Roles, invitations, the last owner."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from support.browsers import PASSWORD, path_in_mail

from shared.accounts import selectors
from shared.accounts.models import Invitation, User
from shared.accounts.permissions import MATRIX, PERMISSIONS
from shared.accounts.roles import Role
from shared.accounts.services import invitations, people
from shared.audit.models import Entry
from shared.kernel.actor import ANONYMOUS, Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import (
    Conflict,
    Forbidden,
    NotFound,
    PreconditionFailed,
    Unauthenticated,
)
from shared.kernel.tenancy import organisation_context


def test_last_owner_stays(acme: Any, owner: User, owner_actor: Actor, person: Any) -> None:
    other = person(acme, Role.OWNER, email="second@example.com")
    with organisation_context(acme):
        second = Actor(**{**vars(owner_actor), "id": str(other.pk), "user_id": other.pk})
        people.change_role(actor=second, user_id=owner.pk, role=Role.VIEWER)
        with pytest.raises(Conflict):
            people.change_role(actor=second, user_id=other.pk, role=Role.TENANT_ADMIN)
        with pytest.raises(Conflict):
            people.deactivate_person(actor=owner_actor, user_id=other.pk)
        assert User.objects.get(pk=other.pk).role == Role.OWNER


def test_deactivated_owner_does_not_count(
    acme: Any, owner: User, owner_actor: Actor, person: Any
) -> None:
    other = person(acme, Role.OWNER, email="second@example.com")
    with organisation_context(acme):
        people.deactivate_person(actor=owner_actor, user_id=other.pk)
        with pytest.raises(Conflict):
            people.change_role(actor=owner_actor, user_id=owner.pk, role=Role.VIEWER)


def test_nobody_deactivates_themselves(acme: Any, owner: User, owner_actor: Actor) -> None:
    with organisation_context(acme), pytest.raises(Conflict):
        people.deactivate_person(actor=owner_actor, user_id=owner.pk)


def test_administrators_have_no_power_over_owners(
    acme: Any, owner: User, person: Any, actor_in: Any
) -> None:
    admin = actor_in(Role.TENANT_ADMIN)
    viewer = person(acme, Role.VIEWER)
    with organisation_context(acme):
        for act in (
            lambda: people.change_role(actor=admin, user_id=owner.pk, role=Role.VIEWER),
            lambda: people.deactivate_person(actor=admin, user_id=owner.pk),
            lambda: people.change_role(actor=admin, user_id=viewer.pk, role=Role.OWNER),
            lambda: invitations.invite_person(actor=admin, email="x@example.com", role="owner"),
        ):
            with pytest.raises(Forbidden):
                act()
        people.change_role(actor=admin, user_id=viewer.pk, role=Role.TENANT_ADMIN)


@pytest.mark.parametrize("role", [role for role in Role if "people.write" not in MATRIX[role]])
def test_others_change_nobody(acme: Any, owner: User, actor_in: Any, role: Role) -> None:
    actor = actor_in(role)
    with organisation_context(acme):
        for act in (
            lambda: people.change_role(actor=actor, user_id=owner.pk, role=Role.VIEWER),
            lambda: people.change_person(actor=actor, user_id=owner.pk, is_active=False),
            lambda: people.deactivate_person(actor=actor, user_id=owner.pk),
            lambda: people.reactivate_person(actor=actor, user_id=owner.pk),
            lambda: invitations.invite_person(actor=actor, email="x@example.com", role="viewer"),
            lambda: invitations.resend_invitation(actor=actor, invitation_id=uuid4()),
            lambda: invitations.revoke_invitation(actor=actor, invitation_id=uuid4()),
            lambda: selectors.open_invitations(actor),
            lambda: selectors.api_keys(actor),
            lambda: selectors.api_clients(actor),
        ):
            with pytest.raises(Forbidden):
                act()
        assert User.objects.get(pk=owner.pk).role == Role.OWNER


def test_narrow_roles_see_only_themselves(acme: Any, owner: User, person: Any) -> None:
    from shared.accounts.actors import actor_of_user

    contractor = person(acme, Role.CONTRACTOR)
    with organisation_context(acme):
        actor = actor_of_user(contractor)
        assert list(selectors.people(actor)) == [contractor]
        assert selectors.person(actor, contractor.pk) == contractor
        with pytest.raises(NotFound):
            selectors.person(actor, owner.pk)
        with pytest.raises(Unauthenticated):
            selectors.people(ANONYMOUS)


def test_stale_revision_changes_nothing(acme: Any, owner_actor: Actor, person: Any) -> None:
    viewer = person(acme, Role.VIEWER)
    with organisation_context(acme):
        people.change_person(actor=owner_actor, user_id=viewer.pk, role=Role.APPROVER, revision=1)
        with pytest.raises(PreconditionFailed):
            people.change_person(actor=owner_actor, user_id=viewer.pk, is_active=False, revision=1)
        assert User.objects.get(pk=viewer.pk).is_active


def test_deactivation_ends_sessions_and_reactivation_needs_a_new_sign_in(
    acme: Any,
    owner_actor: Actor,
    person: Any,
    client_for: Any,
    sign_in: Callable[..., Any],
) -> None:
    viewer = person(acme, Role.VIEWER)
    browser = client_for(acme)
    sign_in(browser, viewer.email)
    with organisation_context(acme):
        people.deactivate_person(actor=owner_actor, user_id=viewer.pk)
        people.reactivate_person(actor=owner_actor, user_id=viewer.pk)
    assert browser.get("/settings/security").status_code == 302
    sign_in(browser, viewer.email)
    assert browser.get("/settings/security").status_code == 200


def test_role_counts_from_the_next_request(
    acme: Any,
    owner_actor: Actor,
    person: Any,
    client_for: Any,
    sign_in: Callable[..., Any],
) -> None:
    viewer = person(acme, Role.VIEWER)
    browser = client_for(acme)
    sign_in(browser, viewer.email)
    assert browser.get("/settings/people").status_code == 403
    with organisation_context(acme):
        people.change_role(actor=owner_actor, user_id=viewer.pk, role=Role.TENANT_ADMIN)
    assert browser.get("/settings/people").status_code == 200


def test_changes_are_in_the_audit_log(
    acme: Any, globex: Any, owner_actor: Actor, person: Any
) -> None:
    viewer = person(acme, Role.VIEWER)
    with organisation_context(globex):
        before = Entry.objects.count()
    with organisation_context(acme):
        people.change_role(actor=owner_actor, user_id=viewer.pk, role=Role.APPROVER)
        entry = Entry.objects.get(action="person.role_changed")
    assert entry.actor_id == owner_actor.id
    assert entry.object_id == str(viewer.pk)
    assert '"role":"viewer"' in entry.payload
    assert '"role":"approver"' in entry.payload
    with organisation_context(globex):
        assert Entry.objects.count() == before


def test_matrix_page_says_what_authorize_does(
    acme: Any, owner: User, client_for: Any, sign_in: Callable[..., Any], actor_in: Any
) -> None:
    browser = client_for(acme)
    sign_in(browser, owner.email)
    page = browser.get("/settings/roles").content.decode()
    roles = re.findall(r'data-role="(\w+)"', page)
    shown = {}
    for name, row in re.findall(r'<tr data-permission="([\w.]+)">(.*?)</tr>', page, re.DOTALL):
        words = re.findall(r'visually-hidden">(yes|no)<', row)
        shown.update({(role, name): word == "yes" for role, word in zip(roles, words, strict=True)})
    assert {name for _role, name in shown} == set(PERMISSIONS)
    assert {role for role, _name in shown} == set(Role.values)
    for (role, name), says in shown.items():
        assert says == is_allowed(actor_in(role), name), (role, name)


def is_allowed(actor: Actor, permission: str) -> bool:
    try:
        authorize(actor, permission)
    except Forbidden:
        return False
    return True


def test_profile_is_ones_own(
    acme: Any, person: Any, client_for: Any, sign_in: Callable[..., Any]
) -> None:
    contractor = person(acme, Role.CONTRACTOR)
    browser = client_for(acme)
    sign_in(browser, contractor.email)
    form = {"name": "Claude C.", "language": "fr-ca", "time_zone": "America/Halifax"}
    assert browser.post("/settings/profile", {**form, "time_zone": "Mars"}).status_code == 200
    assert browser.post("/settings/profile", form).status_code == 302
    with organisation_context(acme):
        user = User.objects.get(pk=contractor.pk)
        assert (user.name, user.language, user.time_zone) == tuple(form.values())
        assert user.role == Role.CONTRACTOR


def test_people_pages_work_together(
    acme: Any, owner: User, client_for: Any, sign_in: Callable[..., Any]
) -> None:
    browser = client_for(acme)
    sign_in(browser, owner.email)
    invited = {"email": "nora@example.com", "role": "viewer"}
    assert browser.post("/settings/people/invite", invited)["Location"] == "/settings/people"
    again = browser.post("/settings/people/invite", invited).content.decode()
    assert "already invited" in again
    with organisation_context(acme):
        invitation = Invitation.objects.get()
    assert "nora@example.com" in browser.get("/settings/people").content.decode()
    base = f"/settings/people/invitations/{invitation.pk}"
    assert browser.post(f"{base}/resend").status_code == 302
    assert browser.post(f"{base}/revoke").status_code == 302
    assert browser.post(f"{base}/revoke").status_code == 409
    own = f"/settings/people/{owner.pk}"
    answer = browser.post(own, {"role": "viewer"}).content.decode()
    assert "keeps at least one owner" in answer
    assert browser.post(f"{own}/deactivate").status_code == 409


def test_people_page_searches_filters_and_turns_pages(
    acme: Any, owner: User, person: Any, client_for: Any, sign_in: Callable[..., Any]
) -> None:
    for number in range(55):
        person(acme, Role.VIEWER, email=f"viewer{number:02}@example.com", name=f"V {number}")
    browser = client_for(acme)
    sign_in(browser, owner.email)

    def emails(query: str) -> list[str]:
        page = browser.get(f"/settings/people{query}")
        return [one.email for one in page.context["people"]]

    first = browser.get("/settings/people")
    assert len(first.context["people"]) == 50
    rest = emails(f"?cursor={first.context['next']}")
    assert rest == [f"viewer{number:02}@example.com" for number in range(49, 55)]
    assert emails("?q=viewer07") == ["viewer07@example.com"]
    assert emails("?role=owner") == ["owner@example.com"]
    assert emails("?role=owner&q=viewer") == []
    assert len(emails("?role=king&cursor=made-up")) == 50


def test_address_changes_once_the_new_one_is_confirmed(
    acme: Any, owner: User, client_for: Any, sign_in: Callable[..., Any]
) -> None:
    browser = client_for(acme)
    sign_in(browser, owner.email)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    browser.post("/accounts/email/", {"action_add": "1", "email": "new@example.com"})
    with organisation_context(acme):
        assert User.objects.get(pk=owner.pk).email == "owner@example.com"
    assert mail.outbox[-1].to == ["new@example.com"]
    path = path_in_mail(acme)
    browser.post(path)
    with organisation_context(acme):
        assert User.objects.get(pk=owner.pk).email == "new@example.com"
        assert Entry.objects.filter(action="person.email_changed").count() == 1


def test_address_of_somebody_else_cannot_be_taken(
    acme: Any, owner: User, person: Any, client_for: Any, sign_in: Callable[..., Any]
) -> None:
    person(acme, Role.VIEWER)
    browser = client_for(acme)
    sign_in(browser, owner.email)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    browser.post("/accounts/email/", {"action_add": "1", "email": "viewer@example.com"})
    path = path_in_mail(acme)
    assert "Another account here already uses" in browser.get(path).content.decode()
    browser.post(path)
    with organisation_context(acme):
        assert User.objects.get(pk=owner.pk).email == "owner@example.com"
        assert User.objects.filter(email="viewer@example.com").count() == 1
