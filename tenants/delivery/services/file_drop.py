"""Where a customer's documents are put by SFTP."""

import re
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import FieldError, Invalid, NotFound
from shared.kernel.outgoing import AddressRefused
from shared.kernel.outgoing.addresses import OPEN_PORTS_FROM, check_host
from shared.kernel.wording import wording_of
from tenants.delivery.models import SftpEndpoint
from tenants.sites.models import Customer

SSH_PORT = 22
PORT_MAX = 65_535
PASSWORD_MAX = 500
KEY_MAX = 10_000
FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
FOLDER = re.compile(r"[\w .~/-]{0,255}")
FILE_NAME = re.compile(r"(?:[\w .-]|\{code\}|\{kind\}|\{customer\}){1,100}")


@dataclass(frozen=True)
class EndpointInput:
    """A file drop as given; an empty password and key keep those in force."""

    host: str
    username: str
    fingerprint: str
    port: int = SSH_PORT
    password: str = ""
    private_key: str = ""
    folder: str = ""
    file_name: str = "{code}"


def set_sftp_endpoint(
    *,
    actor: Actor,
    customer_id: str,
    given: EndpointInput,
    expected_revision: int | None = None,
) -> SftpEndpoint:
    """Say where a customer's documents are put.

    Raises NotFound, Invalid naming each field, PreconditionFailed when stale.
    """
    authorize(actor, "delivery.write")
    with transaction.atomic():
        customer = _customer(customer_id)
        kept = SftpEndpoint.objects.select_for_update().filter(customer=customer).first()
        endpoint = kept or SftpEndpoint(customer=customer, revision=0)
        endpoint.require_revision(expected_revision)
        same_server = kept is not None and kept.host == given.host.strip()
        errors = _problems(given, has_secret=same_server)
        if errors:
            raise Invalid(errors=errors)
        endpoint.host, endpoint.port = given.host.strip(), given.port
        endpoint.username, endpoint.fingerprint = given.username.strip(), given.fingerprint.strip()
        endpoint.folder, endpoint.file_name = given.folder.strip(), given.file_name.strip()
        if given.password or given.private_key:
            endpoint.password, endpoint.private_key = given.password, given.private_key
        endpoint.revision += 1
        endpoint.save()
        after = {"host": endpoint.host, "port": endpoint.port, "folder": endpoint.folder}
        record(actor=actor, action="file_drop.set", target=customer, after=after)
    return endpoint


def remove_sftp_endpoint(
    *, actor: Actor, customer_id: str, expected_revision: int | None = None
) -> None:
    """Put nothing there any more. Raises NotFound, PreconditionFailed when stale."""
    authorize(actor, "delivery.write")
    with transaction.atomic():
        customer = _customer(customer_id)
        kept = SftpEndpoint.objects.select_for_update().filter(customer=customer).first()
        if kept is None:
            raise NotFound(_("The customer has no file drop."))
        kept.require_revision(expected_revision)
        kept.delete()
        record(actor=actor, action="file_drop.removed", target=customer)


def _customer(customer_id: str) -> Customer:
    customer = Customer.objects.select_for_update().filter(customer_id=customer_id).first()
    if customer is None:
        raise NotFound(_("There is no customer %(id)s.") % {"id": customer_id})
    return customer


def _problems(given: EndpointInput, *, has_secret: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    try:
        check_host(given.host.strip())
    except AddressRefused as error:
        errors.append(FieldError("host", "address", wording_of(error.why)))
    if given.port != SSH_PORT and not OPEN_PORTS_FROM <= given.port <= PORT_MAX:
        errors.append(FieldError("port", "range", _("Use port 22, or one from 1024 to 65535.")))
    if not 0 < len(given.username.strip()) <= 100:
        errors.append(FieldError("username", "length", _("1 to 100 characters.")))
    if not FINGERPRINT.fullmatch(given.fingerprint.strip()):
        message = _("SHA256: and 43 characters, as ssh-keygen -l shows it.")
        errors.append(FieldError("fingerprint", "form", message))
    if not FOLDER.fullmatch(given.folder.strip()) or ".." in given.folder:
        message = _("Letters, digits, spaces and . _ - / only.")
        errors.append(FieldError("folder", "form", message))
    if not FILE_NAME.fullmatch(given.file_name.strip()) or "{code}" not in given.file_name:
        message = _("Use {code}, {kind}, {customer} and letters; {code} keeps names apart.")
        errors.append(FieldError("file_name", "form", message))
    return errors + _secret_problems(given, has_secret=has_secret)


def _secret_problems(given: EndpointInput, *, has_secret: bool) -> list[FieldError]:
    if not (given.password or given.private_key or has_secret):
        return [FieldError("password", "required", _("Give a password or a private key."))]
    if len(given.password) > PASSWORD_MAX:
        return [FieldError("password", "length", _("At most 500 characters."))]
    if given.private_key:
        import asyncssh  # slow to load, and few requests bring a key

        try:
            if len(given.private_key) > KEY_MAX:
                raise asyncssh.KeyImportError("too long")
            asyncssh.import_private_key(given.private_key)
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError):
            message = _("This is no private key without a passphrase.")
            return [FieldError("private_key", "form", message)]
    return []
