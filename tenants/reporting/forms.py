"""What a report asks for."""

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.reporting.reports.base import Parameter, Parameters, Report, parameters_of

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
