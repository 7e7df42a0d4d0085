"""What goes wrong with feeds in the wild, each a function that answers in the feed's place.

Set one on a feed (`feed.fault = status(503)`), or queue some for its next requests (`feed.faults.extend([hang(),
status(429)])`).
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from datetime import datetime
from email.utils import format_datetime
from functools import cache

from aiohttp import web

Fault = Callable[[web.Request, bytes, str], Awaitable[web.StreamResponse]]
"""A fault is given the request, and the body and media type that the healthy feed would have sent."""

FOREVER = 3600.0
MEGABYTE = 1 << 20
PAGE = b"<!doctype html><html><head><title>Just a moment</title></head><body><p>Checking you.</p></body></html>"


def status(code: int, *, retry_after: float | datetime | None = None, body: str = "") -> Fault:
    """Answer with a status; `retry_after` is written as seconds, or as an HTTP date where it is a moment in UTC."""

    async def fault(request: web.Request, healthy: bytes, media: str) -> web.StreamResponse:
        headers = {}
        if isinstance(retry_after, datetime):
            headers["Retry-After"] = format_datetime(retry_after, usegmt=True)
        elif retry_after is not None:
            headers["Retry-After"] = f"{retry_after:g}"
        return web.Response(status=code, text=body, headers=headers)

    return fault


def refused(code: int, reason: bytes, media: str, *, packed: bool = False, length: int | None = None) -> Fault:
    """Answer with a status and a reason; with a `length` beyond it, close before the reason has come whole."""

    async def fault(request: web.Request, healthy: bytes, _media: str) -> web.StreamResponse:
        headers = {"Content-Type": media, **({"Content-Encoding": "gzip"} if packed else {})}
        response = web.StreamResponse(status=code, headers=headers)
        if length is not None:
            response.content_length = length
        await response.prepare(request)
        await response.write(gzip.compress(reason) if packed else reason)
        if length is not None and request.transport is not None:
            request.transport.close()
        return response

    return fault


def redirect(to: str, code: int = 302) -> Fault:
    """Send the caller elsewhere; an address that is the feed's own makes a loop."""

    async def fault(request: web.Request, healthy: bytes, media: str) -> web.StreamResponse:
        return web.Response(status=code, headers={"Location": to})

    return fault


def replaced(body: bytes, media: str) -> Fault:
    """Answer 200 with another body than the feed's."""

    async def fault(request: web.Request, healthy: bytes, _media: str) -> web.StreamResponse:
        return web.Response(body=body, headers={"Content-Type": media})

    return fault


def page(media: str = "text/html; charset=utf-8") -> Fault:
    """A web page where the feed was, as consent walls and bot checks send."""
    return replaced(
        PAGE,
        media,
    )


def empty() -> Fault:
    """Answer 200 with nothing at all."""
    return replaced(b"", "application/rss+xml")


def garbage() -> Fault:
    """Answer 200 with bytes that are no text in any charset."""
    return replaced(bytes(range(256)) * 200, "application/rss+xml")


def wrong_charset(declared: str, actual: str) -> Fault:
    """Send the feed encoded in `actual` while its header and its XML declaration say `declared`."""

    async def fault(request: web.Request, healthy: bytes, media: str) -> web.StreamResponse:
        text = healthy.decode().replace('encoding="UTF-8"', f'encoding="{declared}"')
        return web.Response(
            body=text.encode(actual, "replace"), headers={"Content-Type": f"{media}; charset={declared}"}
        )

    return fault


def gzip_bomb(megabytes: int = 300) -> Fault:
    """A few hundred kilobytes that unpack to `megabytes`."""

    async def fault(request: web.Request, healthy: bytes, media: str) -> web.StreamResponse:
        return web.Response(body=_bomb(megabytes), headers={"Content-Type": media, "Content-Encoding": "gzip"})

    return fault


@cache
def _bomb(megabytes: int) -> bytes:
    return gzip.compress(b"<rss version='2.0'><channel>", 9) + gzip.compress(b" " * MEGABYTE, 9) * megabytes


def hang() -> Fault:
    """Take the request and never answer."""

    async def fault(request: web.Request, healthy: bytes, media: str) -> web.StreamResponse:
        await asyncio.sleep(FOREVER)
        return web.Response(status=504)

    return fault


def drip(pause: float, size: int = 1) -> Fault:
    """Send the feed `size` bytes at a time with `pause` seconds between, so that no single read is slow."""

    async def fault(request: web.Request, healthy: bytes, media: str) -> web.StreamResponse:
        response = await _opened(request, media)
        for start in range(0, len(healthy), size):
            await response.write(healthy[start : start + size])
            await asyncio.sleep(pause)
        return response

    return fault


def huge(megabytes: int = 64) -> Fault:
    """A body that goes on for `megabytes` and never said how long it would be."""

    async def fault(request: web.Request, healthy: bytes, media: str) -> web.StreamResponse:
        response = await _opened(request, media)
        await response.write(b"<rss version='2.0'><channel>")
        for _ in range(megabytes):
            await response.write(b" " * MEGABYTE)
        return response

    return fault


def reset_midway() -> Fault:
    """Send half of the feed, then break the connection."""

    async def fault(request: web.Request, healthy: bytes, media: str) -> web.StreamResponse:
        response = await _opened(request, media, length=len(healthy))
        await response.write(healthy[: len(healthy) // 2])
        return _cut(request, response)

    return fault


def wrong_length(missing: int = 10) -> Fault:
    """Promise `missing` bytes more than are sent, then close as if all were well."""

    async def fault(request: web.Request, healthy: bytes, media: str) -> web.StreamResponse:
        response = await _opened(request, media, length=len(healthy) + missing)
        await response.write(healthy)
        if request.transport is not None:
            request.transport.close()
        return response

    return fault


async def _opened(request: web.Request, media: str, length: int | None = None) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": media})
    if length is not None:
        response.content_length = length
    await response.prepare(request)
    return response


def _cut(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return response
