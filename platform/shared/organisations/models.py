"""Client organisations, their addresses and the work that makes, moves and removes them."""

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

SUBDOMAIN_PATTERN = r"^[a-z][a-z0-9-]{1,38}[a-z0-9]\Z"


class Organisation(TenantMixin):  # type: ignore[misc]
    """One client: its own schema, role and data key.

    The schema's name is the subdomain at sign-up and never changes again; the subdomain may.
    `spare` rows are ready-made schemas that sign-up renames, so that it takes milliseconds.
    """

    class State(models.TextChoices):
        """Where the organisation is in its life."""

        SPARE = "spare", _("ready to be claimed")
        PROVISIONING = "provisioning", _("being set up")
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        DELETING = "deleting", _("to be deleted")

    auto_create_schema = False
    auto_drop_schema = False

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200)
    subdomain = models.CharField(  # noqa: DJ001 - unique, and spare ones have none yet
        _("subdomain"),
        max_length=40,
        unique=True,
        null=True,
        validators=[RegexValidator(SUBDOMAIN_PATTERN)],
    )
    database_role = models.CharField(max_length=63, editable=False)
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.PROVISIONING
    )
    state_reason = models.CharField(_("reason"), max_length=500, blank=True)
    language = models.CharField(
        _("language"), max_length=5, choices=settings.LANGUAGES, default="en"
    )
    time_zone = models.CharField(_("time zone"), max_length=50, default="America/Toronto")
    owner_email = models.EmailField(_("owner’s e-mail"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    # Set while the state is `deleting`: erased for good after this instant.
    delete_after = models.DateTimeField(_("deleted for good after"), null=True, blank=True)

    class Meta:
        ordering = ("created_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(state="spare") | Q(subdomain__isnull=False),
                name="organisation_has_subdomain",
            ),
        )
        indexes = (models.Index(fields=["state"], name="organisation_state"),)

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        """The host name the organisation answers at, without port."""
        return f"{self.subdomain}.{settings.BASE_DOMAIN}"

    @property
    def url(self) -> str:
        """The address of its home page, without a trailing slash."""
        port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
        return f"{settings.PUBLIC_SCHEME}://{self.host}{port}"


class Domain(DomainMixin):  # type: ignore[misc]
    """A host name of an organisation; an old one redirects until `redirects_until`."""

    redirects_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.domain)


class OutsideAccount(models.Model):
    """An account at an outside system whose messages reach the platform's own host.

    By its number the organisation is found that gave access to it; no two may have the same.
    """

    system = models.CharField(_("system"), max_length=20)
    number = models.CharField(_("number"), max_length=100)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="outside_accounts"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["system", "number"], name="one_outside_account"),
        )

    def __str__(self) -> str:
        return f"{self.system} {self.number}"


class ProvisioningJob(models.Model):
    """Progress of one organisation's set-up; a retry resumes at the first step not done.

    A job whose organisation is gone failed and was undone; `error` says why.
    """

    class Status(models.TextChoices):
        """Where the job stands; `undoing` removes what a failed one had made."""

        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        UNDOING = "undoing", _("being undone")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    organisation = models.OneToOneField(
        Organisation, null=True, on_delete=models.SET_NULL, related_name="provisioning_job"
    )
    organisation_name = models.CharField(_("organisation"), max_length=200)
    subdomain = models.CharField(_("subdomain"), max_length=40)
    owner_name = models.CharField(max_length=150)
    owner_email = models.EmailField()
    # A hash, as made by Django; blanked once the owner exists or the job has failed.
    owner_password = models.CharField(max_length=255, blank=True)
    owner_verified = models.BooleanField(default=False)
    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.WAITING
    )
    steps_done: "models.JSONField[Any, Any]" = models.JSONField(_("steps done"), default=list)
    error = models.TextField(_("error"), blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    # Whoever holds the lease works on the job; a killed worker's lease runs out.
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = (
            models.Index(
                fields=["leased_until"],
                name="provisioning_unfinished",
                condition=Q(status__in=["waiting", "running", "undoing"]),
            ),
        )

    def __str__(self) -> str:
        return f"{self.subdomain} {self.status}"


class MigrationState(models.Model):
    """How far one schema's migrations are; `version` digests those it was brought to."""

    class Status(models.TextChoices):
        """What the last attempt came to."""

        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    schema_name = models.CharField(_("schema"), max_length=63, primary_key=True)
    status = models.CharField(_("status"), max_length=7, choices=Status.choices)
    version = models.CharField(_("version"), max_length=16, blank=True)
    error = models.TextField(_("error"), blank=True)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        ordering = ("schema_name",)

    def __str__(self) -> str:
        return f"{self.schema_name} {self.status}"
