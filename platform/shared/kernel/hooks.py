"""Where `shared` needs something of a tenant app, the tenant app registers it here.

Called from AppConfig.ready(); the order is by `order`, then by registration.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared.kernel.actor import Actor
from shared.kernel.errors import Text
from shared.kernel.tenancy import current_organisation


@dataclass(frozen=True)
class ProvisioningStep:
    """A step run once in a new organisation's schema. It must be safe to run twice."""

    name: str
    label: Text
    run: Callable[[], None]
    order: int = 100


@dataclass(frozen=True)
class NavigationItem:
    """An entry of the tenant's side navigation, shown to who holds the permission.

    An empty permission shows it to everybody who is signed in. Entries of the groups
    `shell.SETTINGS_LABELS` stand on the page of settings instead, with `text` under them.
    Those `on_phone` come first in the bar at the bottom of a phone. An entry is the current
    one on its own page, on all below it, and on those below the addresses in `also`.
    """

    group: str
    label: Text
    url_name: str
    icon: str
    permission: str
    order: int = 100
    count: Callable[[Actor], int] | None = None
    text: Text = ""
    on_phone: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Brand:
    """How an organisation looks: its colour as #rrggbb and the address of its logo, or ""."""

    colour: str = ""
    logo_url: str = ""


_provisioning_steps: dict[str, ProvisioningStep] = {}
_navigation: dict[str, NavigationItem] = {}
_topics: dict[str, str] = {}
_brands: list[Callable[[], Brand]] = []


def register_provisioning_step(step: ProvisioningStep) -> None:
    """Add a step by its name; registering again replaces it."""
    _provisioning_steps[step.name] = step


def provisioning_steps() -> list[ProvisioningStep]:
    """All steps in their order."""
    return sorted(_provisioning_steps.values(), key=lambda step: step.order)


def register_navigation(item: NavigationItem) -> None:
    """Add an entry by its URL name; registering again replaces it."""
    _navigation[item.url_name] = item


def navigation(actor: Actor) -> list[NavigationItem]:
    """The entries this actor may open, in their order."""
    items = [
        item for item in _navigation.values() if not item.permission or actor.may(item.permission)
    ]
    return sorted(items, key=lambda item: item.order)


def register_topic(prefix: str, permission: str) -> None:
    """Let browsers of who holds `permission` hear of events named `prefix.…`."""
    _topics[prefix] = permission


def permission_for_topic(topic: str) -> str | None:
    """The permission to hear of the event `area.action`; None where no browser may."""
    return _topics.get(topic.partition(".")[0])


def register_brand(load: Callable[[], Brand]) -> None:
    """Say where the present organisation's brand comes from; the last one registered counts."""
    _brands[:] = [load]


def current_brand() -> Brand:
    """The present organisation's colour and logo; none on the bare domain."""
    if current_organisation() is None or not _brands:
        return Brand()
    return _brands[0]()
