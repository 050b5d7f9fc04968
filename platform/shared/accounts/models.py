"""People and API credentials of one organisation (in its schema).

In the public schema the same tables hold platform staff and the platform's own API clients.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

from django.apps import apps
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from shared.accounts.networks import address_is_allowed
from shared.accounts.roles import Role
from shared.accounts.tokens import hash_secret
from shared.kernel import clock
from shared.kernel.errors import Conflict
from shared.keyring.fields import EncryptedTextField

HASH_LENGTH = 64  # SHA-256 in hexadecimal
ACCESS_TOKEN_SECONDS = 3600
OLD_TOKENS_KEPT = timedelta(days=1)
LAST_USED_EVERY = timedelta(minutes=1)


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user with a verified address and a hashed password.

        Without a password, the user must set it by e-mail. Services use
        `services.people.add_person`, which checks the actor and writes the audit log.
        """
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        self.insert(user, email_verified=True)
        return user

    def insert(self, user: "User", *, email_verified: bool) -> None:
        """Save a new user with the address they sign in with. Raises Conflict where it is taken."""
        address = apps.get_model("account", "EmailAddress")
        try:
            with transaction.atomic():
                user.save(force_insert=True)
                address.objects.create(
                    user=user, email=user.email, primary=True, verified=email_verified
                )
        except IntegrityError as error:
            raise Conflict(_("Somebody here already has this e-mail address.")) from error

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A member of platform staff with every right at `/staff`."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. In the public schema: platform staff."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    email = models.EmailField(_("e-mail"), max_length=254)
    name = models.CharField(_("name"), max_length=150, blank=True)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.VIEWER)
    language = models.CharField(
        _("language"), max_length=5, choices=settings.LANGUAGES, default="en"
    )
    time_zone = models.CharField(_("time zone"), max_length=50, default="America/Toronto")
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(auto_now_add=True)
    revision = models.PositiveIntegerField(default=1, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ("email",)
        constraints = (
            models.UniqueConstraint(Lower("email"), name="user_email_unique"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_role_known"),
        )

    def __str__(self) -> str:
        return self.name or self.email

    def save_changes(self, *fields: str) -> None:
        """Save the named fields as the next revision. The row must be locked before."""
        self.revision += 1
        self.save(update_fields=[*fields, "revision"])


class Invitation(models.Model):
    """An offer to join by e-mail with a role; only the hash of its link is stored.

    The token in the link is derived from the row's id and `sent_count` with the service's
    secret, so that sending again makes every earlier link useless.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    email = models.EmailField(_("e-mail"), max_length=254)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    token_hash = models.CharField(max_length=HASH_LENGTH, unique=True, editable=False)
    sent_count = models.PositiveSmallIntegerField(default=1, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    invited_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="invitations_sent"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    accepted_at = models.DateTimeField(null=True, editable=False)
    accepted_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="invitations_accepted"
    )
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("-created_at", "id")
        constraints = (
            models.UniqueConstraint(
                Lower("email"),
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_open_email_unique",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known"),
        )

    def __str__(self) -> str:
        return self.email

    @property
    def is_open(self) -> bool:
        """Whether it may still be accepted or sent again."""
        return self.accepted_at is None and self.revoked_at is None

    @property
    def is_expired(self) -> bool:
        """Whether its link no longer works; sending it again renews it."""
        return self.expires_at <= clock.now()


class MfaSecretManager(models.Manager["MfaSecret"]):
    """Keeps what allauth asks us to encrypt, and forgets it with allauth's row."""

    def keep(self, text: str) -> str:
        """Store a secret in a row of its own; returns the reference that stands for it."""
        return str(self.create(text=text).pk)

    def reveal(self, reference: str) -> str:
        """The secret behind a reference."""
        return str(self.get(pk=UUID(reference)).text)

    def forget(self, references: Iterable[str]) -> None:
        """Delete the secrets behind these references."""
        self.filter(pk__in=[UUID(one) for one in references]).delete()


class MfaSecret(models.Model):
    """A TOTP secret or the seed of recovery codes; allauth's row only holds this row's id.

    So it is bound to its row and takes part in key rotation like every encrypted column.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    text = EncryptedTextField(label="accounts.mfa_secret.text")

    objects: ClassVar[MfaSecretManager] = MfaSecretManager()

    def __str__(self) -> str:
        return str(self.pk)


class Credential(models.Model):
    """What an outside program signs in with: scopes, networks, an end. Abstract."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
    scopes: models.Field[list[str], list[str]] = ArrayField(models.CharField(max_length=60))
    allowed_networks: models.Field[list[str], list[str]] = ArrayField(
        models.CharField(max_length=43), default=list, blank=True
    )
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        ordering = ("-created_at", "id")

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and not _is_past(self.expires_at)

    def accepts(self, ip: str | None) -> bool:
        """Live, and `ip` lies in an allowed network (or none is named)."""
        return self.is_live and address_is_allowed(ip, self.allowed_networks)

    def note_use(self) -> None:
        """Remember that it was used, at most once a minute."""
        now = clock.now()
        stale = now - LAST_USED_EVERY
        if self.last_used_at and self.last_used_at > stale:
            return
        unused = Q(last_used_at=None) | Q(last_used_at__lte=stale)
        type(self)._default_manager.filter(unused, pk=self.pk).update(last_used_at=now)


class ApiClient(Credential):
    """An OAuth 2.0 confidential client; its secret is shown once and stored hashed."""

    client_id = models.CharField(max_length=40, unique=True, editable=False)
    secret_hash = models.CharField(max_length=HASH_LENGTH, editable=False)


class AccessTokenManager(models.Manager["AccessToken"]):
    """Stores what the authorization server made."""

    def issue(self, *, client: ApiClient, token: str, scopes: Iterable[str]) -> "AccessToken":
        """A token of a client that has proved its secret; ends after ACCESS_TOKEN_SECONDS.

        The client's tokens that ended over a day ago are removed here, so that the table stays
        as small as what is in use.
        """
        now = clock.now()
        self.filter(client=client, expires_at__lt=now - OLD_TOKENS_KEPT).delete()
        return self.create(
            client=client,
            token_hash=hash_secret(token),
            scopes=sorted(scopes),
            issued_at=now,
            expires_at=now + timedelta(seconds=ACCESS_TOKEN_SECONDS),
        )

    def find(self, token: str) -> "AccessToken | None":
        """The token of this text, with its client, in one indexed query."""
        return self.select_related("client").filter(token_hash=hash_secret(token)).first()


class AccessToken(models.Model):
    """A short-lived bearer token of a client; opaque, stored hashed."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="tokens")
    token_hash = models.CharField(max_length=HASH_LENGTH, unique=True, editable=False)
    scopes: models.Field[list[str], list[str]] = ArrayField(models.CharField(max_length=60))
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True)

    objects: ClassVar[AccessTokenManager] = AccessTokenManager()

    def __str__(self) -> str:
        return f"{self.client_id} until {self.expires_at:%Y-%m-%d %H:%M}"

    @property
    def is_live(self) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and not _is_past(self.expires_at)

    def revoke(self) -> None:
        """End it; doing it twice changes nothing."""
        if self.revoked_at is None:
            self.revoked_at = clock.now()
            self.save(update_fields=["revoked_at"])


class ApiKey(Credential):
    """A long-lived key `ip_…`; shown once, stored hashed, known by its first letters."""

    key_hash = models.CharField(max_length=HASH_LENGTH, unique=True, editable=False)
    prefix = models.CharField(max_length=12, editable=False)


def _is_past(instant: datetime | None) -> bool:
    return instant is not None and instant <= clock.now()
