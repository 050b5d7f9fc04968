"""Rows of inputs in a form: tiers of a rate, and rates by job.

The page draws a row as soon as the one above it is filled in, so there are always spare ones.
"""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.contracts.forms.fields import (
    AmountField,
    PercentField,
    TypeForm,
    filled,
    percent,
    plain,
)

TIER_ROWS = 8
JOB_ROWS = 12
SPARE_ROWS = 2
JOB_RATES = ("regular", "overtime", "double_time", "holiday")


class _RowsForm(TypeForm):
    """A form with numbered rows: `tier0_rate`, `tier1_rate` and so on."""

    row_prefix = ""
    rows_least = 0
    rows_path = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = max(self.rows_least, self._rows_given() + SPARE_ROWS)
        for row in range(self.rows):
            for name, field in self.row_fields().items():
                self.fields[f"{self.row_prefix}{row}_{name}"] = field

    def row_fields(self) -> dict[str, forms.Field]:
        """The inputs of one row, by the last part of their names."""
        raise TypeError("Each form says which.")

    def row_inputs(self) -> list[list[forms.BoundField]]:
        """The rows for the page."""
        return [
            [self[f"{self.row_prefix}{row}_{name}"] for name in self.row_fields()]
            for row in range(self.rows)
        ]

    def has_rows(self) -> bool:
        """Whether the rows are to be shown open."""
        return any(field.value() not in (None, "") for field in self.row_inputs()[0])

    def row_values(self) -> list[dict[str, Any]]:
        """The rows of a valid form in which something stands, in their order."""
        return [values for _row, values in self._filled_rows()]

    def path_map(self, root: str) -> dict[str, str]:
        """Also where the problems of each row belong."""
        paths = super().path_map(root)
        for number, (row, _values) in enumerate(self._filled_rows()):
            for name in self.row_fields():
                path = f"{root}.{self.rows_path}[{number}].{name}"
                paths[path] = f"{self.row_prefix}{row}_{name}"
        return paths

    def _filled_rows(self) -> list[tuple[int, dict[str, Any]]]:
        names = list(self.row_fields())
        rows = []
        for row in range(self.rows):
            keys = {name: f"{self.row_prefix}{row}_{name}" for name in names}
            values = {name: self.cleaned_data.get(key) for name, key in keys.items()}
            if any(value not in (None, "") for value in values.values()):
                rows.append((row, values))
        return rows

    def _rows_given(self) -> int:
        """How many rows come from the request or from the stored terms."""
        given: Mapping[str, Any] = self.data if self.is_bound else self.initial
        prefix = self.add_prefix(self.row_prefix) if self.is_bound else self.row_prefix
        row_name = re.compile(re.escape(prefix) + r"([0-9]{1,2})_")
        found = (row_name.match(name) for name, value in given.items() if value)
        return max((int(match[1]) + 1 for match in found if match), default=0)


class TieredForm(_RowsForm):
    """A rate by tiers; a row in which anything stands counts."""

    row_prefix = "tier"
    rows_least = TIER_ROWS
    rows_path = "tiers"
    tier_mode = forms.ChoiceField(
        label=_("Tiers apply"),
        required=False,
        choices=[
            ("marginal", _("Each slice at its own rate")),
            ("whole", _("The tier reached applies to all of it")),
        ],
    )

    def row_fields(self) -> dict[str, forms.Field]:
        """A limit and the rate up to it."""
        return {"up_to": AmountField(label=_("Up to")), "rate": PercentField(label=_("Rate"))}

    def tiered(self) -> dict[str, Any]:
        """Tiers and their mode, of a valid form; empty without tiers."""
        tiers = self.row_values()
        return filled(tiers=tiers, tier_mode=self.cleaned_data["tier_mode"] if tiers else None)

    @staticmethod
    def tiers_initial(given: Mapping[str, Any]) -> dict[str, Any]:
        """What the rows start with."""
        initial: dict[str, Any] = {"tier_mode": given.get("tier_mode", "marginal")}
        for row, tier in enumerate(given.get("tiers", [])):
            initial[f"tier{row}_up_to"] = plain(tier["up_to"])
            initial[f"tier{row}_rate"] = percent(tier["rate"])
        return initial


class JobRatesForm(_RowsForm):
    """Rates by job code; what a job leaves out follows from its regular rate."""

    row_prefix = "job"
    rows_least = JOB_ROWS
    rows_path = "job_rates"

    def row_fields(self) -> dict[str, forms.Field]:
        """A job code and its rates an hour."""
        code = forms.CharField(
            label=_("Job code"),
            max_length=50,
            required=False,
            widget=forms.TextInput(attrs={"placeholder": " "}),
        )
        labels = (_("Regular"), _("Overtime"), _("Double time"), _("Holiday"))
        rates = zip(JOB_RATES, labels, strict=True)
        return {"job_code": code, **{name: AmountField(label=label) for name, label in rates}}

    def job_rates(self) -> list[dict[str, Any]]:
        """The rows of a valid form."""
        return [filled(**row) for row in self.row_values()]

    @staticmethod
    def jobs_initial(given: Mapping[str, Any]) -> dict[str, Any]:
        """What the rows start with."""
        initial: dict[str, Any] = {}
        for row, job in enumerate(given.get("job_rates", [])):
            initial[f"job{row}_job_code"] = job["job_code"]
            for name in JOB_RATES:
                initial[f"job{row}_{name}"] = plain(job.get(name))
        return initial
