"""One request, conditional where it can be, with every limit that a hostile or broken host makes necessary.

Redirects are followed here, one hop at a time, because each hop is checked afresh.
"""

from __future__ import annotations

import asyncio
import email.utils
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import aiohttp
import certifi
from multidict import CIMultiDictProxy

from watcher.errors import FetchError, FetchReason
from watcher.fetch.exchange import Fetched, NotModified, Request
from watcher.fetch.guard import PrivateAddressError, guarded_socket
from watcher.fetch.unpack import Unpacker
from watcher.urls import absolute

REDIRECTS = {301, 302, 303, 307, 308}
PERMANENT_REDIRECTS = {301, 308}
RETRY_AFTER_CAP = 86_400.0  # seconds; nobody makes us wait longer than a day
BAD_ADDRESS = "only addresses that begin with https:// or http:// are read"
ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, application/xml;q=0.8, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one fetch may cost: seconds to connect, between bytes and in all; bytes after unpacking; hops."""

    connect: float = 10.0
    idle: float = 15.0
    total: float = 30.0
    body: int = 10_000_000
    redirects: int = 5


class Client:
    """The one HTTP client of a process; an async context manager."""

    def __init__(self, *, user_agent: str, allow_private: bool = False, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._user_agent = user_agent
        self._allow_private = allow_private
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        connector = aiohttp.TCPConnector(
            limit=0, ssl=context, ttl_dns_cache=60, socket_factory=guarded_socket(self._allow_private), enable_cleanup_closed=False
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._limits.total, sock_connect=self._limits.connect, sock_read=self._limits.idle),
            headers={"User-Agent": self._user_agent, "Accept": ACCEPT, "Accept-Encoding": "gzip, deflate"},
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if self._session is not None:
            await self._session.close()

    async def fetch(self, request: Request) -> Fetched | NotModified:
        """Ask; raise FetchError with a reason, and with the wait the host asked for."""
        try:
            async with asyncio.timeout(self._limits.total):
                return await self._follow(request)
        except TimeoutError:
            raise FetchError(FetchReason.TIMEOUT, f"no complete answer within {self._limits.total:.0f} s") from None
        except PrivateAddressError as e:
            raise _private(str(e)) from None
        except aiohttp.ClientConnectorDNSError:
            raise FetchError(FetchReason.DNS, "the host's name is not known; check the address") from None
        except (aiohttp.ClientSSLError, aiohttp.ClientConnectorCertificateError, ssl.SSLError) as e:
            raise FetchError(FetchReason.TLS, f"no secure connection: {_short(e)}") from None
        except aiohttp.InvalidURL:
            raise FetchError(FetchReason.BAD_ADDRESS, BAD_ADDRESS, permanent=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as e:
            cause = getattr(e, "os_error", None)
            if isinstance(cause, PrivateAddressError):
                raise _private(str(cause)) from None
            raise FetchError(FetchReason.CONNECTION, f"the connection failed: {_short(e)}") from None

    async def _follow(self, request: Request) -> Fetched | NotModified:
        url, permanent = request.url, True
        headers = dict(request.headers)
        if request.etag:
            headers["If-None-Match"] = request.etag
        if request.last_modified:
            headers["If-Modified-Since"] = request.last_modified
        for _ in range(self._limits.redirects + 1):
            if not absolute(url, ""):
                raise FetchError(FetchReason.BAD_ADDRESS, BAD_ADDRESS, permanent=True)
            assert self._session is not None, "used outside `async with`"
            method = "GET" if request.body is None else "POST"
            async with self._session.request(method, url, headers=headers, data=request.body, allow_redirects=False) as response:
                if response.status in REDIRECTS and "Location" in response.headers:
                    permanent = permanent and response.status in PERMANENT_REDIRECTS
                    url = absolute(response.headers["Location"], url)
                    continue
                if response.status == 304:
                    return NotModified(_headers(response.headers))
                if response.status >= 400 or response.status < 200:
                    raise _refused(response.status, response.headers)
                body = await self._body(response)
                moved = url if permanent and url != request.url else None
                return Fetched(url, response.status, _headers(response.headers), body, moved)
        raise FetchError(FetchReason.REDIRECTS, f"redirected more than {self._limits.redirects} times")

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        unpack = Unpacker(response.headers.get("Content-Encoding", ""), self._limits.body)
        async for chunk in response.content.iter_any():
            unpack.feed(chunk)
        return unpack.finish()


def _headers(raw: CIMultiDictProxy[str]) -> dict[str, str]:
    """Headers by lower-case name; of repeated ones all values, joined by commas."""
    out: dict[str, str] = {}
    for name, value in raw.items():
        key = name.lower()
        out[key] = f"{out[key]}, {value}" if key in out else value
    return out


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait, from a Retry-After header in either of its forms (RFC 9110 10.2.3); capped at a day."""
    if not value:
        return None
    text = value.strip()
    if text.isdigit():
        return min(float(text[:9]), RETRY_AFTER_CAP)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
    return min(max((when - now).total_seconds(), 0.0), RETRY_AFTER_CAP)


def _refused(status: int, headers: CIMultiDictProxy[str]) -> FetchError:
    wait = retry_after(headers.get("Retry-After"), datetime.now(UTC))
    if status in {429, 503}:
        return FetchError(FetchReason.RATE_LIMITED, f"the host asks us to slow down (HTTP {status})", retry_after=wait, status=status)
    if status in {401, 403, 451}:
        challenge = " with a bot challenge" if headers.get("cf-mitigated") == "challenge" else ""
        return FetchError(FetchReason.BLOCKED, f"the host refuses us (HTTP {status}){challenge}", retry_after=wait, status=status)
    if status == 410:
        return FetchError(FetchReason.GONE, "the host says it is gone for good (HTTP 410)", permanent=True, status=status)
    if status == 404:
        return FetchError(FetchReason.NOT_FOUND, "there is nothing at this address (HTTP 404)", status=status)
    return FetchError(FetchReason.HTTP, f"the host answered HTTP {status}", retry_after=wait, status=status)


def _private(detail: str) -> FetchError:
    return FetchError(
        FetchReason.PRIVATE_ADDRESS,
        f"{detail}; sources on private or loopback addresses are read only with CONCORDAT_ALLOW_PRIVATE_ADDRESSES=true",
        permanent=True,
    )


def _short(e: BaseException) -> str:
    cause = getattr(e, "os_error", None) or e
    return (getattr(cause, "strerror", None) or str(cause) or type(cause).__name__).splitlines()[0][:120]
