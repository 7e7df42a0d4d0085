"""The page on manners says what the code does: its figures are those of the constants."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from concordat import __version__
from notifier import notices
from watcher import cadence, health, manners
from watcher.bus import due
from watcher.cadence import Pace, after_success
from watcher.fetch import hosts, waits
from watcher.fetch.transfer import Limits
from watcher.service import user_agent
from watcher.sources.entry import Hints
from watcher.state import FULL_EVERY, MOVED_FOR, MOVED_TIMES, Health

PAGE = " ".join((Path(__file__).parents[2] / "docs" / "sources" / "manners.md").read_text("utf-8").split())


def seconds(value: float) -> str:
    """A span as the page writes it."""
    return f"{value:g} seconds"


def minutes(span: timedelta | float) -> str:
    """A span as the page writes it."""
    return f"{_of(span) / 60:g} minutes"


def hours(span: timedelta | float) -> str:
    """A span as the page writes it."""
    return f"{_of(span) / 3600:g} hour" + ("" if _of(span) == 3600 else "s")


def days(span: timedelta) -> str:
    """A span as the page writes it."""
    return f"{span / timedelta(days=1):g} day" + ("" if span == timedelta(days=1) else "s")


def _of(span: timedelta | float) -> float:
    return span.total_seconds() if isinstance(span, timedelta) else span


LIMITS = Limits()
SAID = [
    f"the first pace of a source | {minutes(cadence.FIRST)}",
    f"half the pace, not below {minutes(cadence.FASTEST)}",
    f"a quarter slower, not above {minutes(cadence.SLOWEST)}",
    f"kept, up to {hours(cadence.HINT_CAP)} |",
    f"kept, up to {cadence.SKIPPED_MOST} hours in a row",
    f"each pause is up to {cadence.JITTER:.0%} longer, the first of a source up to {cadence.FIRST_JITTER:.0%}".replace("%", " %"),
    f"Every {hours(FULL_EVERY)} a source is asked for the whole",
    f"with each one in a row, up to {hours(cadence.FAILURE_CAP)}",
    f"looked at every {days(cadence.GONE)}",
    f"has not answered within {seconds(hosts.PATIENCE)}",
    f"of one site {due.AT_SITE} sources are in hand",
    f"as long as the host says, up to {hours(waits.LONGEST)}",
    f"Where it does not say, {seconds(manners.FIRST_PAUSE)}",
    f"up to {minutes(manners.LONGEST_PAUSE)}; - {manners.BURST} sources",
    f"refused within {minutes(due.REFUSALS_FOR)}",
    f"take {seconds(LIMITS.total)} in all and {LIMITS.body / 1e6:g} MB unpacked, and lead over {LIMITS.redirects} redirects",
    f"when {MOVED_TIMES} readings over {days(MOVED_FOR)} found",
    f"{health.LASTING} failures in a row, or failures for {hours(health.LASTING_FOR)}",
    f"({health.LASTING} failures or {hours(health.LASTING_FOR)})",
    f"nothing new for {days(health.QUIET_AT_LEAST)} and for {health.QUIET_TIMES} times its usual gap",
    f"every {seconds(notices.EVERY)} at the most",
    f"older than {hours(notices.RECENT)}",
    user_agent(__version__, "https://concordat.example.org"),
    *(f"| {state} |" for state in Health),
]


@pytest.mark.parametrize("words", SAID)
def test_a_figure_of_the_page(words: str) -> None:
    """The page says this, with the number that stands in the code."""
    assert words in PAGE


def test_how_the_pace_moves() -> None:
    """`half the pace` and `a quarter slower` are what an answer with and without news does to it."""
    pace = Pace(None, timedelta(minutes=20))
    assert after_success(pace, 1, Hints(), {}) == timedelta(minutes=10)
    assert after_success(pace, 0, Hints(), {}) == timedelta(minutes=25)


def test_words_that_no_constant_gives() -> None:
    """The hour after which pauses are forgotten and the second refusal are written out; they stand for these constants."""
    assert (due.STRIKES_FOR, "doubled with each pause within the hour" in PAGE) == (3600, True)
    assert (health.REFUSED, "at the second refusal in a row" in PAGE) == (2, True)
