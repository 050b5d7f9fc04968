"""The journal: what every document did to the books, balanced and append-only.

Debits are positive, credits negative. A line holds its amount in the document's currency and in
the books' currency (the legal entity's). The database refuses a statement whose lines do not
add up to zero for each entry, in both currencies, and any later change.
"""

from typing import Any

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import MoneyField, WordingsField
from shared.kernel.models import Row
from shared.kernel.triggers import Protect
from tenants.ledger.triggers import (
    BOOKS_ARE_OPEN,
    ENTRIES_BALANCE,
    LINES_ARE_OF_OPEN_BOOKS,
)
from tenants.structure.models import LegalEntity


class Account(models.TextChoices):
    """The accounts that billing moves."""

    CASH = "cash", _("Cash")
    RECEIVABLE = "receivable", _("Accounts receivable")
    HOLDBACK_RECEIVABLE = "holdback_receivable", _("Holdback receivable")
    UNAPPLIED_CASH = "unapplied_cash", _("Unapplied cash")
    INTERCOMPANY = "intercompany", _("Owed between our companies")
    TAX_PAYABLE = "tax_payable", _("Sales tax payable")
    DEFERRED_REVENUE = "deferred_revenue", _("Deferred revenue")
    REVENUE = "revenue", _("Revenue")
    WRITE_OFF = "write_off", _("Bad debts written off")
    EXCHANGE_DIFFERENCE = "exchange_difference", _("Exchange differences")


class JournalEntry(Row):
    """One event of one document. `kind` and `source_id` together are posted once."""

    class Kind(models.TextChoices):
        """What happened."""

        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")
        VOID = "void", _("Void")
        RECOGNITION = "recognition", _("Revenue recognised")
        PAYMENT = "payment", _("Payment")
        APPLICATION = "application", _("Payment applied")
        CONVERSION = "conversion", _("Payment applied in other books")
        REFUND = "refund", _("Refund")
        REVERSAL = "reversal", _("Payment reversed")
        WRITE_OFF = "write_off", _("Write-off")
        HOLDBACK = "holdback", _("Holdback cleared")

    kind = models.CharField(max_length=20, choices=Kind.choices)
    source_id = models.UUIDField()
    document_id = models.UUIDField(help_text="The invoice or payment it belongs to.")
    document_code = models.CharField(max_length=24)
    posted_on = models.DateField()
    entity_id = models.UUIDField()
    customer_id = models.UUIDField()
    site_id = models.UUIDField(null=True)
    currency = models.CharField(max_length=3)
    base_currency = models.CharField(max_length=3)

    class Meta:
        ordering = ("-posted_on", "-id")
        verbose_name_plural = "journal entries"
        constraints = (
            models.UniqueConstraint(
                fields=["source_id", "kind", "posted_on"], name="posted_once_a_day_and_kind"
            ),
        )
        indexes = (
            models.Index(fields=["-posted_on", "-id"], name="entry_by_day"),
            models.Index(fields=["document_id"], name="entry_by_document"),
        )
        triggers = (
            Protect(name="entries_are_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            BOOKS_ARE_OPEN,
        )

    def __str__(self) -> str:
        return f"{self.posted_on} {self.kind} {self.document_code}"


class JournalLine(models.Model):
    """One account's part of an entry. It repeats what balances are grouped by."""

    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="lines")
    account = models.CharField(max_length=20, choices=Account.choices)
    detail = models.CharField(max_length=40, blank=True, help_text="Tax component or line code.")
    posted_on = models.DateField()
    customer_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    amount = MoneyField()
    base_amount = MoneyField()

    class Meta:
        ordering = ("entry", "id")
        indexes = (
            models.Index(
                fields=["account", "posted_on"],
                include=["detail", "currency", "amount", "base_amount"],
                name="line_by_account_and_day",
            ),
            # A customer's balance and its movements, read for each statement of account.
            models.Index(
                fields=["customer_id", "posted_on"],
                include=["currency", "amount", "entry"],
                condition=models.Q(account__in=("receivable", "unapplied_cash")),
                name="line_by_customer_and_day",
            ),
        )
        triggers = (
            Protect(
                name="journal_lines_are_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            ),
            ENTRIES_BALANCE,
            LINES_ARE_OF_OPEN_BOOKS,
        )

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"


class BookClosing(Row):
    """A company's books were closed through a day, or opened again after one. Append-only.

    The row with the highest number of a company says how its books stand.
    """

    class Act(models.TextChoices):
        """What was done."""

        CLOSED = "closed", _("Closed")
        REOPENED = "reopened", _("Reopened")

    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="closings")
    number = models.PositiveIntegerField(help_text="Counts a company's closings, from 1.")
    act = models.CharField(max_length=10, choices=Act.choices)
    through = models.DateField(help_text="The last closed day afterwards.")
    before = models.DateField(null=True, blank=True, help_text="The last closed day before.")
    reason = models.CharField(max_length=500, blank=True)
    open_points = WordingsField(help_text="What was still open in the month and was confirmed.")
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=["entity", "number"], name="closings_are_counted"),
            models.CheckConstraint(
                condition=models.Q(act="closed", before__isnull=True)
                | models.Q(act="closed", through__gt=models.F("before"))
                | models.Q(act="reopened", through__lt=models.F("before")),
                name="closing_moves_the_day",
            ),
            models.CheckConstraint(
                condition=models.Q(act="closed") | ~models.Q(reason=""),
                name="reopening_has_a_reason",
            ),
        )
        triggers = (
            Protect(name="closings_are_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.entity_id} {self.act} {self.through}"


class LedgerProof(Row):
    """That journal and documents were compared at the end of a day, and what differed."""

    on = models.DateField(unique=True)
    checked_at = models.DateTimeField()
    compared = models.PositiveIntegerField(help_text="How many balances were compared.")
    differences: "models.JSONField[Any, Any]" = models.JSONField(default=list)

    class Meta:
        ordering = ("-on",)

    def __str__(self) -> str:
        return str(self.on)

    @property
    def agrees(self) -> bool:
        """Whether every balance was the same to the cent."""
        return not self.differences


class ExchangeRate(Row):
    """One unit of `currency` is `rate` units of `into` on a day. A person's rate wins."""

    class Source(models.TextChoices):
        """Who says so."""

        BANK_OF_CANADA = "bank_of_canada", _("Bank of Canada")
        MANUAL = "manual", _("Entered by hand")

    currency = models.CharField(max_length=3)
    into = models.CharField(max_length=3)
    on = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    source = models.CharField(max_length=20, choices=Source.choices)
    recorded_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-on", "currency")
        constraints = (
            models.UniqueConstraint(
                fields=["currency", "into", "on", "source"], name="one_rate_a_day_and_source"
            ),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="rate_is_positive"),
        )

    def __str__(self) -> str:
        return f"{self.currency}/{self.into} {self.on} {self.rate}"
