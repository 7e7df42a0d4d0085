"""Single values as feedparser settles them: texts, addresses, moments. Pure.

What is written in the usual ways is worked out here; for the rest feedparser's own functions are asked.
"""

from __future__ import annotations

import calendar
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from feedparser.datetimes import _parse_date
from feedparser.urls import _urljoin

from watcher.urls import WHOLE

# the C1 controls as what Windows meant by them
CP1252 = {i: text for i in range(0x80, 0xA0) if (text := bytes([i]).decode("cp1252", "ignore"))}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_RFC822 = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun), )?(\d\d?) (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) ((?:19[7-9]|20\d)\d) "
    r"(\d\d):(\d\d):(\d\d) (?:gmt|ut|z|([+-])(0\d|1[0-4])([0-5]\d))",
    re.IGNORECASE | re.ASCII,
)
_RFC3339 = re.compile(
    r"((?:19[7-9]|20\d)\d)-(\d\d)-(\d\d)t(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:z|([+-])(0\d|1[0-4]):([0-5]\d))", re.IGNORECASE | re.ASCII
)


def fixed(text: str) -> str:
    """Text with two everyday mistakes undone: UTF-8 that was taken for Latin-1, and Windows characters among the controls."""
    if text.isascii():
        return text
    with suppress(UnicodeEncodeError, UnicodeDecodeError):
        text = text.encode("iso-8859-1").decode()
    return text.translate(CP1252)


def settled(text: str) -> str:
    """The text of an element."""
    return fixed(text.strip())


def joined(base: str, address: str) -> str:
    """An address resolved against `base`; empty for what is none."""
    return address if WHOLE.fullmatch(address) else str(_urljoin(base, address))


def moment_of(text: str) -> datetime | None:
    """The moment that a date says, in UTC; None where it says none."""
    if (found := _RFC822.fullmatch(text)) is not None:
        day, name, year, *rest = found.groups()
        return _moment(text, (int(year), _MONTHS.index(name.lower()) + 1, int(day)), rest)
    if (found := _RFC3339.fullmatch(text)) is not None:
        year, month, day, *rest = found.groups()
        return _moment(text, (int(year), int(month), int(day)), rest)
    return as_moment(_parse_date(text))


def _moment(text: str, day: tuple[int, int, int], rest: list[Any]) -> datetime | None:
    hour, minute, second, sign, hours, minutes = rest
    try:
        there = datetime(*day, int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return as_moment(_parse_date(text))
    if sign is None:
        return there
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    return there + ahead if sign == "-" else there - ahead


def as_moment(parsed: Any) -> datetime | None:
    """feedparser's UTC struct_time as a moment, or the moment that it is already; None for dates that no calendar has."""
    if isinstance(parsed, datetime):
        return parsed
    if not parsed:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None
