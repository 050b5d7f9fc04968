"""A list as CSV: every row, inside its organisation, nothing a spreadsheet would run."""

from datetime import date
from decimal import Decimal
from io import BytesIO

from django.utils.translation import gettext_lazy
from openpyxl import load_workbook

from shared.kernel.exports import csv_response, safe_text, xlsx_bytes
from shared.kernel.tenancy import current_schema, organisation_context


def text_of(answer):
    return b"".join(answer.streaming_content).decode()


def test_every_row_of_every_batch_is_written_behind_the_mark(in_acme):
    answer = csv_response("rows.csv", ("A", "B"), [[(1, "x")], [], [(2, "y"), (3, "z, w")]])
    assert text_of(answer) == '\ufeffA,B\r\n1,x\r\n2,y\r\n3,"z, w"\r\n'
    assert answer["Content-Disposition"] == 'attachment; filename="rows.csv"'


def test_texts_that_a_spreadsheet_would_run_are_quoted_and_numbers_are_not(in_acme):
    row = ("=1+1", "-cmd", "@x", Decimal("-5.00"), None, date(2025, 1, 31))
    assert text_of(csv_response("r.csv", ("A",), [[row]])).splitlines()[1] == (
        "'=1+1,'-cmd,'@x,-5.00,,2025-01-31"
    )


def test_neither_blanks_nor_wide_signs_nor_objects_hide_a_formula(in_acme):
    class Named:
        def __str__(self):
            return "=1+1"

    row = (" =1+1", "\n=1+1", "\uff1d1+1", Named(), gettext_lazy("+x"), "\x01=1", True, -1)
    assert all(safe_text(cell).startswith("'") for cell in row[:-2])
    assert [safe_text(cell) for cell in row[-2:]] == ["True", "-1"]
    book = load_workbook(BytesIO(xlsx_bytes(("=A",), [row[:3] + row[4:]])))
    cells = [cell for one in book.active.iter_rows() for cell in one]
    assert "f" not in {cell.data_type for cell in cells}
    assert cells[-1].value == -1


def test_batches_are_fetched_in_the_organisation_that_asked(acme):
    seen = []

    def batches():
        for number in range(2):
            seen.append(current_schema())
            yield [(number,)]

    with organisation_context(acme):
        answer = csv_response("r.csv", ("A",), batches())
    assert current_schema() == "public"
    text_of(answer)
    assert seen == ["acme", "acme"]
    assert current_schema() == "public"
