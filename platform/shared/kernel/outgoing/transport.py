"""An httpx transport whose connections go to checked addresses only, and end in time."""

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import httpcore
import httpx
from django.conf import settings

from shared.kernel.outgoing.addresses import resolve_public

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
ANSWER_BYTES_MAX = 1024 * 1024
USER_AGENT = "InvoicePatch/1.0"

# httpcore's errors and what httpx's users expect; the narrow ones first.
_ERRORS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.PoolTimeout, httpx.PoolTimeout),
    (httpcore.WriteTimeout, httpx.WriteTimeout),
    (httpcore.TimeoutException, httpx.ReadTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.NetworkError, httpx.ReadError),
    (httpcore.ProtocolError, httpx.RemoteProtocolError),
    (httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol),
    (OSError, httpx.ConnectError),
)


class _Deadline:
    """When everything must be over, however slowly the other side answers."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    def left(self, timeout: float | None) -> float:
        """The seconds the next step may take. Raises httpcore.ReadTimeout when none are left."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("The whole request took too long.")
        return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    """A connection that keeps the deadline of its request at every step."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As the stream's own."""
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """As the stream's own."""
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        """As the stream's own."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """As the stream's own: the certificate must be that of the name, not of the address."""
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _Stream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """As the stream's own."""
        return self._stream.get_extra_info(info)


class GuardedBackend(httpcore.NetworkBackend):
    """Resolves, checks, and connects to an address it has checked."""

    def __init__(self, total_seconds: float) -> None:
        self._plain = httpcore.SyncBackend()
        self._total_seconds = total_seconds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to one of the host's addresses, in their order. AddressRefused, OSError."""
        deadline = _Deadline(self._total_seconds)
        last: Exception | None = None
        for address in resolve_public(host, port):
            try:
                stream = self._plain.connect_tcp(
                    address, port, deadline.left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
                continue
            return _Stream(stream, deadline)
        raise last or httpcore.ConnectError("The host has no address.")

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Never: a file of ours is not outside."""
        raise httpcore.UnsupportedProtocol("Sockets of this machine are not reached from here.")


class _Body(httpx.SyncByteStream):
    """An answer's body with httpx's errors."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _httpx_errors():
            yield from self._stream

    def close(self) -> None:
        """Let the connection go."""
        self._stream.close()


class GuardedTransport(httpx.BaseTransport):
    """For `httpx.Client(transport=…)`: one connection a request, to a checked address."""

    def __init__(self, *, total_seconds: float = TOTAL_SECONDS) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=_trusted(settings.OUTGOING_CA_FILE),
            max_connections=10,
            max_keepalive_connections=0,  # the deadline is a request's, not a connection's
            network_backend=GuardedBackend(total_seconds),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request. Raises httpx.TransportError, or AddressRefused for where it goes."""
        with _httpx_errors():
            answer = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


def outgoing_client(*, total_seconds: float = TOTAL_SECONDS, **options: Any) -> httpx.Client:
    """A client for addresses that people typed; read large answers by `read_limited`."""
    headers = {"user-agent": USER_AGENT, **options.pop("headers", {})}
    return httpx.Client(
        transport=GuardedTransport(total_seconds=total_seconds),
        timeout=httpx.Timeout(total_seconds, connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
        headers=headers,
        **options,
    )


def read_limited(answer: httpx.Response, *, limit: int = ANSWER_BYTES_MAX) -> bytes:
    """At most `limit` bytes of a streamed answer's body, before any decompression.

    A small body cannot become a large one: compressed ones are read as they came.
    """
    parts: list[bytes] = []
    size = 0
    for part in answer.iter_raw():
        parts.append(part[: limit - size])
        size += len(parts[-1])
        if size >= limit:
            break
    return b"".join(parts)


@lru_cache(maxsize=4)
def _trusted(ca_file: str) -> ssl.SSLContext:
    context = httpcore.default_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context


@contextmanager
def _httpx_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        for ours, theirs in _ERRORS:
            if isinstance(error, ours):
                raise theirs(str(error)) from error
        raise
