"""Postal addresses as JSON objects with known keys.

Source: `api.md`, POST /api/v1/customer-sites: `{street1, street2?, city, state, zip,
country="CA"}`; `state` is the province, the place of supply.
"""

from collections.abc import Mapping

from billing.tax import PROVINCES
from shared.kernel.errors import FieldError
from shared.kernel.wording import worded as _

MAX_LENGTH = 255
REQUIRED = ("street1", "city", "state", "zip")
KEYS = ("street1", "street2", "city", "state", "zip", "country")


def clean_address(
    given: Mapping[str, object], path: str, errors: list[FieldError]
) -> dict[str, str]:
    """The address with trimmed texts and an upper-case country; problems go to `errors`."""
    address: dict[str, str] = {}
    for key, value in given.items():
        if key not in KEYS:
            errors.append(FieldError(f"{path}.{key}", "unknown", _("There is no such field.")))
        elif value is not None and not isinstance(value, str):
            errors.append(FieldError(f"{path}.{key}", "not_text", _("Must be a text.")))
        elif value and len(value) > MAX_LENGTH:
            errors.append(FieldError(f"{path}.{key}", "too_long", _("At most 255 characters.")))
        elif value and value.strip():
            address[key] = value.strip()
    address["country"] = address.get("country", "CA").upper()
    errors.extend(
        FieldError(f"{path}.{key}", "required", _("This field is required."))
        for key in REQUIRED
        if key not in address and not any(e.field == f"{path}.{key}" for e in errors)
    )
    _check_places(address, path, errors)
    return address


def _check_places(address: dict[str, str], path: str, errors: list[FieldError]) -> None:
    country, state = address["country"], address.get("state")
    if len(country) != 2 or not country.isascii() or not country.isalpha():
        errors.append(
            FieldError(f"{path}.country", "not_a_country", _("Use the two-letter country code."))
        )
    elif country == "CA" and state:
        address["state"] = state.upper()
        if address["state"] not in PROVINCES:
            errors.append(
                FieldError(
                    f"{path}.state",
                    "not_a_province",
                    _("Use the two-letter code of a province or territory, such as ON."),
                )
            )
