"""The form of a schedule."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shared.accounts.forms import time_zones
from tenants.invoices.run_filters import RunFilters
from tenants.invoices.run_forms import RunFiltersForm
from tenants.schedules.models import BillingSchedule, PeriodRule
from tenants.schedules.services import ScheduleInput

OTHER = ""
USUAL_TIMES = (
    ("0 6 1 * *", _("On the first of each month at 6:00")),
    ("0 6 2 * *", _("On the second of each month at 6:00")),
    ("0 6 5 * *", _("On the fifth of each month at 6:00")),
    ("0 20 L * *", _("On the last day of each month at 20:00")),
    ("0 6 1 1,4,7,10 *", _("On the first day of each quarter at 6:00")),
    ("0 6 1 1 *", _("On the first of January at 6:00")),
    ("0 6 * * 1", _("Every Monday at 6:00")),
    (OTHER, _("At another time, written as cron")),
)


def time_text(cron: str) -> str:
    """The words for a usual time; any other is shown as it is written."""
    return str(dict(USUAL_TIMES).get(cron, cron))


def _zones() -> list[tuple[Any, Any]]:
    return [("", _("The organisation's")), *time_zones()]


class ScheduleForm(RunFiltersForm):
    """When which contracts are billed."""

    name = forms.CharField(label=_("Name"), max_length=120)
    when = forms.ChoiceField(label=_("When"), choices=USUAL_TIMES, required=False)
    cron = forms.CharField(
        label=_("Cron expression"),
        max_length=100,
        required=False,
        help_text=_("Minute, hour, day, month, day of the week. Counts only for another time."),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=_zones, required=False)
    period_rule = forms.ChoiceField(
        label=_("Which period"),
        choices=PeriodRule.choices,
        help_text=_("By quarter or year only contracts of that frequency are billed."),
    )
    issues = forms.BooleanField(
        label=_("Issue the invoices at once"),
        required=False,
        help_text=_("Otherwise they wait as drafts."),
    )
    auto_distribute = forms.BooleanField(label=_("Send them to the customers"), required=False)
    holds_warned = forms.BooleanField(
        label=_("Keep as a draft where a check warns"),
        required=False,
        help_text=_("Such an invoice is not issued and not sent until you looked at it."),
    )
    is_enabled = forms.BooleanField(label=_("Switched on"), required=False)

    @property
    def given(self) -> ScheduleInput:
        """What the service takes, of a valid form."""
        data = self.cleaned_data
        return ScheduleInput(
            name=data["name"],
            cron=data["when"] or data["cron"],
            time_zone=data["time_zone"],
            period_rule=data["period_rule"],
            filters=self.filters,
            issues=data["issues"],
            auto_distribute=data["auto_distribute"],
            holds_warned=data["holds_warned"],
            is_enabled=data["is_enabled"],
        )

    @staticmethod
    def initial_of(schedule: BillingSchedule | None) -> dict[str, Any]:
        """What the form starts with."""
        if schedule is None:
            return {"when": USUAL_TIMES[0][0], "issues": True, "is_enabled": True}
        names = ("name", "cron", "time_zone", "period_rule", "issues", "auto_distribute")
        usual = schedule.cron if schedule.cron in dict(USUAL_TIMES) else OTHER
        return {
            **{name: getattr(schedule, name) for name in (*names, "holds_warned", "is_enabled")},
            **ScheduleForm.initial_filters(RunFilters.of_json(schedule.filters)),
            "when": usual,
        }
