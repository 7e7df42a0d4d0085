"""For how long a host wants to be left alone, from what its refusal says. Pure."""

from __future__ import annotations

import email.utils
from collections.abc import Mapping
from datetime import UTC, datetime

from watcher.errors import FetchError, FetchReason
from watcher.units import parse_moment

LONGEST = 86_400.0  # seconds; nobody makes us wait longer than a day
RESETS = ("x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset")  # X; Mastodon, Reddit and others; Bluesky
_UNIX = 1e8  # a larger number is a moment and no span


def asked_wait(status: int, headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait: Retry-After, else with a 429 the end of the period that the host counts our requests in."""
    wait = retry_after(headers.get("retry-after"), now)
    if wait is not None or status != 429:
        return wait
    return next((w for name in RESETS if (w := until_reset(headers.get(name), now)) is not None), None)


def used_up(headers: Mapping[str, str], now: datetime) -> FetchError | None:
    """What a good answer says about the next: the error that it would be, when no further request is granted in this period."""
    for name in RESETS:
        try:
            left = float(headers.get(name.replace("reset", "remaining"), "").split(",")[0])
        except ValueError:
            continue
        if left < 1:
            what = "all requests that the host grants for now are made; the rest is read next time"
            return FetchError(FetchReason.RATE_LIMITED, what, retry_after=until_reset(headers.get(name), now))
    return None


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait, from a Retry-After header in either of its forms (RFC 9110 10.2.3); capped at a day."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return _until(when.replace(tzinfo=UTC) if when.tzinfo is None else when, now)


def until_reset(value: str | None, now: datetime) -> float | None:
    """Seconds to the end of a rate limit's period, which interfaces write as seconds from now, as a Unix time or as a date."""
    text = (value or "").split(",")[0].strip()
    try:
        number = float(text)
    except ValueError:
        when = parse_moment(text)
        return _until(when, now) if when is not None else None
    if not 0 <= number < 1e11:
        return None
    return min(number if number < _UNIX else max(number - now.timestamp(), 0.0), LONGEST)


def _until(when: datetime, now: datetime) -> float:
    return min(max((when - now).total_seconds(), 0.0), LONGEST)
