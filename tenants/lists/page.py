"""A list as its page draws it: which view is open, which columns it has, where views lead.

The address says everything: a view is a query under a name, and opening one leads to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

from shared.kernel.api.auth import ApiRequest
from tenants.lists.selectors import VIEWS_SHOWN, views_of
from tenants.lists.services import SHARE
from tenants.lists.specs import COLUMNS, SORT, VIEW, ListSpec, write_query

if TYPE_CHECKING:
    from tenants.lists.selectors import ViewRow

EVERYTHING = "all"  # the value of `view` that no default view takes over


@dataclass(frozen=True)
class ViewLink:
    """A view as the menu shows it."""

    view: "ViewRow"
    url: str
    is_current: bool
    is_own: bool


@dataclass(frozen=True)
class ListPage:
    """What the toolbar and the table of a list need; `redirect_to` is where to go instead."""

    spec: ListSpec
    columns: Sequence[str]
    query: str
    kept: Sequence[tuple[str, str]]
    filters: Sequence[tuple[str, str]]
    views: Sequence[ViewLink]
    is_filtered: bool
    may_share: bool
    everything_url: str
    redirect_to: str = ""

    @property
    def current(self) -> ViewLink | None:
        """The view that is open."""
        return next((link for link in self.views if link.is_current), None)

    @property
    def may_delete_current(self) -> bool:
        """Whether the view that is open can be removed by the reader."""
        return bool(self.current and (self.current.is_own or self.may_share))


def open_list(request: ApiRequest, spec: ListSpec) -> ListPage:
    """The list as the address asks for it, with its views in one query.

    An address without any question leads to the reader's default view; one that names a view
    and nothing else leads to what the view asks for.
    """
    path = reverse(spec.url_name)
    given = {name: request.GET.getlist(name) for name in request.GET}
    wanted = next(iter(given.get(VIEW, [])), "")
    views = list(views_of(actor=request.actor, list_name=spec.name)[:VIEWS_SHOWN])
    links = [
        ViewLink(
            view=view,
            url=f"{path}?{write_query({**spec.clean(view.query), VIEW: [str(view.pk)]})}",
            is_current=str(view.pk) == wanted,
            is_own=view.owner == request.actor.id,
        )
        for view in views
    ]
    query = spec.clean(given)
    carried = {VIEW: [wanted]} if wanted else {}
    return ListPage(
        spec=spec,
        columns=query.get(COLUMNS) or spec.usual_columns,
        query=write_query(query),
        kept=_pairs({**carried, COLUMNS: query.get(COLUMNS, [])}),
        filters=_pairs(
            {**carried, **{name: query.get(name, []) for name in (*spec.filters, SORT)}}
        ),
        views=links,
        is_filtered=any(name in query for name in spec.filters),
        may_share=request.actor.may(SHARE),
        everything_url=f"{path}?{VIEW}={EVERYTHING}",
        redirect_to=_elsewhere(given, links, spec),
    )


def _elsewhere(given: dict[str, list[str]], links: list[ViewLink], spec: ListSpec) -> str:
    if not given:
        return next((link.url for link in links if link.view.is_default), "")
    if set(given) == {VIEW}:
        asking = (link.url for link in links if link.is_current and spec.clean(link.view.query))
        return next(asking, "")
    return ""


def _pairs(query: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, values in query.items() for value in values]
