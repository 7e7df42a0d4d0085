"""How a source is doing, and when its operator should hear of it. Pure.

A source that fails once and comes back is nobody's business: a state for the worse is told of when it has lasted (three failures in a
row, or an hour), at once when trying again cannot help, and never twice; the return to health is told of when the trouble was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.errors import FetchError, FetchReason
from watcher.sources.entry import Entry
from watcher.state import Health, SourceState

LASTING, LASTING_FOR = 3, timedelta(hours=1)  # failures in a row, or the time since the first of them
REFUSED = 2  # refusals in a row that count as being blocked
QUIET_AT_LEAST, QUIET_TIMES = timedelta(days=7), 8  # silence that is unusual: this long, and this many times the usual gap
MEMORY = 0.2  # the weight of the newest gap in the moving average
ENOUGH = 4  # dated entries from which a first look can tell how often a source speaks
_PASSING = frozenset({FetchReason.TIMEOUT, FetchReason.CONNECTION, FetchReason.DNS, FetchReason.HTTP, FetchReason.TLS})


@dataclass(frozen=True, slots=True)
class After:
    """The state after a poll, and what to tell the operator."""

    state: SourceState
    notices: tuple[str, ...] = ()


def succeeded(state: SourceState, now: datetime, interval: timedelta, new: Sequence[Entry], warning: str = "") -> After:
    """An answer that could be read; `new` are its entries that were not there before, `warning` what its reader says of it."""
    after = _with_history(state, now, new).but(
        failures=0, failing_since=None, last_polled_at=now, last_ok_at=now,
        first_ok_at=state.first_ok_at or now, interval=interval, items_read=state.items_read + len(new),
    )  # fmt: skip
    silence = _silence(after, now)
    return _turned(after, Health.QUIET if silence else Health.OK, silence or warning, now, lasting=True)


def pushed(state: SourceState, now: datetime, new: Sequence[Entry]) -> SourceState:
    """What a hub delivered, `new` of it not there before: it tells of the source's rhythm, and nothing of how its own host does."""
    return _with_history(state, now, new).but(items_read=state.items_read + len(new)) if state.first_ok_at is not None else state


def failed(state: SourceState, error: FetchError, now: datetime) -> After:
    """No answer, or none of use."""
    since = state.failing_since or now
    after = state.but(failures=state.failures + 1, failing_since=since, last_polled_at=now)
    if error.reason in {FetchReason.GONE, FetchReason.NOT_FOUND} and after.learned:
        after = after.but(moved_to=None, moved_times=0, moved_since=None)  # where it moved to is no more: ask at the old address
    lasting = after.failures >= LASTING or now - since >= LASTING_FOR
    health = _health(error, after.failures, lasting)
    told = error.permanent or (health is Health.BLOCKED and after.failures >= REFUSED) or lasting
    return _turned(after, health, str(error), now, lasting=told)


def moved(state: SourceState, to: str | None, now: datetime) -> After:
    """A good answer came through permanent redirects that end at `to`; None when there were none, or others."""
    if state.learned or (to is None and state.moved_to is None):
        return After(state)
    if to is None or to != state.moved_to:
        return After(state.but(moved_to=to, moved_times=1 if to else 0, moved_since=now if to else None))
    after = state.but(moved_times=state.moved_times + 1)
    if after.learned:
        return After(after, (f"moved for good to {to}, and is read there from now on; write that address in its file",))
    return After(after)


def _health(error: FetchError, failures: int, lasting: bool) -> Health:
    if error.reason is FetchReason.GONE:
        return Health.GONE
    if error.reason is FetchReason.BLOCKED:
        return Health.BLOCKED
    if error.reason is FetchReason.RATE_LIMITED:
        return Health.SLOW
    return Health.SLOW if error.reason in _PASSING and failures < LASTING and not lasting else Health.BROKEN


def _turned(state: SourceState, health: Health, reason: str, now: datetime, *, lasting: bool) -> After:
    """The state in its new health, and a notice when it is news for the operator."""
    told = state.told
    notices: tuple[str, ...] = ()
    if health is Health.OK:
        told, notices = "", (f"well again, after it was {state.told}",) if state.told else ()
    elif health is not Health.SLOW and lasting and state.told != health:
        told, notices = health.value, (f"{health}: {reason}",)
    if (state.health, state.health_reason, state.told) == (health, reason, told):
        return After(state, notices)
    since = state.health_since if state.health is health else now
    return After(state.but(health=health, health_reason=reason, health_since=since, told=told), notices)


def _with_history(state: SourceState, now: datetime, new: Sequence[Entry]) -> SourceState:
    """The state with what these entries tell of the source's rhythm."""
    if not new:
        return state
    if state.first_ok_at is None:
        dates = sorted((e.published for e in new if e.published is not None), reverse=True)[:50]
        if len(dates) < ENOUGH:
            return state.but(last_new_at=now)
        return state.but(last_new_at=dates[0], usual_gap=(dates[0] - dates[-1]) / (len(dates) - 1))
    gap = now - (state.last_new_at or state.first_ok_at)
    usual = gap if state.usual_gap is None else state.usual_gap * (1 - MEMORY) + gap * MEMORY
    return state.but(last_new_at=now, usual_gap=usual)


def _silence(state: SourceState, now: datetime) -> str:
    """Why the source is too quiet, or an empty string."""
    if state.usual_gap is None or state.last_new_at is None:
        return ""
    silent = now - state.last_new_at
    if silent <= max(QUIET_AT_LEAST, state.usual_gap * QUIET_TIMES):
        return ""
    return f"nothing new for {_about(silent)}, where something came every {_about(state.usual_gap)}; look whether its feed moved"


def _about(span: timedelta) -> str:
    """`9 hours`, `12 days`: a span as people say it."""
    hours = span.total_seconds() / 3600
    count, unit = (hours / 24, "day") if hours >= 48 else (hours, "hour") if hours >= 1 else (hours * 60, "minute")
    count = max(round(count), 1)
    return f"{count} {unit}" + ("" if count == 1 else "s")
