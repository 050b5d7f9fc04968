"""What a report asks for."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from shared.accounts.models import User
from tenants.reporting.exporting import FileForm
from tenants.reporting.models import ReportSchedule
from tenants.reporting.reports.base import Parameter, Parameters, Report, parameters_of
from tenants.reporting.services import ReportScheduleInput
from tenants.schedules.forms import OTHER, USUAL_TIMES
from tenants.schedules.models import PeriodRule

_FIELDS = {
    Parameter.PERIOD: ("start_date", "end_date"),
    Parameter.DAY: ("on",),
    Parameter.INVOICE: ("invoice",),
}


class ReportForm(forms.Form):
    """The parameters of one report; the form has only those that it reads."""

    start_date = forms.DateField(label=_("From"), required=False, widget=forms.DateInput)
    end_date = forms.DateField(label=_("To"), required=False, widget=forms.DateInput)
    on = forms.DateField(label=_("At the end of"), required=False, widget=forms.DateInput)
    invoice = forms.CharField(label=_("Invoice number"), max_length=40, required=False)

    def __init__(self, *args: object, report: Report, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.report = report
        for name in {*self.fields} - {*_FIELDS[report.parameter]}:
            del self.fields[name]
        for name in ("start_date", "end_date", "on"):
            if name in self.fields:
                self.fields[name].widget = forms.DateInput(
                    format="%Y-%m-%d", attrs={"type": "date"}
                )

    @property
    def asked(self) -> Parameters:
        """What a valid form asks for. Raises Invalid."""
        return parameters_of(self.report, **self.cleaned_data)


def values_of(report: Report, asked: Parameters) -> dict[str, object]:
    """The values of the form for these parameters."""
    found = {
        "start_date": asked.period.start_date,
        "end_date": asked.period.end_date,
        "on": asked.on,
        "invoice": asked.invoice,
    }
    return {name: found[name] for name in _FIELDS[report.parameter]}


class ReportScheduleForm(forms.Form):
    """Which report people get by e-mail, and when."""

    name = forms.CharField(label=_("Name"), max_length=120)
    report = forms.ChoiceField(label=_("Report"))
    period_rule = forms.ChoiceField(label=_("Which period"), choices=PeriodRule.choices)
    when = forms.ChoiceField(label=_("When"), choices=USUAL_TIMES, required=False)
    cron = forms.CharField(
        label=_("Cron expression"),
        max_length=100,
        required=False,
        help_text=_("Minute, hour, day, month, day of the week. Counts only for another time."),
    )
    file_form = forms.ChoiceField(
        label=_("File"), choices=[(form.value, form.value.upper()) for form in FileForm]
    )
    recipients = forms.MultipleChoiceField(
        label=_("People"),
        help_text=_("Only who may read the report gets it."),
        widget=forms.CheckboxSelectMultiple,
    )
    is_enabled = forms.BooleanField(label=_("Switched on"), required=False)

    def __init__(
        self, *args: Any, reports: Iterable[Report], people: Iterable[User], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        choices = [(one.name, one.title) for one in reports if one.parameter != Parameter.INVOICE]
        self.fields["report"].choices = choices  # type: ignore[attr-defined]
        named = [(str(one.pk), f"{one.name or one.email} ({one.email})") for one in people]
        self.fields["recipients"].choices = named  # type: ignore[attr-defined]

    @property
    def given(self) -> ReportScheduleInput:
        """What the service takes, of a valid form."""
        data = self.cleaned_data
        return ReportScheduleInput(
            name=data["name"],
            report=data["report"],
            cron=data["when"] or data["cron"],
            recipients=[UUID(one) for one in data["recipients"]],
            period_rule=data["period_rule"],
            file_form=data["file_form"],
            is_enabled=data["is_enabled"],
        )

    @staticmethod
    def initial_of(schedule: ReportSchedule | None) -> dict[str, Any]:
        """What the form starts with."""
        if schedule is None:
            return {"when": USUAL_TIMES[0][0], "is_enabled": True}
        names = ("name", "report", "cron", "period_rule", "file_form", "is_enabled")
        return {
            **{name: getattr(schedule, name) for name in names},
            "when": schedule.cron if schedule.cron in dict(USUAL_TIMES) else OTHER,
            "recipients": [str(one.pk) for one in schedule.recipients.all()],
        }
