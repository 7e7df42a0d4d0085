"""Durations and moments as people write them: `30s`, `10m`, `48h`, `7d`; RFC 3339 for moments. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(Z|[+-]\d{2}:?\d{2})")  # with a zone and no hour, as registers write it
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def parse_duration(text: str) -> timedelta:
    """Read `30s`, `10m`, `1h30m`, `7d`; raise ValueError on anything else."""
    compact = text.strip().lower()
    parts = _PART.findall(compact)
    if not parts or "".join(n + u for n, u in parts) != compact.replace(" ", ""):
        raise ValueError(f"{text!r} is not a duration; write one such as 30s, 10m, 48h or 7d")
    return timedelta(seconds=sum(float(n) * _SECONDS[u] for n, u in parts))


def format_duration(value: timedelta) -> str:
    """The shortest exact spelling that `parse_duration` reads back; fractions of a second become milliseconds."""
    ms = round(value.total_seconds() * 1000)
    if ms == 0:
        return "0s"
    out = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        n, ms = divmod(ms, size)
        if n:
            out.append(f"{n}{unit}")
    return "".join(out)


def _duration(value: Any) -> Any:
    if isinstance(value, int | float):
        raise ValueError(f"{value} has no unit; write a duration such as 30s, 10m, 48h or 7d")  # noqa: TRY004
    return parse_duration(value) if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(format_duration, return_type=str, when_used="json")]


def utc(moment: datetime) -> datetime:
    """The same moment with the UTC zone; a naive one is taken to be UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_moment(text: str) -> datetime | None:
    """An RFC 3339 moment or an ISO 8601 day, with or without a zone, in UTC; None for anything else."""
    text = text.strip()
    day = _DAY.fullmatch(text)
    try:
        return utc(datetime.fromisoformat(f"{day[1]}T00:00:00{day[2]}" if day else text))
    except (ValueError, OverflowError):
        return None


def from_timestamp(seconds: float) -> datetime:
    """Unix seconds as a moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
