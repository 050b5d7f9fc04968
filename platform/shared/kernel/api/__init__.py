"""How every endpoint here is written.

    from ninja import Query, Router, Status

    from shared.kernel.api import ApiRequest, Filters, Money, Page, Paging, Schema, Slice
    from shared.kernel.api import expected_revision, paginate, require_fresh

    router = Router(tags=["Sites"])

    class SiteOut(Schema):
        site_id: str
        site_name: str
        credit_limit: Money | None

    class SiteFilters(Filters):
        territory_id: str | None = None

    @router.get("/customer-sites", response=Page[SiteOut])
    def list_sites(
        request: ApiRequest, filters: Query[SiteFilters], paging: Query[Paging]
    ) -> Slice[Site]:
        '''Sites the caller may see.'''
        rows = selectors.list_sites(actor=request.actor, territory_id=filters.territory_id)
        return paginate(rows, paging, orderings=("site_id", "site_name"), default="site_id")

    @router.get("/customer-sites/{site_id}", response=SiteOut)
    def get_site(request: ApiRequest, response: HttpResponse, site_id: str) -> Site:
        '''One site.'''
        site = selectors.get_site(actor=request.actor, site_id=site_id)
        require_fresh(request, response, site)  # sets ETag; 304 where the caller has it already
        return site

A change passes `expected_revision(request)` (If-Match) to its service and ends with
`set_etag(response, row)`.

Parsing, validation, sign-in, problems, idempotency keys and rate limits happen around the
function. Raise AppErrors from the services; catch nothing here.
"""

from shared.kernel.api.application import make_api
from shared.kernel.api.auth import ApiRequest, actor_auth
from shared.kernel.api.etags import Representation, expected_revision, require_fresh, set_etag
from shared.kernel.api.pagination import Page, Paging, Slice, paginate
from shared.kernel.api.schemas import (
    CamelSchema,
    Filters,
    Fraction,
    Money,
    Number,
    Rate,
    Schema,
    Text,
    Worded,
)

__all__ = [
    "ApiRequest",
    "CamelSchema",
    "Filters",
    "Fraction",
    "Money",
    "Number",
    "Page",
    "Paging",
    "Rate",
    "Representation",
    "Schema",
    "Slice",
    "Text",
    "Worded",
    "actor_auth",
    "expected_revision",
    "make_api",
    "paginate",
    "require_fresh",
    "set_etag",
]
