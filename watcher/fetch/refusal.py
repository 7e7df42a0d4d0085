"""Why a host gave nothing, in words for the person who must act on it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from watcher.errors import FetchError, FetchReason
from watcher.fetch.waits import asked_wait


def refused(status: int, headers: Mapping[str, str], said: bytes, now: datetime) -> FetchError:
    """What an HTTP status that is no success means; `headers` by lower-case name, `said` is the start of the body."""
    wait = asked_wait(status, headers, now)
    reason, message = FetchReason.HTTP, f"the host answered HTTP {status}"
    if status in {429, 503}:
        reason, message = FetchReason.RATE_LIMITED, f"the host asks us to slow down (HTTP {status})"
    elif status in {401, 403, 451}:
        challenge = " with a bot challenge" if headers.get("cf-mitigated") == "challenge" else ""
        reason, message = FetchReason.BLOCKED, f"the host refuses us (HTTP {status}){challenge}"
    elif status == 410:
        reason, message = FetchReason.GONE, "the host says it is gone for good (HTTP 410)"
    elif status == 404:
        reason, message = FetchReason.NOT_FOUND, "there is nothing at this address (HTTP 404)"
    return FetchError(reason, message, permanent=status == 410, retry_after=wait, status=status, said=said)


def private(address: str) -> FetchError:
    """A name led to an address that nobody outside has."""
    return FetchError(
        FetchReason.PRIVATE_ADDRESS,
        f"{address} is a private address; "
        "sources on private or loopback addresses are read only with CONCORDAT_ALLOW_PRIVATE_ADDRESSES=true",
        permanent=True,
    )
