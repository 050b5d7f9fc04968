"""Who am I, people, API keys, and the OAuth 2.0 endpoints."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from shared.accounts import oauth, selectors
from shared.accounts.models import ApiKey, Invitation, User
from shared.accounts.schemas import (
    ApiKeyIn,
    ApiKeyOut,
    IntrospectionOut,
    InvitationIn,
    InvitationOut,
    MeOut,
    NewApiKeyOut,
    OAuthErrorOut,
    PeopleFilters,
    PersonChange,
    PersonOut,
    TokenOut,
)
from shared.accounts.services import credentials, invitations, people
from shared.kernel.api import (
    ApiRequest,
    Page,
    Paging,
    Slice,
    expected_revision,
    paginate,
    require_fresh,
    set_etag,
)

me_router = Router(tags=["People and access"])
router = Router(tags=["People and access"])
oauth_router = Router(tags=["OAuth 2.0"])


@me_router.get("/me", response=MeOut)
def show_me(request: ApiRequest) -> dict[str, Any]:
    """Who the credentials belong to and what they may do."""
    actor = request.actor
    me: dict[str, Any] = {
        "kind": actor.kind,
        "id": actor.id,
        "label": actor.label,
        "role": actor.role,
        "permissions": sorted(actor.permissions),
    }
    if isinstance(request.user, User) and request.user.pk == actor.user_id:
        user = request.user
        me.update(email=user.email, language=user.language, time_zone=user.time_zone)
    return me


@router.get("/people", response=Page[PersonOut])
def list_people(
    request: ApiRequest, filters: Query[PeopleFilters], paging: Query[Paging]
) -> Slice[User]:
    """Everybody for who may see people, else only oneself."""
    rows = selectors.people(request.actor).filter(**filters.model_dump(exclude_none=True))
    return paginate(rows, paging, orderings=("email", "name", "date_joined"), default="email")


@router.post("/people", response={201: InvitationOut})
def invite_person(request: ApiRequest, body: InvitationIn) -> Status[Invitation]:
    """Invite somebody by e-mail; they appear among people once they accept."""
    made = invitations.invite_person(actor=request.actor, email=body.email, role=body.role)
    return Status(201, made)


@router.get("/people/invitations", response=Page[InvitationOut])
def list_invitations(request: ApiRequest, paging: Query[Paging]) -> Slice[Invitation]:
    """Offers that wait for an answer."""
    rows = selectors.open_invitations(request.actor)
    return paginate(rows, paging, orderings=("created_at", "email"), default="-created_at")


@router.post("/people/invitations/{uuid:invitation_id}/resend", response=InvitationOut)
def resend_invitation(request: ApiRequest, invitation_id: UUID) -> Invitation:
    """Send a fresh link; every earlier one stops working."""
    return invitations.resend_invitation(actor=request.actor, invitation_id=invitation_id)


@router.delete("/people/invitations/{uuid:invitation_id}", response={204: None})
def revoke_invitation(request: ApiRequest, invitation_id: UUID) -> Status[None]:
    """Withdraw an offer."""
    invitations.revoke_invitation(actor=request.actor, invitation_id=invitation_id)
    return Status(204, None)


@router.get("/people/{uuid:user_id}", response=PersonOut)
def get_person(request: ApiRequest, response: HttpResponse, user_id: UUID) -> User:
    """One person."""
    user = selectors.person(request.actor, user_id)
    require_fresh(request, response, user)
    return user


@router.patch("/people/{uuid:user_id}", response=PersonOut)
def change_person(
    request: ApiRequest, response: HttpResponse, user_id: UUID, body: PersonChange
) -> User:
    """Change role or activity; the last owner stays."""
    people.change_person(
        actor=request.actor,
        user_id=user_id,
        revision=expected_revision(request),
        **body.model_dump(exclude_unset=True),
    )
    user = selectors.person(request.actor, user_id)
    set_etag(response, user)
    return user


@router.get("/api-keys", response=Page[ApiKeyOut])
def list_api_keys(request: ApiRequest, paging: Query[Paging]) -> Slice[ApiKey]:
    """API keys, revoked ones included."""
    rows = selectors.api_keys(request.actor)
    return paginate(rows, paging, orderings=("created_at", "name"), default="-created_at")


@router.post("/api-keys", response={201: NewApiKeyOut})
def create_api_key(request: ApiRequest, body: ApiKeyIn) -> Status[dict[str, Any]]:
    """Make a key; `key` is in this answer and nowhere else."""
    grant = credentials.Grant(**body.model_dump())
    made = credentials.create_api_key(actor=request.actor, grant=grant)
    shown = ApiKeyOut.model_validate(made.key).model_dump()
    return Status(201, {**shown, "key": made.secret})


@router.get("/api-keys/{uuid:key_id}", response=ApiKeyOut)
def get_api_key(request: ApiRequest, key_id: UUID) -> ApiKey:
    """One key."""
    return selectors.api_key(request.actor, key_id)


@router.delete("/api-keys/{uuid:key_id}", response={204: None})
def revoke_api_key(request: ApiRequest, key_id: UUID) -> Status[None]:
    """End a key at once."""
    credentials.revoke_api_key(actor=request.actor, key_id=key_id)
    return Status(204, None)


def _form(**fields: tuple[str, bool]) -> dict[str, Any]:
    """The OpenAPI body of an OAuth request: a form, which RFC 6749 asks for."""
    schema = {
        "type": "object",
        "properties": {
            name: {"type": "string", "description": text} for name, (text, _must) in fields.items()
        },
        "required": [name for name, (_text, must) in fields.items() if must],
    }
    content = {"application/x-www-form-urlencoded": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


_CLIENT = {
    "client_id": ("Where the Authorization header does not carry it.", False),
    "client_secret": ("Where the Authorization header does not carry it.", False),
}
_TOKEN = {"token": ("The access token.", True), "token_type_hint": ("access_token", False)}
_REFUSED = {400: OAuthErrorOut, 401: OAuthErrorOut}


@oauth_router.post(
    "/token",
    auth=None,
    response={200: TokenOut, **_REFUSED},
    openapi_extra=_form(
        grant_type=("client_credentials", True), scope=("Fewer scopes than held.", False), **_CLIENT
    ),
)
def issue_token(request: HttpRequest) -> HttpResponse:
    """An access token for a client's id and secret (RFC 6749, 4.4)."""
    return oauth.answer_token(request)


@oauth_router.post(
    "/revoke",
    auth=None,
    response={200: dict[str, str], **_REFUSED},
    openapi_extra=_form(**_TOKEN, **_CLIENT),
)
def revoke_token(request: HttpRequest) -> HttpResponse:
    """End one's own token; unknown ones answer 200 too (RFC 7009)."""
    return oauth.answer_revocation(request)


@oauth_router.post(
    "/introspect",
    auth=None,
    response={200: IntrospectionOut, **_REFUSED},
    openapi_extra=_form(**_TOKEN, **_CLIENT),
)
def introspect_token(request: HttpRequest) -> HttpResponse:
    """What one's own token is good for (RFC 7662)."""
    return oauth.answer_introspection(request)
