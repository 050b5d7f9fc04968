"""ETag and If-Match over a row's revision. Source: `api.md` Concurrency; RFC 9110, 13.

A representation that shows more than the row (other rows, terms by date, a link that expires)
is tagged with a `Representation`: If-Match compares the row's revision, If-None-Match all of it.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from shared.kernel.errors import PreconditionFailed

_OURS = re.compile(r'(?:W/)?"(\d{1,9})(?:\.[0-9a-f]{16})?"')


class Revised(Protocol):
    """Anything with a revision that grows with each change (see `kernel.models`)."""

    revision: int


@dataclass(frozen=True)
class Representation:
    """A row and whatever else its answer shows, which `shown` stands for."""

    revision: int
    shown: bytes

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that change with what is shown."""
        return sha256(self.shown).hexdigest()[:16]


class NotModified(Exception):
    """304: the caller has this representation. Raised by `require_fresh`, answered by the API."""

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


def etag_of(row: Revised | Representation) -> str:
    """The entity tag of the present revision, with the digest of what else is shown."""
    if isinstance(row, Representation):
        return f'"{row.revision}.{row.digest}"'
    return f'"{row.revision}"'


def set_etag(response: HttpResponse, row: Revised | Representation) -> None:
    """Give the answer its ETag; browsers and proxies must ask again before reuse."""
    response["ETag"] = etag_of(row)
    response["Cache-Control"] = "private, no-cache"


def require_fresh(
    request: HttpRequest, response: HttpResponse, row: Revised | Representation
) -> None:
    """Set the ETag; end with 304 where If-None-Match names it already."""
    set_etag(response, row)
    given = {tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")}
    etag = etag_of(row)
    if "*" in given or etag in given or f"W/{etag}" in given:
        raise NotModified(etag)


def expected_revision(request: HttpRequest) -> int | None:
    """The revision If-Match asks for; None without the header or with `*`.

    Raises PreconditionFailed for a tag that is none of ours: it cannot match.
    """
    given = request.headers.get("If-Match", "").strip()
    if given in ("", "*"):
        return None
    found = _OURS.fullmatch(given)
    if not found:
        raise PreconditionFailed(
            _("If-Match names no version of this resource. Read it again and send its ETag.")
        )
    return int(found[1])
