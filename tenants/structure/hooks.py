"""Apps above this one that act on a company's registrations register themselves here.

    on_registrations_changed(heal_after_registration)    # in AppConfig.ready()

A listener runs inside the transaction that changed them.
"""

from collections.abc import Callable
from uuid import UUID

RegistrationListener = Callable[[UUID], None]

_listeners: list[RegistrationListener] = []


def on_registrations_changed(listener: RegistrationListener) -> None:
    """Call `listener(entity_id)` with the company whose tax registrations were saved."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell_registrations_changed(entity_id: UUID) -> None:
    """Tell every listener."""
    for listener in _listeners:
        listener(entity_id)
