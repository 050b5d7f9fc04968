"""A list as a CSV file: the filters, the order and the columns that its page shows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import page_batches, paging_of
from shared.kernel.errors import Text
from tenants.lists.specs import COLUMNS, ListSpec

Cell = Callable[[Any], object]
CsvFile = tuple[str, list[Text], Iterator[list[tuple[object, ...]]]]


def list_file(
    request: ApiRequest,
    spec: ListSpec,
    found: "QuerySet[Any]",
    *,
    always: Sequence[tuple[Text, Cell]],
    cells: Mapping[str, Cell],
) -> CsvFile:
    """Name, header and batches for `csv_response`.

    A row has the cells of `always`, then those of `cells` for the columns that are shown.
    Raises Invalid for an order that the list does not have.
    """
    given = {name: request.GET.getlist(name) for name in request.GET}
    shown = spec.clean(given).get(COLUMNS) or spec.usual_columns
    columns = [
        (column.label, cells[column.name]) for column in spec.columns if column.name in shown
    ]
    read = [cell for _label, cell in (*always, *columns)]
    batches = page_batches(
        found, paging_of(request), orderings=spec.orderings, default=spec.default
    )
    return (
        f"{spec.name}.csv",
        [label for label, _cell in (*always, *columns)],
        ([tuple(cell(row) for cell in read) for row in batch] for batch in batches),
    )
