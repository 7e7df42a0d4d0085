"""What one look at a source shows: whether it can be read, what it holds, how often it would be read, and what to try if not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.ask import Answer
from watcher.decide import Policy, decide_entries, decide_failure
from watcher.errors import FetchError
from watcher.model import Source
from watcher.sources.advice import advice
from watcher.sources.entry import Entry, Parsed
from watcher.sources.kinds import KINDS
from watcher.state import Health, SourceState

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Report:
    """One look. `interval` is the time until the next reading if the source were read so by the watcher; `advice` is empty when well."""

    source: Source
    health: Health
    why: str
    advice: str
    interval: timedelta
    parsed: Parsed
    error: FetchError | None = None
    moved_to: str | None = None

    @property
    def newest(self) -> datetime | None:
        """The moment of the newest dated entry."""
        return max((e.published for e in self.parsed.entries if e.published is not None), default=None)

    @property
    def undated(self) -> int:
        """How many entries have no moment."""
        return sum(e.published is None for e in self.parsed.entries)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The newest first, undated ones last."""
        return tuple(sorted(self.parsed.entries, key=lambda e: e.published.timestamp() if e.published else 0.0, reverse=True))


def report(answer: Answer, now: datetime) -> Report:
    """What the first reading of a source would make of this answer."""
    source, error = answer.source, answer.error
    state = SourceState(source.id, source.address)
    policy = Policy(max_age=WEEK, every=source.every, floor=KINDS[source.kind].floor)
    parsed = answer.reading.parsed if answer.reading is not None else Parsed(())
    if error is not None:
        failed = decide_failure(state, error, policy, now)
        return Report(source, failed.state.health, str(error), advice(error, source.kind), failed.interval, parsed, error)
    read = decide_entries(state, parsed, {}, answer.headers or {}, policy, now)
    return Report(source, read.state.health, read.state.health_reason, "", read.interval, parsed, moved_to=answer.moved_to)
