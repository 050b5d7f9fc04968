"""Addresses of accounts: everywhere, and only in a tenant."""

from allauth.urls import urlpatterns as allauth_patterns
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from shared.accounts.views import api_access, own_account, people

to_security = RedirectView.as_view(pattern_name="security")

# Our own page takes the place of allauth's overviews of factors and sessions.
own_patterns: list[URLPattern | URLResolver] = [
    path("accounts/2fa/", to_security, name="mfa_index"),
    path("accounts/sessions/", to_security, name="usersessions_list"),
    path("accounts/", include(allauth_patterns)),
    path("settings/profile", own_account.edit_profile, name="my_account"),
    path("settings/security", own_account.show_security, name="security"),
    path(
        "settings/security/sessions/<int:session_id>/end",
        own_account.end_session,
        name="end_session",
    ),
    path(
        "settings/security/sessions/end-others",
        own_account.end_other_sessions,
        name="end_other_sessions",
    ),
    path("language", own_account.set_language, name="set_language"),
]

tenant_patterns: list[URLPattern | URLResolver] = [
    *own_patterns,
    path("invitations/<str:token>", own_account.accept_invitation, name="accept_invitation"),
    path("settings/people", people.list_people, name="people"),
    path("settings/people/invite", people.invite_person, name="invite_person"),
    path(
        "settings/people/invitations/<uuid:invitation_id>/resend",
        people.resend_invitation,
        name="resend_invitation",
    ),
    path(
        "settings/people/invitations/<uuid:invitation_id>/revoke",
        people.revoke_invitation,
        name="revoke_invitation",
    ),
    path("settings/people/<uuid:user_id>", people.edit_person, name="edit_person"),
    path(
        "settings/people/<uuid:user_id>/deactivate",
        people.deactivate_person,
        name="deactivate_person",
    ),
    path(
        "settings/people/<uuid:user_id>/reactivate",
        people.reactivate_person,
        name="reactivate_person",
    ),
    path("settings/roles", people.show_roles, name="roles"),
    path("settings/api", api_access.list_credentials, name="api_access"),
    path("settings/api/clients/new", api_access.create_client, name="create_api_client"),
    path("settings/api/keys/new", api_access.create_key, name="create_api_key"),
    path(
        "settings/api/clients/<uuid:client_pk>/revoke",
        api_access.revoke_client,
        name="revoke_api_client",
    ),
    path("settings/api/keys/<uuid:key_id>/revoke", api_access.revoke_key, name="revoke_api_key"),
]
