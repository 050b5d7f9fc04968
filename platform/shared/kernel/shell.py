"""The frame around a page: whose organisation, where one can go, who is signed in."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from shared.kernel.actor import ANONYMOUS, Actor
from shared.kernel.errors import Text
from shared.kernel.hooks import NavigationItem, current_brand, navigation

GROUP_LABELS: dict[str, Text] = {
    "": "",
    "billing": _("Billing"),
    "money": _("Cash and books"),
    "workforce": _("Workforce"),
    "company": _("Company"),
}
SETTINGS_LABELS: dict[str, Text] = {
    "settings_company": _("Company and taxes"),
    "settings_documents": _("Documents and delivery"),
    "settings_access": _("People and access"),
}
PHONE_LINKS = 4


@dataclass(frozen=True)
class Link:
    """An entry of the navigation."""

    label: Text
    url: str
    icon: str
    count: int | None = None
    text: Text = ""
    on_phone: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Entries under one heading; the first group has none."""

    label: Text
    links: Sequence[Link]


@dataclass(frozen=True)
class Shell:
    """What `layouts/app.html` shows around a page."""

    organisation: str = ""
    logo_url: str = ""
    brand_colour: str = ""
    groups: Sequence[Group] = ()
    person: str = ""
    role: Text = ""

    @property
    def phone_links(self) -> list[Link]:
        """The entries that fit in the bar at the bottom of a phone."""
        links = [link for group in self.groups for link in group.links]
        return sorted(links, key=lambda link: not link.on_phone)[:PHONE_LINKS]


def _link(item: NavigationItem, actor: Actor) -> Link | None:
    """None where the entry's page is not wired in this site's URLs."""
    try:
        url = reverse(item.url_name)
    except NoReverseMatch:
        return None
    count = item.count(actor) if item.count else None
    return Link(item.label, url, item.icon, count or None, item.text, item.on_phone, item.also)


def _found(actor: Actor) -> dict[str, list[Link]]:
    """The entries of every group, in the order of the groups."""
    found: dict[str, list[Link]] = {key: [] for key in (*GROUP_LABELS, *SETTINGS_LABELS)}
    for item in navigation(actor):
        link = _link(item, actor)
        if link:
            found.setdefault(item.group, []).append(link)
    return found


def _groups(actor: Actor) -> list[Group]:
    """The groups of the side navigation; all settings are one entry, the last of the company."""
    found = _found(actor)
    settings = [found.pop(key) for key in SETTINGS_LABELS]
    if any(settings):
        found["company"].append(Link(_("Settings"), reverse("settings"), "settings"))
    return [Group(GROUP_LABELS.get(key, key), links) for key, links in found.items() if links]


def settings_groups(actor: Actor) -> list[Group]:
    """The pages of settings that the actor may open, by what they are about."""
    found = _found(actor)
    return [Group(label, found[key]) for key, label in SETTINGS_LABELS.items() if found[key]]


def settings_above(request: HttpRequest) -> list[tuple[Text, str]]:
    """The crumb of all settings, for who is on one of their pages; else nothing."""
    actor: Actor = getattr(request, "actor", None) or ANONYMOUS
    items = [item for item in navigation(actor) if item.group in SETTINGS_LABELS]
    links = [link for item in items if (link := _link(item, actor))]
    addresses = [address for link in links for address in (link.url, *link.also)]
    if any(request.path == one or request.path.startswith(f"{one}/") for one in addresses):
        return [(_("Settings"), reverse("settings"))]
    return []


def _role_label(request: HttpRequest | None, actor: Actor) -> Text:
    """The role in the reader's words where the user's model has them."""
    user = getattr(request, "user", None)
    display = getattr(user, "get_role_display", None)
    return display() if display else actor.role or ""


def build_shell(request: HttpRequest | None) -> Shell:
    """From the request's organisation and actor; an empty frame without them."""
    organisation = getattr(request, "tenant", None)
    actor: Actor = getattr(request, "actor", None) or ANONYMOUS
    known = actor.kind != "anonymous"
    brand = current_brand()
    return Shell(
        organisation=getattr(organisation, "name", ""),
        logo_url=brand.logo_url,
        brand_colour=brand.colour,
        groups=_groups(actor) if known else (),
        person=actor.label if known else "",
        role=_role_label(request, actor) if known else "",
    )
