"""What a list can be asked for: its filters, orders and columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from django.utils.translation import gettext as _

from shared.kernel.errors import NotFound, Text

COLUMNS = "columns"
SORT = "sort"
VIEW = "view"
VALUE_MAX = 100
QUERY_MAX = 5_000
FIELDS_MAX = 100

Query = dict[str, list[str]]


@dataclass(frozen=True)
class ListColumn:
    """A column beside the first one; `is_usual` ones are shown until somebody chooses."""

    name: str
    label: Text
    is_usual: bool = True


@dataclass(frozen=True)
class ListSpec:
    """A list by its name: `permission` to read it, `orderings` and the one it starts with."""

    name: str
    url_name: str
    permission: str
    filters: Sequence[str]
    orderings: Sequence[str]
    default: str
    columns: Sequence[ListColumn]

    def clean(self, given: object) -> Query:
        """The parameters of `given` that this list still knows, whatever was stored.

        A filter keeps its first value, cut at VALUE_MAX characters; orders and columns that do
        not exist any more are left out, and so is everything that is no text.
        """
        if not isinstance(given, Mapping):
            return {}
        found: Query = {}
        for name in self.filters:
            if value := next(iter(_texts(given.get(name))), ""):
                found[name] = [value[:VALUE_MAX]]
        order = next(iter(_texts(given.get(SORT))), "")
        if order.removeprefix("-") in self.orderings:
            found[SORT] = [order]
        if chosen := self.known_columns(_texts(given.get(COLUMNS))):
            found[COLUMNS] = chosen
        return found

    def known_columns(self, names: Sequence[str]) -> list[str]:
        """Those of the names that are columns, in the order of the list."""
        return [column.name for column in self.columns if column.name in names]

    @property
    def usual_columns(self) -> list[str]:
        """The columns that are shown where nobody chose."""
        return [column.name for column in self.columns if column.is_usual]


_specs: dict[str, ListSpec] = {}


def register_list(spec: ListSpec) -> None:
    """Let people keep views of a list; called from AppConfig.ready()."""
    _specs[spec.name] = spec


def list_spec(name: str) -> ListSpec:
    """The list of that name. Raises NotFound."""
    if name not in _specs:
        raise NotFound(_("There is no such list."))
    return _specs[name]


def read_query(text: str) -> Query:
    """The parameters of an address's query; an endless one counts as none."""
    try:
        return parse_qs(text[:QUERY_MAX], max_num_fields=FIELDS_MAX)
    except ValueError:
        return {}


def write_query(query: Mapping[str, Sequence[str]]) -> str:
    """The parameters as an address has them."""
    return urlencode(query, doseq=True)


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str) and "\x00" not in one]
