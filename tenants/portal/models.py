"""Links by which customers sign in to the portal: one e-mail, one use."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from shared.kernel.models import Row
from shared.keyring.fields import EncryptedTextField
from shared.keyring.managers import EncryptedManager
from tenants.sites.models import Customer


class PortalLink(Row):
    """A link that was sent to somebody of a customer, and the session it was changed into."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="portal_links")
    name = models.CharField(_("name"), max_length=255, blank=True)
    email = EncryptedTextField(_("e-mail"), label="portal.link.email")
    language = models.CharField(max_length=5, choices=settings.LANGUAGES, default="en")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(
        null=True, blank=True, help_text="Of its session, once the link was used."
    )

    objects = EncryptedManager()

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=["expires_at"], name="portal_link_by_expiry"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(used_at__isnull=True, ends_at__isnull=True)
                | models.Q(used_at__isnull=False, ends_at__isnull=False),
                name="used_portal_link_has_end",
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)
