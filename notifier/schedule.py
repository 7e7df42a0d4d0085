"""Wall-clock hours in a reader's own zone, right across every change of the clock: digests, quiet hours, the day's beginning. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifier.wishes import Quiet
from watcher.errors import SettingsError

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
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


def next_digest(after: datetime, at: str, tz: str, days: Collection[int] = ()) -> datetime:
    """The first moment (UTC) later than `after` at which clocks in `tz` show `at`, once a day; on weekdays `days` only (Monday is 0).

    An hour that the clocks skip falls as far after the gap as it lay after the gap's beginning; an hour that comes twice
    counts the first time only.
    """
    day = after.astimezone(ZoneInfo(tz)).date() - timedelta(days=1)
    while True:
        moment = _moment(day, at, tz)
        if moment > after and (not days or day.weekday() in days):
            return moment
        day += timedelta(days=1)


def rhythm(days: Collection[int]) -> str:
    """`every day`, `Monday to Friday`, `every Monday`, `every Monday and Thursday`: on which weekdays (Monday is 0; none means all)."""
    chosen = sorted(set(days)) or list(range(7))
    if len(chosen) == 7:
        return "every day"
    if chosen == [0, 1, 2, 3, 4]:
        return "Monday to Friday"
    names = [WEEKDAYS[d] for d in chosen]
    return "every " + (" and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0])


def quiet_until(quiet: Quiet, now: datetime) -> datetime | None:
    """The end (UTC) of the quiet hours that `now` lies in, or None outside of them."""
    today = now.astimezone(ZoneInfo(quiet.tz)).date()
    over_midnight = quiet.end <= quiet.start
    for day in (today - timedelta(days=1), today):
        end = _moment(day + timedelta(days=1) if over_midnight else day, quiet.end, quiet.tz)
        if _moment(day, quiet.start, quiet.tz) <= now < end:
            return end
    return None


def midnight(now: datetime, tz: str) -> datetime:
    """When (UTC) the day that clocks in `tz` show now began."""
    return _moment(now.astimezone(ZoneInfo(tz)).date(), "00:00", tz)


def _moment(day: date, at: str, tz: str) -> datetime:
    hour, minute = map(int, at.split(":"))
    # fold=0 is the first of two equal hours; in a gap it takes the offset from before, which lands after the gap
    return datetime.combine(day, time(hour, minute), tzinfo=ZoneInfo(tz)).astimezone(UTC)
