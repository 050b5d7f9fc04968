"""Onto the customer's server by SFTP: the PDF, and the e-invoice of an invoice as XML.

The address is checked as every address that a tenant types, the host key is pinned. A file is
written under another name and then renamed, so that nobody reads half of it; a name that is
there already was delivered before.
"""

import asyncio
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any

import asyncssh

from shared.kernel.errors import AppError
from shared.kernel.outgoing import AddressRefused, open_socket
from shared.keyring.storage import EncryptedStorage
from tenants.delivery.channels.base import CannotDeliver, Sent, TryLater
from tenants.delivery.models import Delivery, DocumentKind, SftpEndpoint
from tenants.documents.factur_x import write_factur_x
from tenants.documents.services import provide_document
from tenants.documents.sources import source_of

CONNECT_SECONDS = 10.0
TOTAL_SECONDS = 60.0  # less than the lease of a delivery


def drop_files(delivery: Delivery) -> Sent:
    """Put the delivery's files on the customer's server. Raises TryLater and CannotDeliver."""
    endpoint: SftpEndpoint | None = SftpEndpoint.objects.filter(customer=delivery.customer).first()
    if endpoint is None:
        raise CannotDeliver("no_endpoint")
    files = _files(delivery, endpoint)
    try:
        connection = open_socket(endpoint.host, endpoint.port, timeout_seconds=CONNECT_SECONDS)
    except AddressRefused as error:
        raise CannotDeliver("address_refused") from error
    except OSError as error:
        raise TryLater(type(error).__name__) from error
    try:
        asyncio.run(asyncio.wait_for(_upload(connection, endpoint, files), TOTAL_SECONDS))
    except asyncssh.HostKeyNotVerifiable as error:
        raise CannotDeliver("host_key_changed") from error
    except (asyncssh.PermissionDenied, asyncssh.KeyImportError) as error:
        raise CannotDeliver("sign_in_refused") from error
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPPermissionDenied) as e:
        raise CannotDeliver("folder_refused") from e
    except (asyncssh.Error, OSError, TimeoutError) as error:
        raise TryLater(type(error).__name__) from error
    finally:
        connection.close()
    return Sent(message_id=f"sftp:{next(iter(files))}"[:120], arrived=True)


def file_name(pattern: str, delivery: Delivery) -> str:
    """The name of a delivery's files without its ending; `{code}`, `{kind}`, `{customer}`."""
    values = {
        "{code}": delivery.object_code,
        "{kind}": delivery.kind,
        "{customer}": delivery.customer.customer_id,
    }
    for placeholder, value in values.items():
        pattern = pattern.replace(placeholder, value)
    return pattern.replace("/", "-")


def _files(delivery: Delivery, endpoint: SftpEndpoint) -> Mapping[str, bytes]:
    """The XML comes first: whoever waits for the PDF finds both."""
    name = file_name(endpoint.file_name, delivery)
    document = provide_document(kind=delivery.kind, object_id=delivery.object_id)
    if document is None:
        raise TryLater("document_in_work")
    files = {}
    if delivery.kind == DocumentKind.INVOICE:
        contents, language = source_of(delivery.kind).load(delivery.object_id)
        with suppress(AppError):  # an invoice without lines has none: the PDF goes alone
            files[f"{name}.xml"] = write_factur_x(contents, language)
    with EncryptedStorage().open(document.file_name) as file:
        files[f"{name}.pdf"] = file.read()
    return files


class _Pinned(asyncssh.SSHClient):
    """Trusts the one host key whose fingerprint was typed."""

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Compare the SHA-256 fingerprints."""
        return key.get_fingerprint() == self._fingerprint


async def _upload(
    connection: socket.socket, endpoint: SftpEndpoint, files: Mapping[str, bytes]
) -> None:
    async with (
        asyncssh.connect(
            sock=connection,
            client_factory=lambda: _Pinned(endpoint.fingerprint),
            **_options(endpoint),
        ) as client,
        client.start_sftp_client() as sftp,
    ):
        for name, content in files.items():
            target = str(PurePosixPath(endpoint.folder or ".") / name)
            if await sftp.exists(target):
                continue
            unfinished = f"{target}.part"
            async with sftp.open(unfinished, "wb") as file:
                await file.write(content)
            await sftp.rename(unfinished, target)


def _options(endpoint: SftpEndpoint) -> dict[str, Any]:
    """Nothing of this machine's own SSH configuration, keys or agent."""
    key = str(endpoint.private_key)
    return {
        "username": endpoint.username,
        "password": str(endpoint.password) or None,
        "client_keys": [asyncssh.import_private_key(key)] if key else [],
        "known_hosts": ([], [], []),
        "config": [],
        "agent_path": None,
        "gss_host": None,
        "connect_timeout": CONNECT_SECONDS,
        "login_timeout": CONNECT_SECONDS,
    }
