"""JSON from other people's interfaces, read with mistrust: anything may be missing, of another type, or no JSON at all. Pure.

    answer = Data.of(got.body, "Bluesky")
    for post in answer.each("feed"):
        post.text("post", "record", "text")     # "" unless there is a string

A look never fails: what is not there, or is something else, gives an empty answer. Only a body that is no JSON raises FetchError.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watcher.errors import FetchError, FetchReason
from watcher.text import clean
from watcher.units import parse_moment

MOST = 5_000  # elements of one list that are looked at
_SURROGATES = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Data:
    """One value of a JSON document. It is false when it is null, empty or was never there."""

    value: Any = None

    @classmethod
    def of(cls, body: bytes, what: str) -> Data:
        """The document; `what` names who should have sent it.

        Raises FetchError: NOT_A_FEED where something else came than JSON, UNREADABLE for JSON that is broken.
        """
        try:
            return cls(json.loads(body, parse_constant=lambda _: None))
        except (ValueError, RecursionError):
            reason, came = _looks_like(body)
            raise FetchError(reason, f"{what} answered with {came} where JSON should be") from None

    @classmethod
    def said(cls, error: FetchError) -> Data:
        """What an interface wrote with its refusal; empty when that was nothing, or no JSON."""
        try:
            return cls(json.loads(error.said))
        except (ValueError, RecursionError):
            return cls()

    def __bool__(self) -> bool:
        return bool(self.value)

    def get(self, *path: str | int) -> Data:
        """What stands at the end of a path of keys and positions."""
        value = self.value
        for step in path:
            if isinstance(value, dict) and isinstance(step, str):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
                value = value[step]
            else:
                return Data()
        return Data(value)

    def each(self, *path: str | int) -> list[Data]:
        """The elements of the list there, none when it is no list."""
        value = self.get(*path).value
        return [Data(v) for v in value[:MOST]] if isinstance(value, list) else []

    def text(self, *path: str | int) -> str:
        """The string there as it stands, a whole number as its digits (ids come as both), else an empty string."""
        value = self.get(*path).value
        if isinstance(value, str):
            return value if value.isascii() else _SURROGATES.sub("\ufffd", value)
        return str(value) if _whole(value) else ""

    def words(self, *path: str | int) -> tuple[str, ...]:
        """The strings of the list there, trimmed, without empty ones; a lone string counts as a list of one."""
        found = self.get(*path)
        texts = [found.text()] if isinstance(found.value, str) else [d.text() for d in found.each()]
        return tuple(t for text in texts if (t := clean(text)))

    def flag(self, *path: str | int) -> bool:
        """Whether `true` stands there."""
        return self.get(*path).value is True

    def number(self, *path: str | int) -> float | None:
        """The number there, also when it is written as a string (`"2500000.00"`)."""
        value = self.get(*path).value
        if isinstance(value, bool) or not isinstance(value, int | float | str) or (isinstance(value, str) and len(value) > 40):
            return None
        try:
            number = float(value)
        except (ValueError, OverflowError):
            return None
        return number if math.isfinite(number) else None

    def moment(self, *path: str | int) -> datetime | None:
        """The RFC 3339 moment or ISO 8601 day there, in UTC; one without a zone is taken to be UTC."""
        return parse_moment(self.text(*path))


def _whole(value: Any) -> bool:
    """Beyond this many bits no id is meant, and Python refuses to write it out."""
    return isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= 256


def _looks_like(body: bytes) -> tuple[FetchReason, str]:
    start = body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"{", b"[")):
        return FetchReason.UNREADABLE, "broken JSON"
    if start.startswith((b"<!doctype html", b"<html")):
        return FetchReason.NOT_A_FEED, "a web page (a bot check, or an error page)"
    return FetchReason.NOT_A_FEED, "XML" if start.startswith(b"<") else "something else" if start else "nothing"
