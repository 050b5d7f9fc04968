"""A list as CSV: every row, inside its organisation, nothing a spreadsheet would run."""

from datetime import date
from decimal import Decimal

from shared.kernel.exports import csv_response
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
