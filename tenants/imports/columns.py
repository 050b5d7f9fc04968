"""Which column of a file is which field: by its header, in English or French."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shared.kernel.errors import Text
from shared.kernel.wording import joined
from shared.kernel.wording import worded as _
from tenants.imports.errors import Unreadable

_NO_LETTER = re.compile(r"[^a-z0-9]+")
# Our own columns of a download of bad rows, so that it can be mended and brought in again.
OWN_COLUMNS = frozenset({"row", "reason", "rangee", "motif"})


@dataclass(frozen=True)
class Column:
    """A field that a file may bring. Synonyms are compared without accents, case and signs."""

    name: str
    label: Text
    synonyms: Sequence[str] = ()
    required: bool = False
    example: str = ""
    is_key: bool = False  # names a stored record: a file that has it may leave others out


@dataclass(frozen=True)
class Matched:
    """Where each field is: `places` by index, `headers` as written; `ignored` are the others."""

    places: Mapping[str, int]
    headers: Mapping[str, str]
    ignored: Sequence[str] = ()
    missing: Sequence[Column] = ()
    doubled: Sequence[str] = field(default=())


def plain(text: object) -> str:
    """A header without accents, case and signs: "N° de site" and "no-de-site" are one."""
    decomposed = unicodedata.normalize("NFKD", str(text).replace("°", "o").replace("º", "o"))
    letters = "".join(one for one in decomposed if not unicodedata.combining(one))
    return _NO_LETTER.sub(" ", letters.casefold()).strip()


def match_columns(header: Sequence[object], columns: Sequence[Column]) -> Matched:
    """Find the fields among the headers; the first of two that mean the same counts as doubled."""
    names = {
        plain(word): column.name for column in columns for word in (column.name, *column.synonyms)
    }
    places: dict[str, int] = {}
    headers: dict[str, str] = {}
    ignored: list[str] = []
    doubled: list[str] = []
    for index, given in enumerate(header):
        text = "" if given is None else str(given).strip()
        name = names.get(plain(text))
        if name is None:
            if text and plain(text) not in OWN_COLUMNS:
                ignored.append(text[:100])
        elif name in places:
            doubled.append(text[:100])
        else:
            places[name], headers[name] = index, text[:100]
    missing = [column for column in columns if column.required and column.name not in places]
    return Matched(places, headers, ignored, missing, doubled)


def require_columns(header: Sequence[object], columns: Sequence[Column]) -> Matched:
    """`match_columns`. Raises Unreadable where a needed column is not there, or is twice.

    With a key column no other is needed: its rows may change what is stored.
    """
    matched = match_columns(header, columns)
    has_key = any(column.is_key and column.name in matched.places for column in columns)
    if matched.missing and not has_key:
        raise Unreadable(
            _("The first row must name the columns. Not found: %(missing)s. Found: %(found)s.")
            % {
                "missing": joined((column.label for column in matched.missing), ", "),
                "found": ", ".join([*matched.headers.values(), *matched.ignored][:20]) or "—",
            }
        )
    if matched.doubled:
        raise Unreadable(
            _("Two columns mean the same: %(names)s. Leave one out.")
            % {"names": ", ".join(matched.doubled)}
        )
    return matched
