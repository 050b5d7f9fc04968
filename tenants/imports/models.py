"""Files brought in: checked first, applied when somebody says so, undone while nothing depends.

The row of the import is the truth about the work: a worker takes it by a lease, and each chunk
is written together with how far it goes, so that a killed worker loses and doubles nothing.
"""

from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import ExactJSONField, MoneyField, WordingField
from shared.kernel.models import Row
from shared.kernel.wording import wording_from_json
from tenants.activity.models import CATEGORY_MAX

CODE_MAX = 20


class Import(Row):
    """One file: what it holds, how far it is, what came of it."""

    class Kind(models.TextChoices):
        """What the rows are."""

        REVENUE = "revenue", _("Revenue")
        SITES = "sites", _("Sites")
        CONTRACTS = "contracts", _("Contracts")

    class Status(models.TextChoices):
        """Where it stands. Nothing but staging is written before `applying`."""

        CHECKING = "checking", _("Being checked")
        READY = "ready", _("Checked")
        APPLYING = "applying", _("Being imported")
        APPLIED = "applied", _("Imported")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")
        FAILED = "failed", _("Failed")
        DISCARDED = "discarded", _("Discarded")

    class DayForm(models.TextChoices):
        """How days are written in texts; real dates of a spreadsheet need no form."""

        ISO = "iso", _("Year first: 2026-11-30")
        DAY_FIRST = "day_first", _("Day first: 30/11/2026")
        MONTH_FIRST = "month_first", _("Month first: 11/30/2026")

    kind = models.CharField(max_length=9, choices=Kind.choices)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.CHECKING)
    day_form = models.CharField(max_length=11, choices=DayForm.choices, default=DayForm.ISO)
    file_name = models.CharField(max_length=255)
    stored_name = models.CharField(max_length=200, blank=True)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    columns: "models.JSONField[Any, Any]" = models.JSONField(
        default=dict, help_text="Header of the file for each field that was found."
    )
    ignored: "models.JSONField[Any, Any]" = models.JSONField(
        default=list, help_text="Headers that mean nothing here."
    )

    read_through = models.PositiveIntegerField(default=0)
    is_read = models.BooleanField(default=False)
    applied_through = models.PositiveIntegerField(default=0)
    undone_through = models.PositiveIntegerField(default=0)
    percent = models.PositiveSmallIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    bad_rows = models.PositiveIntegerField(default=0)
    new_rows = models.PositiveIntegerField(default=0)
    changed_rows = models.PositiveIntegerField(default=0)
    same_rows = models.PositiveIntegerField(default=0)
    duplicate_rows = models.PositiveIntegerField(default=0)
    allow_duplicates = models.BooleanField(default=False)
    applied_rows = models.PositiveIntegerField(default=0)
    undone_rows = models.PositiveIntegerField(default=0)
    kept_rows = models.PositiveIntegerField(default=0)
    failure = WordingField(max_length=500, blank=True)

    worker = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    started_by: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    checked_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (
            models.Index(fields=["-created_at", "-id"], name="import_by_time"),
            models.Index(
                fields=["created_at"],
                condition=Q(status__in=("checking", "applying", "undoing")),
                name="import_in_work",
            ),
        )

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_running(self) -> bool:
        """Whether a worker has something to do."""
        return self.status in IN_WORK

    @property
    def good_rows(self) -> int:
        """Rows that can be imported; sites and contracts as they are stored are not written.

        Duplicates only where somebody said so.
        """
        good = self.rows - self.bad_rows - (0 if self.allow_duplicates else self.duplicate_rows)
        return good if self.kind == self.Kind.REVENUE else good - self.same_rows


IN_WORK = (Import.Status.CHECKING, Import.Status.APPLYING, Import.Status.UNDOING)


