"""Which days may be billed at once, and which day an invoice may bear."""

from datetime import date, timedelta

from billing.periods import Frequency, Period, calendar_period, is_aligned
from shared.kernel.clock import today
from shared.kernel.errors import FieldError, Invalid
from shared.kernel.wording import Wording, joined
from shared.kernel.wording import worded as _
from tenants.contracts.models import BillingFrequency, Contract
from tenants.contracts.selectors import current_terms

DATED_AHEAD_MAX = timedelta(days=31)
"""How far ahead a run and a correction may be dated, and a period that a run bills may begin."""
ONE_AHEAD_MAX = timedelta(days=731)


def usual_date(period: Period) -> date:
    """The period's last day; today for one billed so early that its end may not be its date.

    So a quarter or a year billed in advance is dated when it is billed. Source: `domain.md` 6.
    """
    return period.end_date if period.end_date <= _latest() else today()


def check_ahead(period: Period, invoice_date: date) -> None:
    """Raise Invalid for a period that begins, or an invoice dated, more than a month ahead.

    The number series and the books follow the date: a slip in the year cannot be taken back.
    """
    if period.start_date > _latest():
        message = _("A period is billed a month before it begins at the earliest.")
        raise Invalid(errors=[FieldError("billing_period", "too_late", message)])
    if invoice_date > _latest():
        message = _("It cannot be dated more than a month ahead.")
        raise Invalid(errors=[FieldError("invoice_date", "too_late", message)])


def check_far_ahead(period: Period, invoice_date: date) -> None:
    """Raise Invalid for a single invoice of a period, or a date, more than two years ahead.

    Somebody who asks for one invoice in advance may want it; 2062 is a slip. A run, which bills
    hundreds unseen, goes by `check_ahead`.
    """
    latest = today() + ONE_AHEAD_MAX
    message = _("That is more than two years ahead. Is the year right?")
    if period.start_date > latest:
        raise Invalid(errors=[FieldError("billing_period", "too_late", message)])
    if invoice_date > latest:
        raise Invalid(errors=[FieldError("invoice_date", "too_late", message)])


def check_aligned(contract: Contract, period: Period) -> None:
    """Raise Invalid for days of two calendar periods: their amounts belong on two invoices.

    The frequency is that of the terms in force on the period's last day. Who asks for a single
    invoice may ask for a whole quarter or year; a run bills by the contract's frequency alone.
    Source: `domain.md` 3.
    """
    if any(period == calendar_period(one, period.start_date) for one in Frequency):
        return
    frequency = Frequency(current_terms(contract, period.end_date).billing_frequency)
    if not is_aligned(frequency, period):
        raise Invalid(errors=[FieldError("billing_period", "not_aligned", misaligned(frequency))])


def misaligned(frequency: Frequency) -> Wording:
    """Why a contract of this frequency is not billed for days of several calendar periods."""
    return _(
        "The contract is billed by the calendar (%(frequency)s). Choose one month, quarter or "
        "year, or days inside a single one."
    ) % {"frequency": BillingFrequency(frequency).label}


def misfit(frequency: Frequency) -> Wording:
    """Why a run passes over a contract of this frequency: its days are of several such periods."""
    return _(
        "The contract is billed by the calendar (%(frequency)s), and the run is of longer days. "
        "Run each of those periods by itself."
    ) % {"frequency": BillingFrequency(frequency).label}


def several_stretches(stretches: tuple[Period, ...]) -> Invalid:
    """What a run says where invoices of single days left more than one stretch open."""
    days = joined(
        (
            _("%(start)s to %(end)s") % {"start": one.start_date, "end": one.end_date}
            for one in stretches
        ),
        "; ",
    )
    message = _("These days are not billed yet: %(days)s. Bill each stretch by itself.")
    return Invalid(errors=[FieldError("billing_period", "partly_billed", message % {"days": days})])


def _latest() -> date:
    return today() + DATED_AHEAD_MAX
