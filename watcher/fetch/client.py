"""One request, conditional where it can be, with every limit that a hostile or broken host makes necessary.

Redirects are followed here, one hop at a time, because each hop is checked afresh.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlsplit, urlunsplit

import idna
import pycurl

from watcher.errors import FetchError, FetchReason
from watcher.fetch.exchange import Fetched, NotModified, Request
from watcher.fetch.multi import Multi
from watcher.fetch.refusal import private, refused
from watcher.fetch.transfer import Limits, Transfer, header_lines
from watcher.urls import absolute

if TYPE_CHECKING:
    from watcher.fetch.socket import Listening

REDIRECTS = {301, 302, 303, 307, 308}
PERMANENT_REDIRECTS = {301, 308}
KEEPS_METHOD = {307, 308}
BAD_ADDRESS = "only addresses that begin with https:// or http:// are read"
ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, application/xml;q=0.8, */*;q=0.5"
ALWAYS = {"accept": ACCEPT, "accept-encoding": "gzip, deflate"}
OWN_HOST_ONLY = ("authorization", "cookie", "if-none-match", "if-modified-since")
HANDLES_KEPT = 64
_TLS = {
    pycurl.E_SSL_CONNECT_ERROR, pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_CERTPROBLEM, pycurl.E_SSL_CIPHER,
    pycurl.E_SSL_CACERT_BADFILE, pycurl.E_SSL_ISSUER_ERROR, pycurl.E_SSL_INVALIDCERTSTATUS, pycurl.E_SSL_SHUTDOWN_FAILED,
}  # fmt: skip


class Client:
    """The one HTTP client of a process; an async context manager."""

    def __init__(self, *, user_agent: str, allow_private: bool = False, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._user_agent = user_agent
        self._allow_private = allow_private
        self._multi: Multi | None = None
        self._idle: list[Transfer] = []

    async def __aenter__(self) -> Self:
        self._multi = Multi()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if self._multi is not None:
            self._multi.close()
            self._multi = None
        while self._idle:
            self._idle.pop().close()

    async def fetch(self, request: Request) -> Fetched | NotModified:
        """Ask; raise FetchError with a reason, and with the wait the host asked for."""
        transfer = self._idle.pop() if self._idle else Transfer(self._user_agent, self._allow_private, self._limits)
        kept = False
        try:
            got = await self._follow(transfer, request)
            kept = True
            return got
        except FetchError:
            kept = True
            raise
        finally:
            transfer.start_over()
            if kept and self._multi is not None and len(self._idle) < HANDLES_KEPT:
                self._idle.append(transfer)
            else:
                transfer.close()

    @asynccontextmanager
    async def listen(self, url: str, most: int) -> AsyncIterator[Listening]:
        """An open stream at a ws:// or wss:// address, with messages of up to `most` bytes; raises FetchError."""
        from watcher.fetch.socket import listening  # five megabytes, where nothing is listened to

        async with listening(url, self._user_agent, self._allow_private, self._limits.connect, most) as stream:
            yield stream

    async def _follow(self, transfer: Transfer, request: Request) -> Fetched | NotModified:
        url, permanent, body = request.url, True, request.body
        headers = _request_headers(request)
        clock = asyncio.get_running_loop().time
        until = clock() + self._limits.total
        for _ in range(self._limits.redirects + 1):
            await self._hop(transfer, url, headers, body, until - clock())
            if transfer.status in REDIRECTS and "location" in transfer.headers:
                permanent = permanent and transfer.status in PERMANENT_REDIRECTS
                url, before = absolute(transfer.headers["location"], url), url
                if transfer.status not in KEEPS_METHOD:
                    body = None
                    headers.pop("content-type", None)
                if body is not None and before.startswith("https:") and not url.startswith("https:"):
                    raise FetchError(FetchReason.REDIRECTS, "redirected to where what we send could be read on the way")
                if _origin(url) != _origin(before):
                    if request.confined:
                        raise FetchError(FetchReason.REDIRECTS, "the host sends us elsewhere, where its password is not taken to")
                    headers = {name: value for name, value in headers.items() if name not in OWN_HOST_ONLY}
                continue
            if transfer.status == 304:
                return NotModified(transfer.headers)
            if transfer.status >= 400 or transfer.status < 200:
                raise refused(transfer.status, transfer.headers, transfer.reason(), datetime.now(UTC))
            moved = url if permanent and url != request.url else None
            return Fetched(url, transfer.status, transfer.headers, transfer.body(), moved)
        raise FetchError(FetchReason.REDIRECTS, f"redirected more than {self._limits.redirects} times")

    async def _hop(self, transfer: Transfer, url: str, headers: Mapping[str, str], body: bytes | None, seconds: float) -> None:
        """One request and the headers and body of its answer. Raises FetchError."""
        assert self._multi is not None, "used outside `async with`"
        if not absolute(url, ""):
            raise FetchError(FetchReason.BAD_ADDRESS, BAD_ADDRESS, permanent=True)
        if seconds <= 0:
            raise self._too_slow()
        try:
            transfer.prepare(_ascii(url), header_lines(headers), body, seconds)
        except (ValueError, pycurl.error):
            raise FetchError(FetchReason.BAD_ADDRESS, BAD_ADDRESS, permanent=True) from None
        code, words = await self._multi.run(transfer.curl)
        if transfer.failure is not None:
            raise transfer.failure
        if code and not transfer.stopped and transfer.status < 400:  # a refusal stands, however its reason ended
            raise self._failed(transfer, code, words)

    def _failed(self, transfer: Transfer, code: int, words: str) -> FetchError:
        if transfer.refused:
            return private(transfer.refused)
        if code == pycurl.E_OPERATION_TIMEDOUT:
            return self._too_slow()
        if code == pycurl.E_COULDNT_RESOLVE_HOST:
            return FetchError(FetchReason.DNS, "the host's name is not known; check the address")
        if code == pycurl.E_URL_MALFORMAT:
            return FetchError(FetchReason.BAD_ADDRESS, BAD_ADDRESS, permanent=True)
        number = transfer.curl.getinfo(pycurl.OS_ERRNO)
        why = (os.strerror(number) if number and code not in _TLS else words or "it ended early")[:120]
        if code in _TLS:
            return FetchError(FetchReason.TLS, f"no secure connection: {why}")
        return FetchError(FetchReason.CONNECTION, f"the connection failed: {why}")

    def _too_slow(self) -> FetchError:
        return FetchError(FetchReason.TIMEOUT, f"no complete answer within {self._limits.total:.0f} s")


def _request_headers(request: Request) -> dict[str, str]:
    """By lower-case name; an empty value takes a header of ours out."""
    headers = dict(ALWAYS)
    if request.body is not None:
        headers["content-type"] = "application/octet-stream"
    for name, value in request.headers.items():
        headers[name.lower()] = value
    if request.etag:
        headers["if-none-match"] = request.etag
    if request.last_modified:
        headers["if-modified-since"] = request.last_modified
    return headers


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


def _ascii(url: str) -> str:
    """An address as it goes on the wire: names in IDNA (UTS 46), everything else percent-encoded. Raises ValueError."""
    if url.isascii():
        return url
    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    if not place.isascii():
        host, colon, port = place.partition(":")
        place = idna.encode(host, uts46=True).decode("ascii") + colon + port
    safe = "%/:;=@!$&'()*+,~?[]"
    return urlunsplit((parts.scheme, quote(user, safe="%:") + at + place, quote(parts.path, safe), quote(parts.query, safe), ""))
