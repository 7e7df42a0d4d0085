"""How a source is doing, and what its operator hears of it: what lasts, once, and never a passing fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watcher import health
from watcher.decide import Policy, decide_entries, decide_failure, decide_unchanged
from watcher.errors import FetchError, FetchReason
from watcher.sources.entry import Entry, Parsed
from watcher.state import MOVED_TIMES, Health, SourceState

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTES = timedelta(minutes=5)
POLICY = Policy(max_age=timedelta(hours=48))
NEW = SourceState("s", "https://h.example/f")
WELL = replace(NEW, first_ok_at=NOW - timedelta(days=90), last_ok_at=NOW - MINUTES, last_new_at=NOW - timedelta(hours=3), health=Health.OK)


def error(reason: FetchReason, *, permanent: bool = False) -> FetchError:
    """A failure with words."""
    return FetchError(reason, "what happened", permanent=permanent)


def run(state: SourceState, polls: Sequence[FetchError | None], step: timedelta = MINUTES) -> tuple[SourceState, list[str]]:
    """Polls one after the other, None an answer without news; the state at the end, and everything that was told."""
    told: list[str] = []
    for n, outcome in enumerate(polls):
        at = NOW + n * step
        after = decide_unchanged(state, {}, POLICY, at) if outcome is None else decide_failure(state, outcome, POLICY, at)
        state = after.state
        told += after.notices
    return state, told


def entries(*ages: timedelta) -> Parsed:
    """Entries published that long ago."""
    return Parsed(tuple(Entry(f"id-{n}", f"https://h.example/{n}", f"Title {n}", published=NOW - a) for n, a in enumerate(ages)))


@pytest.mark.parametrize("reason", [FetchReason.TIMEOUT, FetchReason.CONNECTION, FetchReason.HTTP])
def test_a_passing_fault_is_nobodys_business(reason: FetchReason) -> None:
    """One or two failures that go away are shown as slow while they last, and told to nobody."""
    state, told = run(WELL, [error(reason), error(reason), None, error(reason), None])
    assert (state.health, told) == (Health.OK, [])
    assert run(WELL, [error(reason)])[0].health is Health.SLOW


def test_what_lasts_is_told_once_and_so_is_its_end() -> None:
    """The third failure in a row is told, the tenth is not, the recovery is."""
    timeout = error(FetchReason.TIMEOUT)
    state, told = run(WELL, [timeout] * 10)
    assert (state.health, told) == (Health.BROKEN, ["broken: what happened"])
    assert run(state, [None])[1] == ["well again, after it was broken"]


def test_an_hour_of_failures_lasts_however_few_they_are() -> None:
    """A source that is asked once an hour is not silent for three hours before anyone hears."""
    _, told = run(WELL, [error(FetchReason.TIMEOUT)] * 2, step=timedelta(hours=1))
    assert told == ["broken: what happened"]


def test_gone_is_told_at_once_and_asked_again_in_a_week() -> None:
    """410 is believed, and looked at again, because silence is never for ever."""
    outcome = decide_failure(WELL, error(FetchReason.GONE, permanent=True), POLICY, NOW)
    assert (outcome.state.health, outcome.notices) == (Health.GONE, ("gone: what happened",))
    assert outcome.interval == timedelta(days=7)


def test_a_refusal_is_told_when_it_is_repeated() -> None:
    """One 403 may be a slip; two are a block."""
    blocked = error(FetchReason.BLOCKED)
    assert run(WELL, [blocked])[1] == []
    assert run(WELL, [blocked] * 4)[1] == ["blocked: what happened"]


def test_a_host_that_asks_for_patience_is_slow_and_no_notice() -> None:
    """429 is manners, not trouble."""
    state, told = run(WELL, [error(FetchReason.RATE_LIMITED)] * 5)
    assert (state.health, told) == (Health.SLOW, [])


def test_a_worse_state_after_a_bad_one_is_told_too() -> None:
    """Broken, then gone: both are news."""
    _, told = run(WELL, [*[error(FetchReason.TIMEOUT)] * 3, error(FetchReason.GONE, permanent=True)])
    assert told == ["broken: what happened", "gone: what happened"]


def test_unusual_silence_is_told() -> None:
    """A source that speaks daily and then says nothing for nine days is quiet, with both figures; news end it."""
    daily = replace(WELL, usual_gap=timedelta(days=1), last_new_at=NOW - timedelta(days=9))
    outcome = decide_unchanged(daily, {}, POLICY, NOW)
    assert outcome.state.health is Health.QUIET
    (notice,) = outcome.notices
    assert "nothing new for 9 days" in notice
    assert "every 24 hours" in notice
    assert decide_unchanged(outcome.state, {}, POLICY, NOW + MINUTES).notices == ()
    spoke = decide_entries(outcome.state, entries(MINUTES), {}, {}, POLICY, NOW + MINUTES)
    assert spoke.notices == ("well again, after it was quiet",)


def test_a_source_that_rarely_speaks_is_not_unusually_silent() -> None:
    """Monthly news and two weeks of silence are its way; so is the silence of a source whose rhythm nobody knows."""
    monthly = replace(WELL, usual_gap=timedelta(days=30), last_new_at=NOW - timedelta(days=14))
    assert decide_unchanged(monthly, {}, POLICY, NOW).state.health is Health.OK
    unknown = replace(WELL, usual_gap=None, last_new_at=NOW - timedelta(days=400))
    assert decide_unchanged(unknown, {}, POLICY, NOW).state.health is Health.OK


def test_the_first_look_tells_how_often_a_source_speaks() -> None:
    """Dated entries of the first answer give the rhythm, so that a feed that died before we came is seen to be quiet."""
    days = [timedelta(days=n) for n in range(100, 110)]
    state = decide_entries(NEW, entries(*days), {}, {}, POLICY, NOW).state
    assert (state.usual_gap, state.last_new_at) == (timedelta(days=1), NOW - timedelta(days=100))
    assert state.health is Health.QUIET


def test_a_permanent_redirect_is_learned_after_repetition() -> None:
    """Three readings over a day; not fewer, not faster, not with another target between; it is told once."""
    state = WELL
    told: list[str] = []
    for n in range(MOVED_TIMES + 3):
        at = NOW + n * timedelta(hours=12)
        after = health.moved(replace(state, last_ok_at=at), "https://new.example/f", at)
        state = after.state
        told += after.notices
    assert state.learned == "https://new.example/f"
    assert len(told) == 1
    quick = WELL
    for n in range(10):
        quick = health.moved(replace(quick, last_ok_at=NOW + n * MINUTES), "https://new.example/f", NOW + n * MINUTES).state
    assert quick.learned is None
    assert health.moved(quick, "https://other.example/f", NOW).state.moved_times == 1
    assert health.moved(quick, None, NOW).state.moved_to is None


def test_a_learned_address_that_fails_is_forgotten() -> None:
    """Where it moved to is no more: the address that the operator wrote is asked again."""
    learned = replace(WELL, moved_to="https://new.example/f", moved_times=MOVED_TIMES, moved_since=NOW - timedelta(days=3))
    assert learned.learned
    assert decide_failure(learned, error(FetchReason.NOT_FOUND), POLICY, NOW).state.learned is None
    assert decide_failure(learned, error(FetchReason.TIMEOUT), POLICY, NOW).state.learned == "https://new.example/f"
