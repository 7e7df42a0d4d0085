"""What one look at a source says: a reason and a way out for everything that can go wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from watcher.ask import Answer
from watcher.cadence import SLOWEST
from watcher.check import report
from watcher.errors import FetchError, FetchReason
from watcher.sources.advice import ADVICE, OTHERS, PAGES, advice
from watcher.sources.entry import Entry, Hints, Parsed
from watcher.sources.feed import FeedSource
from watcher.sources.kinds import KINDS
from watcher.sources.steps import Reading
from watcher.state import Health

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SOURCE = FeedSource(id="a", url="https://a.example/feed")


def test_no_reason_is_without_advice() -> None:
    """Every reason for a failure has something to try, for every kind of source, in one line that says what to do."""
    assert set(ADVICE) == set(FetchReason)
    for kind in KINDS:
        for reason in FetchReason:
            said = advice(FetchError(reason, "x"), kind)
            assert 20 < len(said) <= 140
            assert "\n" not in said


def test_advice_fits_the_kind() -> None:
    """Nobody is told to look for the feed of an interface, and no page's reader to give up selectors."""
    assert "feed" not in "".join(OTHERS.values())
    assert "links:" not in advice(FetchError(FetchReason.UNREADABLE, "x"), "sitemap")
    assert "links:" in PAGES[FetchReason.UNREADABLE]
    assert advice(FetchError(FetchReason.NOT_A_FEED, "x"), "sam") == OTHERS[FetchReason.NOT_A_FEED]
    assert "credentials" not in advice(FetchError(FetchReason.BLOCKED, "x"), "reddit")  # it has none


def test_a_look_tells_cadence_and_order() -> None:
    """What the watcher would make of the first answer: when it comes again, which entries are newest, whether it went quiet."""
    dated = [Entry(str(n), title=str(n), published=NOW - timedelta(hours=n)) for n in range(3, 9)]
    found = report(Answer(SOURCE, Reading(Parsed((Entry("x", title="x"), *reversed(dated)))), headers={}), NOW)
    assert (found.health, found.newest, found.undated, found.advice) == (Health.OK, dated[0].published, 1, "")
    assert [e.entry_id for e in found.entries] == ["3", "4", "5", "6", "7", "8", "x"]
    asked = report(Answer(SOURCE, Reading(Parsed((), hints=Hints(ttl=120))), headers={}), NOW)
    assert asked.interval == timedelta(hours=2) > SLOWEST
    old = [Entry(str(n), title=str(n), published=NOW - timedelta(days=100 + n)) for n in range(9)]
    quiet = report(Answer(SOURCE, Reading(Parsed(tuple(old))), headers={}), NOW)
    assert quiet.health is Health.QUIET
    assert "look whether its feed moved" in quiet.why


@pytest.mark.parametrize("reason", list(FetchReason))
def test_a_failed_look_says_both(reason: FetchReason) -> None:
    """What is wrong, and what to try."""
    found = report(Answer(SOURCE, error=FetchError(reason, "it is so")), NOW)
    assert (found.why, found.advice) == ("it is so", ADVICE[reason])
    assert found.health in {Health.SLOW, Health.BLOCKED, Health.BROKEN, Health.GONE}
    assert found.interval > timedelta(0)
