"""A tenant's own templates of documents and e-mails, all of whose versions are kept."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import WordingField
from shared.kernel.models import RevisedRow, Row
from shared.kernel.triggers import Protect
from tenants.contracts.models import ContractType

REVIEW_KIND = "template"


class Kind(models.TextChoices):
    """What a template makes. A correction without its own looks like an invoice."""

    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")
    ADJUSTMENT = "adjustment", _("Adjustment invoice")
    STATEMENT = "statement", _("Statement")
    REMINDER = "reminder", _("Reminder")
    INVOICE_EMAIL = "invoice_email", _("E-mail with an invoice")
    STATEMENT_EMAIL = "statement_email", _("E-mail with a statement")
    REMINDER_EMAIL = "reminder_email", _("E-mail with a reminder")


class Language(models.TextChoices):
    """The languages documents are written in."""

    ENGLISH = "en", _("English")
    FRENCH = "fr-ca", _("French")


class DocumentTemplate(RevisedRow):
    """The tenant's own template of a kind, for a contract type (or all) and a language.

    Exactly one of its versions is active: the column takes no other's version and is never
    empty. Where it is not in use, the default that comes with InvoicePatch is.
    """

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    contract_type = models.CharField(
        _("contract type"), max_length=30, choices=ContractType.choices, blank=True
    )
    language = models.CharField(_("language"), max_length=5, choices=Language.choices)
    active_version = models.ForeignKey(
        "TemplateVersion", on_delete=models.PROTECT, related_name="active_for"
    )
    is_in_use = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ("kind", "contract_type", "language")
        constraints = (
            models.UniqueConstraint(
                fields=["kind", "contract_type", "language"], name="one_template_a_use"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=Kind.values) & Q(language__in=Language.values),
                name="template_kind_and_language_known",
            ),
        )

    def __str__(self) -> str:
        """Its kind, contract type and language, in the reader's words."""
        parts = (self.get_kind_display(), self.contract_type and self.get_contract_type_display())
        return " · ".join(str(part) for part in (*parts, self.get_language_display()) if part)


class TemplateVersion(Row):
    """What a template said from some day on. Never changed: another text is another version."""

    template = models.ForeignKey(
        DocumentTemplate, on_delete=models.PROTECT, related_name="versions"
    )
    number = models.PositiveIntegerField(_("version"))
    html = models.TextField(_("HTML"))
    text = models.TextField(_("plain text"))
    subject = models.CharField(_("subject"), max_length=500, blank=True)
    css = models.TextField(_("CSS"), blank=True)
    note = WordingField(_("note"), max_length=200, blank=True)
    created_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=["template", "number"], name="one_version_a_number"),
            # What the active version of a template refers to: see the migration.
            models.UniqueConstraint(fields=["template", "id"], name="version_of_its_template"),
            models.CheckConstraint(condition=Q(number__gt=0), name="version_number_from_one"),
        )
        triggers = (
            Protect(name="template_versions_stay", operation=pgtrigger.Update | pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.template_id} {self.number}"
