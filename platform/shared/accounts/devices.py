"""What somebody would call the device and browser that a session was opened with."""

import re

from django.utils.translation import gettext as _

# The first that is found counts: most browsers also claim to be the ones below them.
BROWSERS = (
    ("Edge", "Edg"),
    ("Opera", "OPR/"),
    ("Samsung Internet", "SamsungBrowser"),
    ("Firefox", "Firefox|FxiOS"),
    ("Chrome", "Chrome|CriOS|Chromium"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Chromebook", "CrOS"),
    ("Mac", "Macintosh"),
    ("Linux", "Linux"),
)
SHOWN = 60


def device_name(user_agent: str) -> str:
    """ "Firefox on Windows"; what no name is known for is shown as the program names itself."""
    browser, system = _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or user_agent[:SHOWN] or _("Unknown device")


def _first(names: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for name, sign in names if re.search(sign, user_agent)), "")
