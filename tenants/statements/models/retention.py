"""How long statements are kept, what stops their erasure, and what counts as unusual."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shared.kernel.fields import FractionField, MoneyField
from shared.kernel.models import RevisedRow
from tenants.sites.models import Customer
from tenants.statements.models.statements import Statement

YEARS_DEFAULT = 7
YEARS_MAX = 30


class RetentionKind(models.TextChoices):
    """What is kept for a number of years."""

    STATEMENT = "statement", _("Statements: files, names and addresses")
    RUN = "run", _("Statement runs: their chunks and results by customer")


class RetentionRule(RevisedRow):
    """How many years after its period something is kept; seven where there is no rule.

    The CRA asks for six years after the end of the tax year, so seven cover any fiscal year.
    """

    kind = models.CharField(max_length=12, choices=RetentionKind.choices, unique=True)
    years = models.PositiveSmallIntegerField(
        _("years"),
        default=YEARS_DEFAULT,
        validators=[MinValueValidator(1), MaxValueValidator(YEARS_MAX)],
    )

    class Meta:
        ordering = ("kind",)
        constraints = (
            models.CheckConstraint(
                condition=Q(years__gte=1, years__lte=YEARS_MAX), name="retention_years_limits"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.years}"


class LegalHold(RevisedRow):
    """Nothing of this customer, or of this statement, is erased until the hold is lifted."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="legal_holds"
    )
    statement = models.ForeignKey(
        Statement, on_delete=models.PROTECT, null=True, blank=True, related_name="legal_holds"
    )
    reason = models.CharField(_("reason"), max_length=500)
    placed_by = models.CharField(max_length=200, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(customer__isnull=False, statement__isnull=True)
                | Q(customer__isnull=True, statement__isnull=False),
                name="legal_hold_has_one_target",
            ),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(released_at__isnull=True), name="one_hold_customer"
            ),
            models.UniqueConstraint(
                fields=["statement"],
                condition=Q(released_at__isnull=True),
                name="one_hold_a_statement",
            ),
        )

    def __str__(self) -> str:
        return str(self.customer or self.statement)


class StatementSettings(RevisedRow):
    """One row at most; without it the defaults hold."""

    variance_limit = FractionField(
        _("unusual from"),
        default=Decimal("0.25"),
        help_text=_("Difference from the last statement, as a percentage of it."),
    )
    variance_minimum = MoneyField(
        _("and from an amount of"),
        default=Decimal(100),
        help_text=_("Smaller differences are never unusual."),
    )
    only_row = models.BooleanField(default=True, editable=False, unique=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(variance_limit__gte=0, variance_limit__lte=100)
                & Q(variance_minimum__gte=0),
                name="statement_variance_limits",
            ),
            models.CheckConstraint(condition=Q(only_row=True), name="statement_settings_one_row"),
        )

    def __str__(self) -> str:
        return "statement settings"
