"""A WebSocket to listen at, opened as carefully as any other connection: addresses checked before they are connected to, sizes bounded.

No proxy, no compression, no redirect: the library gets a socket that is connected already, and cannot make another.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

import certifi
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from watcher.errors import FetchError, FetchReason
from watcher.fetch.guard import is_public
from watcher.fetch.refusal import private, refused

PING = 20.0  # seconds between two pings, and for which an answer is waited for
TOO_BIG = 1009  # the closing code for a message beyond the limit
NO_STREAM = "no WebSocket answers there; check `url`"
PORTS = {"ws": 80, "wss": 443}


class Listening:
    """An open WebSocket; nothing is ever said on it."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def next(self) -> bytes:
        """The next message; safe to cancel. Raises FetchError when the stream has ended, or sent more than the limit at once."""
        try:
            return await self._connection.recv(decode=False)
        except ConnectionClosed as e:
            if e.sent is not None and e.sent.code == TOO_BIG and not e.rcvd_then_sent:
                raise FetchError(FetchReason.TOO_LARGE, "a message of the stream is larger than any post") from None
            raise FetchError(FetchReason.CONNECTION, "the stream ended") from None


@asynccontextmanager
async def listening(url: str, user_agent: str, allow_private: bool, seconds: float, most: int) -> AsyncIterator[Listening]:
    """Open a ws:// or wss:// address within `seconds`; messages hold up to `most` bytes. Raises FetchError."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise FetchError(FetchReason.BAD_ADDRESS, "streams are listened to at addresses that begin with wss:// or ws://", permanent=True)
    try:
        async with asyncio.timeout(seconds):
            sock = await _connected(parts.hostname, parts.port or PORTS[parts.scheme], allow_private)
            connection = await _opened(url, sock, user_agent, most)
    except TimeoutError:
        raise FetchError(FetchReason.TIMEOUT, f"the stream did not open within {seconds:.0f} s") from None
    try:
        yield Listening(connection)
    finally:
        await connection.close()


async def _opened(url: str, sock: socket.socket, user_agent: str, most: int) -> ClientConnection:
    context = ssl.create_default_context(cafile=certifi.where()) if url.startswith("wss:") else None
    try:
        return await connect(
            url, sock=sock, ssl=context, user_agent_header=user_agent, compression=None, proxy=None, open_timeout=None,
            ping_interval=PING, ping_timeout=PING, close_timeout=1, max_size=most,
        )  # fmt: skip
    except InvalidStatus as e:
        if e.response.status_code < 400:
            raise FetchError(FetchReason.UNREADABLE, NO_STREAM, status=e.response.status_code) from None
        headers = {name.lower(): value for name, value in e.response.headers.raw_items()}
        raise refused(e.response.status_code, headers, bytes(e.response.body or b"")[:2_000], datetime.now(UTC)) from None
    except ssl.SSLError as e:
        raise FetchError(FetchReason.TLS, f"no secure connection: {e.reason or 'the handshake failed'}") from None
    except (InvalidHandshake, InvalidURI, ValueError):
        raise FetchError(FetchReason.UNREADABLE, NO_STREAM) from None
    except (OSError, EOFError) as e:
        raise FetchError(FetchReason.CONNECTION, f"the connection failed: {getattr(e, 'strerror', None) or 'it ended early'}") from None


async def _connected(host: str, port: int, allow_private: bool) -> socket.socket:
    """A socket to the first address that takes one; what was checked is what is connected to, so no name can change in between."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise FetchError(FetchReason.DNS, "the host's name is not known; check the address") from None
    why = "the host's name has no address"
    for family, kind, protocol, _, address in found:
        if not allow_private and not is_public(str(address[0])):
            raise private(str(address[0]))
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(0)
            await loop.sock_connect(sock, address)
        except OSError as e:
            sock.close()
            why = f"the connection failed: {e.strerror or 'no answer'}"
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise FetchError(FetchReason.CONNECTION, why)
