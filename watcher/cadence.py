"""When a source is read next: a pure function of how it went, what it says of itself, and chance handed in.

A source whose `every` is written keeps it; every other finds its own pace between five minutes and an hour, by how often it has
something new and by what its host asks for. Failures stretch the pause and never end it.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watcher.sources.entry import Hints

FASTEST, SLOWEST, FIRST = timedelta(minutes=5), timedelta(hours=1), timedelta(minutes=15)
HINT_CAP = timedelta(hours=6)  # a host that asks for more than this is a mistake of configuration, or no news
FAILURE_FLOOR, FAILURE_CAP = timedelta(minutes=1), timedelta(days=1)
GONE = timedelta(days=7)  # between two looks at an address that its host calls gone for good
SKIPPED_MOST = 48  # hours in a row for which a source may ask for no visits
JITTER = 0.1  # of the interval, so that sources do not march in step; later only: a host that named a time is not asked before it
FIRST_JITTER = 0.4  # the same after the first reading: sources that begin together, as all do at the first start, part at once
_MAX_AGE = re.compile(r"\b(?:s-maxage|max-age)\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a source is read: `every` where the operator fixed it, `interval` as it was found so far, never below `floor` by itself."""

    every: timedelta | None
    interval: timedelta | None
    floor: timedelta = timedelta(0)


def after_success(pace: Pace, new_entries: int, hints: Hints, headers: Mapping[str, str]) -> timedelta:
    """The interval after an answer: shorter when there was news, longer when not, never below what the host asks for."""
    if pace.every is not None:
        return pace.every
    now = pace.interval or FIRST
    found = now * 0.5 if new_entries else now * 1.25
    asked = max(_asked(hints), _fresh_for(headers))
    return max(min(max(found, FASTEST), SLOWEST), min(asked, HINT_CAP), pace.floor)


def after_failure(pace: Pace, failures: int, retry_after: float | None, *, gone: bool = False) -> timedelta:
    """The pause after the n-th failure in a row: doubling from the usual interval, a day at the most, and at least what was asked."""
    if gone:
        return GONE
    usual = max(pace.every or pace.interval or FIRST, timedelta(0) if pace.every else pace.floor)
    cap = min(FAILURE_CAP, max(FAILURE_FLOOR, usual * 24))
    pause = min(usual * float(2 ** min(failures, 20)), max(cap, pace.floor))
    return max(pause, timedelta(seconds=retry_after or 0.0))


def next_time(now: datetime, interval: timedelta, chance: float, hints: Hints | None = None, *, first: bool = False) -> datetime:
    """`now` plus the interval and up to JITTER of it, moved out of the hours and days that the source wants to be left alone on.

    `chance` is uniform in 0..1; after the `first` reading of a source it counts for FIRST_JITTER. What would keep us away for longer than
    a weekend is not believed.
    """
    at = now + interval * (1 + (FIRST_JITTER if first else JITTER) * chance)
    return at if hints is None else _after_skipped(at, hints, chance)


def _after_skipped(at: datetime, hints: Hints, chance: float) -> datetime:
    """The first moment from `at` on that is in no skipped hour and on no skipped day (RSS 2.0: skipHours in GMT, skipDays)."""
    if not hints.skip_hours and not hints.skip_days:
        return at
    hour = at.astimezone(UTC)
    for ahead in range(SKIPPED_MOST + 1):
        if hour.hour not in hints.skip_hours and hour.weekday() not in hints.skip_days:
            return at if ahead == 0 else hour + timedelta(minutes=10 * chance)
        hour = (hour + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    return at


def _asked(hints: Hints) -> timedelta:
    seconds = max((hints.ttl or 0.0) * 60, hints.period or 0.0)
    return timedelta(seconds=min(seconds, HINT_CAP.total_seconds()))


def _fresh_for(headers: Mapping[str, str]) -> timedelta:
    """For how long a cache would keep the answer (RFC 9111 4.2): max-age less Age, else Expires less Date."""
    most = HINT_CAP.total_seconds()
    found = _MAX_AGE.search(headers.get("cache-control", ""))
    if found:
        age = headers.get("age", "").strip()
        return timedelta(seconds=min(max(int(found.group(1)) - (int(age[:9]) if age.isdecimal() else 0), 0), most))
    expires, date = _http_date(headers.get("expires")), _http_date(headers.get("date"))
    return timedelta(seconds=min(max((expires - date).total_seconds(), 0.0), most)) if expires and date else timedelta(0)


def _http_date(text: str | None) -> datetime | None:
    try:
        when = email.utils.parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when
