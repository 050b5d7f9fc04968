"""The record over the API."""

from ninja import Query, Router

from shared.audit import selectors
from shared.audit.models import Entry
from shared.audit.schemas import EntryFilters, EntryOut
from shared.kernel.api import ApiRequest, Page, Paging, Slice, paginate

router = Router(tags=["Audit"])


@router.get("/audit", response=Page[EntryOut])
def list_audit_entries(
    request: ApiRequest, filters: Query[EntryFilters], paging: Query[Paging]
) -> Slice[EntryOut]:
    """Who did what, newest first. Needs `audit:read`."""
    wanted = selectors.EntryFilter(**filters.model_dump())
    entries = selectors.list_entries(actor=request.actor, wanted=wanted)
    page = paginate(entries, paging, orderings=("sequence", "at"), default="-sequence")
    return Slice([_shown(entry) for entry in page.items], page.next)


def _shown(entry: Entry) -> EntryOut:
    payload = selectors.payload_of(entry)
    return EntryOut(
        **{name: getattr(entry, name) for name in _AS_STORED},
        before=payload.get("before"),
        after=payload.get("after"),
        digest=bytes(entry.digest).hex(),
    )


_AS_STORED = tuple(set(EntryOut.model_fields) - {"before", "after", "digest"})
