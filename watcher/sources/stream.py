"""How a kind that is listened to, instead of polled, speaks: addresses out, messages in, and a cursor that says how far we heard. Pure.

A cursor is a moment in microseconds since 1970, as the server counts them; who opens a stream with one hears again what came after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from watcher.sources.entry import Entry

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Heard:
    """One message: where it stands in the stream (None where it does not say), and the entry in it, if it is wanted."""

    at: int | None = None
    entry: Entry | None = None


class Wire(Protocol):
    """One stream as its source wants it."""

    silence: float | None  # seconds without a message after which the connection is taken to be dead; None: silence is usual
    keeps: float  # seconds for which the server keeps what it sent

    def address(self, cursor: int | None, attempt: int) -> str:
        """Where to listen (ws:// or wss://); `attempt` counts the failures before, so that another host can be tried."""

    def hear(self, message: str | bytes, now: datetime) -> Heard:
        """What a message says; never raises."""


def cursor_at(moment: datetime) -> int:
    """A moment as a cursor."""
    return int(moment.timestamp() * MICROSECONDS)
