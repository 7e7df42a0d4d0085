"""When a source is read next: a pure function of how it went, what it says of itself, and chance handed in.

A source whose `every` is written keeps it; every other finds its own pace between five minutes and six hours, by how often it has
something new and by what its host asks for. Failures stretch the pause and never end it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.sources.entry import Hints

FASTEST, SLOWEST, FIRST = timedelta(minutes=5), timedelta(hours=6), timedelta(minutes=15)
HINT_CAP = timedelta(days=1)  # a misconfigured source cannot send us to sleep for a year
FAILURE_FLOOR, FAILURE_CAP = timedelta(minutes=1), timedelta(days=1)
JITTER = 0.1  # of the interval, either way, so that sources do not march in step
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
    asked = max(_asked(hints), _max_age(headers))
    return max(min(max(found, FASTEST), SLOWEST), min(asked, HINT_CAP), pace.floor)


def after_failure(pace: Pace, failures: int, retry_after: float | None) -> timedelta:
    """The pause after the n-th failure in a row: doubling from the usual interval, a day at the most, and at least what was asked."""
    usual = pace.every or pace.interval or FIRST
    cap = min(FAILURE_CAP, max(FAILURE_FLOOR, usual * 24))
    pause = min(usual * float(2 ** min(failures, 20)), cap)
    return max(pause, timedelta(seconds=retry_after or 0.0))


def next_time(now: datetime, interval: timedelta, chance: float) -> datetime:
    """`now` plus the interval, moved by up to JITTER of it; `chance` is uniform in 0..1."""
    return now + interval * (1 + JITTER * (2 * chance - 1))


def _asked(hints: Hints) -> timedelta:
    seconds = max((hints.ttl or 0.0) * 60, hints.period or 0.0)
    return timedelta(seconds=min(seconds, HINT_CAP.total_seconds()))


def _max_age(headers: Mapping[str, str]) -> timedelta:
    found = _MAX_AGE.search(headers.get("cache-control", ""))
    return timedelta(seconds=min(int(found.group(1)), int(HINT_CAP.total_seconds()))) if found else timedelta(0)
