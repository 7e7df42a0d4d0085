"""What a source's answer means: which entries are new, which of them may ring, and how the source is doing. Pure.

`decide` is given everything it needs and returns what to write; it reads no clock and knows no database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from watcher.cadence import Pace, after_failure, after_success
from watcher.errors import FetchError, FetchReason
from watcher.identity import Keys, keys_of, known_as
from watcher.sources.entry import Entry, Hints, Parsed


class Quiet(StrEnum):
    """Why an item may ring nobody, though it is matched and kept."""

    FIRST_POLL = "first_poll"  # it stood there before we first looked
    TOO_OLD = "too_old"  # published longer ago than `max_age`
    RENEWED = "renewed"  # its source brought back its past under new names


class Health(StrEnum):
    """How a source is doing, as the operator sees it."""

    NEW = "new"
    OK = "ok"
    SLOW = "slow"  # the host asks us to come less often
    BLOCKED = "blocked"  # the host refuses us
    BROKEN = "broken"  # no answer, or none that can be read
    GONE = "gone"  # the host says it is gone for good


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is remembered of a source between polls."""

    source_id: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: bytes | None = None
    first_ok_at: datetime | None = None
    last_polled_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    next_at: datetime | None = None
    interval: timedelta | None = None
    failures: int = 0
    health: Health = Health.NEW
    health_reason: str = ""
    health_since: datetime | None = None
    items_read: int = 0
    memo: Mapping[str, Any] | None = None  # what its kind remembers between readings
    seen: bytes | None = None  # what the feed reader knows of the last answer


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
    notice: str = ""  # what the operator should be told now, or empty


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
    all_keys = keys_of(parsed.entries)
    fresh: list[tuple[Entry, Keys]] = []
    more: list[tuple[bytes, int]] = []
    taken: dict[bytes, int] = {}
    for entry, keys in zip(parsed.entries, all_keys, strict=True):
        item = known_as(keys, known)
        if item is not None:
            more += [(k, item) for k in keys.all() if k not in known]
        elif not any(k in taken for k in keys.all()):  # the same entry twice in one answer
            taken.update(dict.fromkeys(keys.all(), 0))
            fresh.append((_clamped(entry, now), keys))
    renewed = _renewed(state, [e for e, _ in fresh], len(parsed.entries))
    items = sorted(
        (NewItem(e, k.all(), _quiet(state, e, renewed, policy, now)) for e, k in fresh),
        key=lambda i: i.entry.published or now,
    )
    interval = after_success(Pace(policy.every, state.interval, policy.floor), len(items), parsed.hints, headers)
    notice = f"{len(fresh)} entries came back under new ids or addresses; they are kept and ring nobody" if renewed else ""
    return Outcome(_succeeded(state, now, interval, len(items)), interval, tuple(items), tuple(more), notice)


def decide_unchanged(state: SourceState, headers: Mapping[str, str], policy: Policy, now: datetime) -> Outcome:
    """The host says, or the body shows, that nothing changed."""
    interval = after_success(Pace(policy.every, state.interval, policy.floor), 0, Hints(), headers)
    return Outcome(_succeeded(state, now, interval, 0), interval)


def decide_failure(state: SourceState, error: FetchError, policy: Policy, now: datetime) -> Outcome:
    """No answer, or none of use: what is remembered of the entries stays untouched; the source is asked again later, whatever it said."""
    failures = state.failures + 1
    interval = after_failure(Pace(policy.every, state.interval, policy.floor), failures, error.retry_after)
    health = _health(error)
    since = state.health_since if state.health == health else now
    worse = health is not state.health and (health is not Health.SLOW)
    return Outcome(
        replace(state, failures=failures, last_polled_at=now, health=health, health_reason=str(error), health_since=since),
        interval,
        notice=f"{health}: {error}" if worse else "",
    )


def _health(error: FetchError) -> Health:
    return {FetchReason.GONE: Health.GONE, FetchReason.BLOCKED: Health.BLOCKED, FetchReason.RATE_LIMITED: Health.SLOW}.get(
        error.reason, Health.BROKEN
    )


def _succeeded(state: SourceState, now: datetime, interval: timedelta, new: int) -> SourceState:
    return replace(
        state,
        failures=0,
        last_polled_at=now,
        last_ok_at=now,
        first_ok_at=state.first_ok_at or now,
        last_new_at=now if new else state.last_new_at,
        interval=interval,
        health=Health.OK,
        health_reason="",
        health_since=state.health_since if state.health is Health.OK else now,
        items_read=state.items_read + new,
    )


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
