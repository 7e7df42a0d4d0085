"""When a feed wants no visits: `skipHours` and `skipDays` of RSS, which feedparser passes over. Pure."""

from __future__ import annotations

import re

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONGEST = 4_000  # bytes of a whole list of hours, white space and comments included; what is longer is none
_NONE: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset())
_HOUR = re.compile(rb"<hour>\s*([0-9]{1,2})\s*</hour>", re.IGNORECASE)
_DAY = re.compile(rb"<day>\s*([a-z]{6,9})\s*</day>", re.IGNORECASE)


def skipped(body: bytes) -> tuple[frozenset[int], frozenset[int]]:
    """The hours (GMT, 0 to 23) and the days (0 is Monday) that a feed names; empty where it names none.

    RSS 0.91 counts its hours to 24, which is midnight. Lists that would keep us away for good are taken for a mistake.
    """
    if b"<skip" not in body:
        return _NONE
    hours = {int(h) % 24 for h in _HOUR.findall(_inside(body, b"skipHours")) if int(h) <= 24}
    days = {_DAYS.index(d) for d in (n.decode().lower() for n in _DAY.findall(_inside(body, b"skipDays"))) if d in _DAYS}
    return frozenset(hours if len(hours) < 24 else ()), frozenset(days if len(days) < 7 else ())


def _inside(body: bytes, tag: bytes) -> bytes:
    start = body.find(b"<" + tag)
    end = body.find(b"</" + tag, start, start + _LONGEST) if start >= 0 else -1
    return body[start:end] if end > 0 else b""
