"""Bodies and answers of the accounts API."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.accounts.roles import Role
from shared.kernel.api import Filters, Schema

RoleName = Literal[tuple(Role.values)]  # type: ignore[valid-type]
Scope = Annotated[str, Field(max_length=60, pattern=r"^[a-z_-]+:(read|write)$")]


class MeOut(Schema):
    """Who the credentials belong to and what they may do."""

    kind: str
    id: str
    label: str
    role: str | None
    permissions: list[str]
    email: str | None = None
    language: str | None = None
    time_zone: str | None = None


class PersonOut(Schema):
    """A member of the organisation."""

    id: UUID
    email: str
    name: str
    role: str
    language: str
    time_zone: str
    is_active: bool
    has_second_factor: bool
    last_login: datetime | None


class PersonChange(Schema):
    """What to change; what is absent stays."""

    role: RoleName | None = None  # type: ignore[valid-type]
    is_active: bool | None = None


class PeopleFilters(Filters):
    """Which people."""

    role: RoleName | None = None  # type: ignore[valid-type]
    is_active: bool | None = None


class InvitationIn(Schema):
    """Whom to invite, and as what."""

    email: Annotated[str, Field(min_length=3, max_length=254)]
    role: RoleName  # type: ignore[valid-type]


class InvitationOut(Schema):
    """An offer that waits for an answer."""

    id: UUID
    email: str
    role: str
    created_at: datetime
    expires_at: datetime
    is_expired: bool


class ApiKeyIn(Schema):
    """What a new key may do, from where and until when."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=100)]
    allowed_networks: Annotated[
        list[Annotated[str, Field(max_length=43)]], Field(max_length=50)
    ] = []
    expires_at: datetime | None = None


class ApiKeyOut(Schema):
    """An API key; the key itself is never shown again."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    allowed_networks: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime


class NewApiKeyOut(ApiKeyOut):
    """A new API key with its text, shown this once."""

    key: str


class TokenOut(Schema):
    """RFC 6749, 5.1."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


class OAuthErrorOut(Schema):
    """RFC 6749, 5.2."""

    error: str
    error_description: str | None = None


class IntrospectionOut(Schema):
    """RFC 7662, 2.2; only `active` where the token is not."""

    active: bool
    client_id: str | None = None
    token_type: str | None = None
    scope: str | None = None
    sub: str | None = None
    iss: str | None = None
    exp: int | None = None
    iat: int | None = None
