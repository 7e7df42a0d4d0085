"""What a source's answer means: which entries are new, which of them may ring, and how the source is doing. Pure.

`decide` is given everything it needs and returns what to write; it reads no clock and knows no database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from watcher import health
from watcher.cadence import FIRST, Pace, after_failure, after_success
from watcher.errors import FetchError, FetchReason
from watcher.identity import keyed, known_as
from watcher.sources.entry import Entry, Hints, Parsed
from watcher.state import Health, SourceState


class Quiet(StrEnum):
    """Why an item may ring nobody, though it is matched and kept."""

    FIRST_POLL = "first_poll"  # it stood there before we first looked
    TOO_OLD = "too_old"  # published longer ago than `max_age`
    RENEWED = "renewed"  # its source brought back its past under new names


@dataclass(frozen=True, slots=True)
class NewItem:
    """An entry that was not there before, the keys it will be known by, and why it may not ring."""

    entry: Entry
    keys: tuple[bytes, ...]
    quiet: Quiet | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to write: the new items in the order of their moments, more keys for known items, the state, the pause until the next poll."""

    state: SourceState
    interval: timedelta
    items: tuple[NewItem, ...] = ()
    more_keys: tuple[tuple[bytes, int], ...] = ()
    notices: tuple[str, ...] = ()  # what the operator should be told now


@dataclass(frozen=True, slots=True)
class Policy:
    """The operator's choices that bear on a decision."""

    max_age: timedelta
    every: timedelta | None = None
    floor: timedelta = timedelta(0)  # the shortest interval that the kind of source allows by itself


RENEWED_MIN, RENEWED_SHARE = 10, 0.5  # this many entries, and this share of the feed, dated before the last poll yet unknown: a renewal
SKEW = timedelta(hours=6)  # publishers date entries before they put them up


def decide_entries(
    state: SourceState, parsed: Parsed, known: Mapping[bytes, int], headers: Mapping[str, str], policy: Policy, now: datetime
) -> Outcome:
    """A readable answer: pick out what is new.

    `known` maps the keys of this source's items, as far as the answer's entries have them, to item ids.
    """
    items, more, held = _found(state, parsed, known, policy, now)
    interval = after_success(_pace(state, policy), len(items), parsed.hints, headers)
    after = health.succeeded(state.but(hints=parsed.hints.as_dict() or None), now, interval, [i.entry for i in items], parsed.warning)
    return Outcome(after.state, interval, items, more, (*held, *after.notices))


def decide_push(state: SourceState, parsed: Parsed, known: Mapping[bytes, int], policy: Policy, now: datetime) -> Outcome:
    """What a hub delivered: perhaps only what is new, and no sign of how the source's own host does. `known` as above.

    When and how the source is polled stays untouched, and so does what is remembered of its last answer.
    """
    items, more, held = _found(state, parsed, known, policy, now)
    after = health.pushed(state, now, [i.entry for i in items])
    return Outcome(after, state.interval or FIRST, items, more, held)


def decide_interrupted(
    state: SourceState, parsed: Parsed, known: Mapping[bytes, int], error: FetchError, policy: Policy, now: datetime
) -> Outcome:
    """A reading that ended early: what it found is taken, and the source is doing as badly as the error says."""
    if not parsed.entries:
        return decide_failure(state, error, policy, now)
    found = decide_entries(state, parsed, known, {}, policy, now)
    read = found.state
    state = state.but(
        first_ok_at=read.first_ok_at, last_new_at=read.last_new_at, usual_gap=read.usual_gap, items_read=read.items_read
    )
    failed = decide_failure(state, error, policy, now)
    return replace(failed, items=found.items, more_keys=found.more_keys)


def decide_unchanged(state: SourceState, headers: Mapping[str, str], policy: Policy, now: datetime) -> Outcome:
    """The host says, or the body shows, that nothing changed; what its reader said of it then still holds."""
    interval = after_success(_pace(state, policy), 0, Hints.of(state.hints), headers)
    after = health.succeeded(state, now, interval, (), state.health_reason if state.health is Health.OK else "")
    return Outcome(after.state, interval, notices=after.notices)


def decide_failure(state: SourceState, error: FetchError, policy: Policy, now: datetime) -> Outcome:
    """No answer, or none of use: what is remembered of the entries stays untouched; the source is asked again later, whatever it said."""
    gone = error.reason is FetchReason.GONE
    interval = after_failure(_pace(state, policy), state.failures + 1, error.retry_after, gone=gone)
    after = health.failed(state, error, now)
    return Outcome(after.state, interval, notices=after.notices)


def _found(
    state: SourceState, parsed: Parsed, known: Mapping[bytes, int], policy: Policy, now: datetime
) -> tuple[tuple[NewItem, ...], tuple[tuple[bytes, int], ...], tuple[str, ...]]:
    """The new items in the order of their moments, more keys of known ones, and what to tell of them."""
    fresh: list[tuple[Entry, tuple[bytes, ...]]] = []
    more: list[tuple[bytes, int]] = []
    taken: set[bytes] = set()
    for entry, keys in zip(parsed.entries, keyed(parsed).keys or (), strict=True):
        own, item = keys.all(), known_as(keys, known)
        if item is not None:
            more += [(k, item) for k in own if k not in known]
        elif taken.isdisjoint(own):  # else it is the same entry twice in one answer
            taken.update(own)
            fresh.append((_clamped(entry, now), own))
    doubtful = [e for e, _ in fresh if e.published is None or not parsed.sure_ids]  # a dated notice under a sure id is what it says
    renewed = _renewed(state, doubtful, len(parsed.entries) + parsed.standing)
    items = sorted(
        (NewItem(e, own, _quiet(state, e, renewed, policy, now)) for e, own in fresh),
        key=lambda i: i.entry.published or now,
    )
    notices = (f"{len(fresh)} entries came back under new ids or addresses; they are kept and ring nobody",) if renewed else ()
    return tuple(items), tuple(more), notices


def _pace(state: SourceState, policy: Policy) -> Pace:
    return Pace(policy.every, state.interval, policy.floor)


def _clamped(entry: Entry, now: datetime) -> Entry:
    """A date in the future is a mistake of the publisher's zone: it becomes now, so that order and windows hold."""
    return replace(entry, published=now) if entry.published is not None and entry.published > now else entry


def _quiet(state: SourceState, entry: Entry, renewed: bool, policy: Policy, now: datetime) -> Quiet | None:
    if state.first_ok_at is None:
        return Quiet.FIRST_POLL
    if entry.published is not None and entry.published < now - policy.max_age:
        return Quiet.TOO_OLD
    return Quiet.RENEWED if renewed and _past(state, entry) else None


def _past(state: SourceState, entry: Entry) -> bool:
    """Whether the entry claims to be from before the last good poll, or claims nothing: then it should have been seen."""
    return state.last_ok_at is not None and (entry.published is None or entry.published < state.last_ok_at - SKEW)


def _renewed(state: SourceState, fresh: Sequence[Entry], in_all: int) -> bool:
    """Whether a feed suddenly brings its past under new names, which should ring nobody."""
    past = sum(_past(state, e) for e in fresh)
    return state.first_ok_at is not None and past >= RENEWED_MIN and past >= RENEWED_SHARE * in_all
