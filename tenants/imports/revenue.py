"""Rows of a revenue file, as COPY takes them. A million rows go through here one by one."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.kernel.clock import today
from shared.kernel.errors import FieldError
from shared.kernel.wording import worded as _
from tenants.activity.models import CATEGORY_MAX
from tenants.activity.services import is_net_of, not_net_of
from tenants.imports.columns import Matched
from tenants.imports.models import CODE_MAX, Import
from tenants.imports.values import Wrong, day_reader, read_amount, read_text

CACHED_MAX = 20_000  # sites, days and categories repeat; amounts do not
GENERAL = "general"
COPIED = "job_id, line, site_code, day, category, gross_amount, net_amount"
ESCAPES = str.maketrans({"\\": "\\\\"})


class RevenueReader:
    """Turns cells into a line for COPY; what is wrong with a row is raised as WrongRow."""

    def __init__(self, job: Import, matched: Matched, *, decimal_comma: bool) -> None:
        places = matched.places
        self._job: UUID = job.pk
        self._site, self._day, self._gross = (
            places[name] for name in ("site_id", "day", "gross_amount")
        )
        self._category, self._net = places.get("category"), places.get("net_amount")
        self._decimal_comma = decimal_comma
        self._read_day = day_reader(job.day_form)
        self._latest = today()
        self._known: dict[str, dict[Any, str]] = {"site_id": {}, "day": {}, "category": {}}

    def read(self, line: int, cells: Sequence[Any]) -> str:
        """The line for COPY of `COPIED`. Raises WrongRow."""
        wrong: list[FieldError] = []
        site = self._remembered("site_id", _cell(cells, self._site), self._site_code, wrong)
        day = self._remembered("day", _cell(cells, self._day), self._day_text, wrong)
        category = self._remembered(
            "category", _cell(cells, self._category), self._category_text, wrong
        )
        gross = self._amount("gross_amount", _cell(cells, self._gross), wrong)
        net_cell = _cell(cells, self._net)
        net = gross if _is_blank(net_cell) else self._amount("net_amount", net_cell, wrong)
        if not wrong and net != gross and not is_net_of(Decimal(net), Decimal(gross)):
            wrong.append(FieldError("net_amount", "over_gross", not_net_of()))
        if wrong:
            raise WrongRow(wrong)
        return f"{self._job}\t{line}\t{site}\t{day}\t{category}\t{gross}\t{net}\n"

    def _remembered(
        self, field: str, cell: Any, read: Callable[[Any], str], wrong: list[FieldError]
    ) -> str:
        known = self._known[field]
        try:
            return known[cell]
        except KeyError:
            pass
        try:
            value = read(cell)
        except Wrong as error:
            wrong.append(error.at(field))
            return ""
        if len(known) < CACHED_MAX:
            known[cell] = value
        return value

    def _amount(self, field: str, cell: Any, wrong: list[FieldError]) -> str:
        try:
            if _is_blank(cell):
                raise _required()
            return read_amount(cell, decimal_comma=self._decimal_comma)
        except Wrong as error:
            wrong.append(error.at(field))
            return ""

    def _site_code(self, cell: Any) -> str:
        code = read_text(cell, CODE_MAX).upper()
        if not code:
            raise _required()
        return code.translate(ESCAPES)

    def _day_text(self, cell: Any) -> str:
        if _is_blank(cell):
            raise _required()
        day: date = self._read_day(cell)
        if day > self._latest:
            raise Wrong("future", _("The day is in the future."))
        return day.isoformat()

    def _category_text(self, cell: Any) -> str:
        return (read_text(cell, CATEGORY_MAX) or GENERAL).translate(ESCAPES)


class WrongRow(Exception):
    """A row with everything that is wrong in it."""

    def __init__(self, reasons: Sequence[FieldError]) -> None:
        super().__init__()
        self.reasons = reasons


def named_cells(cells: Sequence[Any], places: Mapping[str, int]) -> dict[str, Any]:
    """The cells by field; those that a short row lacks are absent."""
    return {name: cells[index] for name, index in places.items() if index < len(cells)}


def _cell(cells: Sequence[Any], index: int | None) -> Any:
    return cells[index] if index is not None and index < len(cells) else None


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _required() -> Wrong:
    return Wrong("required", _("This field is required."))
