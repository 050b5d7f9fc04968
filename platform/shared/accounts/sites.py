"""What the present site is called and where it answers, whatever Host header was sent."""

from django.conf import settings

from shared.kernel.tenancy import current_organisation


def site_name() -> str:
    """The organisation's name; on the bare domain, the product's."""
    organisation = current_organisation()
    return organisation.name if organisation else "InvoicePatch"


def site_host() -> str:
    """The host name without port; passkeys are bound to it."""
    organisation = current_organisation()
    if organisation is None:
        return str(settings.BASE_DOMAIN)
    return f"{organisation.subdomain}.{settings.BASE_DOMAIN}"


def site_url(path: str) -> str:
    """An absolute link to `path` (which starts with a slash) on the present site."""
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    return f"{settings.PUBLIC_SCHEME}://{site_host()}{port}{path}"


def default_language() -> str:
    """The organisation's language; on the bare domain, the service's."""
    organisation = current_organisation()
    return organisation.language if organisation else str(settings.LANGUAGE_CODE)


def default_time_zone() -> str:
    """The organisation's time zone; on the bare domain, the service's."""
    organisation = current_organisation()
    return organisation.time_zone if organisation else str(settings.TIME_ZONE)