class RevenueRow(models.Model):
    """A good row of a revenue file, until it is thrown away; what it replaced, for the undo.

    Written by COPY, a million at a time: its key is the only index and the job no database
    constraint, since only the worker that holds the job writes here.
    """

    pk = models.CompositePrimaryKey("job_id", "line")
    job = models.ForeignKey(
        Import,
        on_delete=models.CASCADE,
        related_name="revenue_rows",
        db_constraint=False,
        db_index=False,
    )
    line = models.PositiveIntegerField()
    site_code = models.CharField(max_length=CODE_MAX)
    day = models.DateField()
    category = models.CharField(max_length=CATEGORY_MAX)
    gross_amount = MoneyField()
    net_amount = MoneyField()
    record_id = models.UUIDField(db_default=RandomUUID(), help_text="Of the record it makes.")
    old_gross_amount = MoneyField(null=True)
    old_net_amount = MoneyField(null=True)

    def __str__(self) -> str:
        return f"{self.line} {self.site_code} {self.day}"


class RecordRow(Row):
    """A good row of a file of sites or contracts, and what was made of it."""

    class Outcome(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", _("Waiting")
        APPLIED = "applied", _("Imported")
        REFUSED = "refused", _("Refused")
        UNDONE = "undone", _("Undone")
        KEPT = "kept", _("Kept")
        SAME = "same", _("Unchanged")
        LEFT_OUT = "left_out", _("Left out")

    class Effect(models.TextChoices):
        """What the row does, as its check found."""

        NEW = "new", _("New")
        CHANGED = "changed", _("Changed")
        SAME = "same", _("Unchanged")
        DUPLICATE = "duplicate", _("Duplicate")

    job = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="record_rows")
    line = models.PositiveIntegerField()
    values: "models.JSONField[Any, Any]" = models.JSONField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.WAITING)
    effect = models.CharField(max_length=9, choices=Effect.choices, default=Effect.NEW)
    changes: "models.JSONField[Any, Any]" = models.JSONField(
        default=list, help_text="[{field, before, after}] of a stored record, as text."
    )
    identity = models.CharField(
        max_length=64, blank=True, help_text="Equal for rows that make the same record."
    )
    twin = models.CharField(
        max_length=CODE_MAX, blank=True, help_text="The record that says the same already."
    )
    twin_line = models.PositiveIntegerField(null=True, blank=True)
    previous = ExactJSONField(default=dict, help_text="What the undo of a change puts back.")
    object_id = models.UUIDField(null=True, blank=True)
    object_code = models.CharField(max_length=CODE_MAX, blank=True)
    object_revision = models.PositiveIntegerField(
        default=0, help_text="As it was checked; once it is written, as it was left."
    )

    class Meta:
        ordering = ("job", "line")
        constraints = (
            models.UniqueConstraint(fields=["job", "line"], name="one_record_row_a_line"),
        )
        indexes = (models.Index(fields=["job", "identity"], name="record_row_by_identity"),)

    def __str__(self) -> str:
        return f"{self.line} {self.outcome}"

    @property
    def told(self) -> list[dict[str, Any]]:
        """The changes; a value that is a word of ours is said in the reader's language."""
        return [
            {**one, **{name: wording_from_json(one[name]) for name in ("before", "after")}}
            for one in self.changes
        ]


class RowProblem(Row):
    """A row that was left out, or that an undo kept, with the reasons in words."""

    class Stage(models.TextChoices):
        """When it came up."""

        CHECK = "check", _("When it was checked")
        APPLY = "apply", _("When it was imported")
        UNDO = "undo", _("When it was undone")

    job = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="problems")
    stage = models.CharField(max_length=5, choices=Stage.choices, default=Stage.CHECK)
    line = models.PositiveIntegerField()
    values: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    reasons: "models.JSONField[Any, Any]" = models.JSONField(
        help_text="[{field, code, message}], each message as a Wording is kept."
    )

    class Meta:
        ordering = ("job", "line", "id")
        indexes = (models.Index(fields=["job", "stage", "line"], name="problem_by_line"),)

    def __str__(self) -> str:
        return f"{self.line} {self.stage}"

    @property
    def told(self) -> list[dict[str, Any]]:
        """The reasons with their messages, to be said in the reader's language."""
        return [{**one, "message": wording_from_json(one["message"])} for one in self.reasons]
