"""ETag and If-Match over a row's revision. Source: `api.md` Concurrency; RFC 9110, 13.

A representation may show more than the row (what was paid, say): then the row's revision must
grow with it, or the endpoint sets no ETag.
"""

import re
from typing import Protocol

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from shared.kernel.errors import PreconditionFailed

_OURS = re.compile(r'(?:W/)?"(\d{1,9})"')


class Revised(Protocol):
    """Anything with a revision that grows with each change (see `kernel.models`)."""

    revision: int


class NotModified(Exception):
    """304: the caller has this representation. Raised by `require_fresh`, answered by the API."""

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


def etag_of(row: Revised) -> str:
    """The entity tag of the row's present revision."""
    return f'"{row.revision}"'


def set_etag(response: HttpResponse, row: Revised) -> None:
    """Give the answer its ETag; browsers and proxies must ask again before reuse."""
    response["ETag"] = etag_of(row)
    response["Cache-Control"] = "private, no-cache"


def require_fresh(request: HttpRequest, response: HttpResponse, row: Revised) -> None:
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
