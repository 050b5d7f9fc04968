"""Rendered documents: which contents, in which language, where the file lies."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.models import Row

INVOICE = "invoice"


class Document(Row):
    """One rendering of an object's contents. Other contents make another document.

    The row is the truth about the work: a worker takes it by a lease, and whoever finds the
    lease expired takes it over. The file is encrypted and named by the row's id.
    """

    class Status(models.TextChoices):
        """Where the rendering stands."""

        WAITING = "waiting", _("Waiting")
        RENDERING = "rendering", _("Being rendered")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    kind = models.CharField(max_length=20, default=INVOICE)
    object_id = models.UUIDField()
    object_code = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=5, blank=True)
    template_version = models.CharField(max_length=12, blank=True)
    # The version of the tenant's own template; kept in tenants.templates, which knows documents.
    own_version_id = models.UUIDField(null=True, blank=True)
    fell_back = models.BooleanField(default=False)  # that version was broken: made with the default
    contents_digest = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size_bytes = models.PositiveIntegerField(default=0)
    pages = models.PositiveIntegerField(default=0)
    rendered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["kind", "object_id"],
                condition=Q(status__in=("waiting", "rendering")),
                name="one_document_in_work",
            ),
            models.UniqueConstraint(
                fields=["kind", "object_id", "contents_digest"],
                condition=Q(status="ready"),
                name="one_document_a_content",
            ),
            models.CheckConstraint(
                condition=~Q(status="ready") | (Q(pages__gt=0) & ~Q(file_name="")),
                name="ready_document_has_file",
            ),
        )
        indexes = (
            models.Index(
                fields=["created_at"],
                condition=Q(status__in=("waiting", "rendering")),
                name="document_in_work",
            ),
        )

    def __str__(self) -> str:
        return f"{self.object_code or self.object_id} {self.status}"
