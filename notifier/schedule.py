"""When the next digest is due: a wall-clock hour in a reader's own zone, right across every change of the clock. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from watcher.errors import SettingsError

_TIME = re.compile(r"([01]?\d|2[0-3])[:.h]?([0-5]\d)?", re.ASCII)


def check_time(text: str) -> str:
    """`8`, `8:00`, `08.30` as `HH:MM`; raises SettingsError."""
    found = _TIME.fullmatch(text.strip().lower())
    if not found:
        raise SettingsError(f"{text!r} is not an hour; write one such as 08:00 or 18:30")
    return f"{int(found[1]):02}:{found[2] or '00'}"


def check_zone(text: str) -> str:
    """The name of an IANA time zone, as given; raises SettingsError."""
    try:
        return ZoneInfo(text.strip()).key
    except (ValueError, OSError, KeyError):
        raise SettingsError(f"{text!r} is not a time zone; write one such as UTC, Europe/Paris or America/New_York") from None


def next_digest(after: datetime, at: str, tz: str) -> datetime:
    """The first moment (UTC) later than `after` at which clocks in `tz` show `at`, once a day.

    An hour that the clocks skip falls as far after the gap as it lay after the gap's beginning; an hour that comes twice
    counts the first time only.
    """
    zone = ZoneInfo(tz)
    hour, minute = map(int, at.split(":"))
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        # fold=0 is the first of two equal hours; in a gap it takes the offset from before, which lands after the gap
        moment = datetime.combine(day, time(hour, minute), tzinfo=zone).astimezone(UTC)
        if moment > after:
            return moment
        day += timedelta(days=1)
