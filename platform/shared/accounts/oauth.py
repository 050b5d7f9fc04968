"""The OAuth 2.0 authorization server: client credentials, revocation, introspection.

Source: RFC 6749 (4.4), RFC 7009, RFC 7662; `api.md`, Auth. The rows know nothing of Authlib;
the two adapters below give it the questions it asks.
"""

from base64 import b64decode
from functools import cache
from typing import Any, cast
from urllib.parse import unquote

from authlib.integrations.django_oauth2 import AuthorizationServer
from authlib.integrations.django_oauth2.requests import DjangoOAuth2Payload, DjangoOAuth2Request
from authlib.oauth2.rfc6749 import ClientMixin, OAuth2Request, TokenMixin
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from django.http import HttpRequest, HttpResponse

from shared.accounts import tokens
from shared.accounts.models import ACCESS_TOKEN_SECONDS, AccessToken, ApiClient
from shared.accounts.networks import client_address
from shared.accounts.sites import site_url

CLIENT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]
GRANT_TYPE = "client_credentials"


class OAuthClient(ClientMixin):  # type: ignore[misc]
    """An API client as Authlib sees it, after it has proved its secret."""

    def __init__(self, row: ApiClient) -> None:
        self.row = row

    def get_client_id(self) -> str:
        """The public identifier."""
        return self.row.client_id

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Secrets come in the Authorization header or in the body."""
        return method in CLIENT_AUTH_METHODS

    def check_grant_type(self, grant_type: str) -> bool:
        """Only client credentials are offered."""
        return grant_type == GRANT_TYPE

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """What is asked for, or everything where nothing is; None where any part is too much."""
        held = set(self.row.scopes)
        asked = set((scope or "").split()) or held
        return " ".join(sorted(asked)) if asked <= held else None


class OAuthToken(TokenMixin):  # type: ignore[misc]
    """An access token as Authlib sees it."""

    def __init__(self, row: AccessToken) -> None:
        self.row = row

    def check_client(self, client: OAuthClient) -> bool:
        """Whether the token was issued to that client."""
        return self.row.client_id == client.row.pk

    def is_expired(self) -> bool:
        """Whether the token, or its client, no longer works for whatever reason."""
        return not (self.row.is_live and self.row.client.is_live)

    def is_revoked(self) -> bool:
        """Whether it was ended before its time."""
        return self.row.revoked_at is not None


class OAuthRequest(DjangoOAuth2Request):  # type: ignore[misc]
    """Authlib refuses plain HTTP by the URL of the innermost hop, behind the proxy that ends
    TLS; production settings insist on TLS from outside instead."""

    def __init__(self, request: HttpRequest) -> None:
        OAuth2Request.__init__(
            self,
            method=request.method or "POST",
            uri=f"https://{request.get_host()}{request.path}",
            headers=request.headers,
        )
        self.payload = DjangoOAuth2Payload(request)
        self._request = request


class Server(AuthorizationServer):  # type: ignore[misc]
    """Clients and tokens of the present schema."""

    def __init__(self) -> None:
        super().__init__(ApiClient, AccessToken)
        self.register_client_auth_method("client_secret_basic", _client_by_header)
        self.register_client_auth_method("client_secret_post", _client_by_body)
        self.register_grant(ClientCredentials)
        self.register_endpoint(Revocation)
        self.register_endpoint(Introspection)

    def create_oauth2_request(self, request: HttpRequest) -> OAuthRequest:
        """The request as Authlib reads it."""
        return OAuthRequest(request)

    def create_bearer_token_generator(self) -> BearerTokenGenerator:
        """Opaque tokens that end after an hour, without refresh tokens (RFC 6749, 4.4.3)."""
        return BearerTokenGenerator(
            access_token_generator=_new_access_token, expires_generator=ACCESS_TOKEN_SECONDS
        )

    def save_token(self, token: dict[str, Any], request: Any) -> None:
        """Store the hash of a token that was just made."""
        client = request.client.row
        scopes = str(token.get("scope", "")).split()
        AccessToken.objects.issue(client=client, token=token["access_token"], scopes=scopes)
        client.note_use()

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens: what matters is written by the services."""


class ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]
    """RFC 6749, 4.4."""

    TOKEN_ENDPOINT_AUTH_METHODS = CLIENT_AUTH_METHODS


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """RFC 7009: a client ends its own token."""

    CLIENT_AUTH_METHODS = CLIENT_AUTH_METHODS

    def query_token(self, token_string: str, token_type_hint: str | None) -> OAuthToken | None:
        """The token, if it is one of ours."""
        return _find_token(token_string)

    def revoke_token(self, token: OAuthToken, request: Any) -> None:
        """End it now."""
        token.row.revoke()


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]
    """RFC 7662: a client asks about its own tokens; any other is just not active."""

    CLIENT_AUTH_METHODS = CLIENT_AUTH_METHODS

    def query_token(self, token_string: str, token_type_hint: str | None) -> OAuthToken | None:
        """The token, if it is one of ours."""
        return _find_token(token_string)

    def check_permission(self, token: OAuthToken, client: OAuthClient, request: Any) -> bool:
        """Clients learn nothing about each other's tokens."""
        return token.check_client(client)

    def introspect_token(self, token: OAuthToken) -> dict[str, Any]:
        """The members of RFC 7662, 2.2 that we know."""
        row = token.row
        return {
            "active": True,
            "client_id": row.client.client_id,
            "token_type": "Bearer",
            "scope": " ".join(row.scopes),
            "sub": row.client.client_id,
            "iss": site_url(""),
            "exp": int(row.expires_at.timestamp()),
            "iat": int(row.issued_at.timestamp()),
        }


@cache
def authorization_server() -> Server:
    """The one server of this process; it keeps nothing between requests."""
    return Server()


def answer_token(request: HttpRequest) -> HttpResponse:
    """RFC 6749, 3.2."""
    return cast(HttpResponse, authorization_server().create_token_response(request))


def answer_revocation(request: HttpRequest) -> HttpResponse:
    """RFC 7009, 2."""
    server = authorization_server()
    return cast(HttpResponse, server.create_endpoint_response(Revocation.ENDPOINT_NAME, request))


def answer_introspection(request: HttpRequest) -> HttpResponse:
    """RFC 7662, 2."""
    server = authorization_server()
    return cast(HttpResponse, server.create_endpoint_response(Introspection.ENDPOINT_NAME, request))


def _new_access_token(**_about: Any) -> str:
    return tokens.new_secret(tokens.ACCESS_TOKEN_PREFIX)


def _client_by_header(_query_client: Any, request: OAuthRequest) -> OAuthClient | None:
    scheme, _space, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = b64decode(encoded.strip(), validate=True).decode()
    except ValueError:  # neither base64 nor text
        return None
    client_id, _colon, secret = pair.partition(":")
    return _authenticated_client(request, unquote(client_id), unquote(secret))


def _client_by_body(_query_client: Any, request: OAuthRequest) -> OAuthClient | None:
    form = request.form
    return _authenticated_client(request, form.get("client_id", ""), form.get("client_secret", ""))


def _authenticated_client(request: OAuthRequest, client_id: str, secret: str) -> OAuthClient | None:
    """The live client with that secret in one of its networks.

    A client that does not exist is refused like a wrong secret, and takes as long.
    """
    row = None
    if client_id.isprintable():
        row = ApiClient.objects.filter(client_id=client_id).first()
    proved = tokens.matches(secret, row.secret_hash if row else tokens.hash_secret("-"))
    if row is None or not proved or not row.accepts(client_address(request._request)):
        return None
    return OAuthClient(row)


def _find_token(token: str) -> OAuthToken | None:
    row = AccessToken.objects.find(token)
    return OAuthToken(row) if row else None
