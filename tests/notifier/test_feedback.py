"""Promises of notifier.feedback: shares are what Wilson says, and small samples say nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.feedback import LEAST, Precision, wilson


@pytest.mark.parametrize(
    ("good", "of", "low", "high"),
    [(0, 0, 0.0, 1.0), (8, 8, 0.676, 1.0), (6, 8, 0.409, 0.929), (0, 10, 0.0, 0.278), (50, 100, 0.404, 0.596)],
)
def test_known_intervals(good: int, of: int, low: float, high: float) -> None:
    """The interval is that of the published formula at 95 %."""
    assert wilson(good, of) == pytest.approx((low, high), abs=0.001)


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_interval_holds_the_share(good: int, bad: int) -> None:
    """It lies within 0 and 1, holds the share that was seen, and says nothing below the least sample."""
    low, high = wilson(good, good + bad)
    assert 0 <= low <= high <= 1
    found = Precision("r", good, bad)
    if good + bad:
        assert low - 1e-9 <= good / (good + bad) <= high + 1e-9
    assert (found.share is None) == (good + bad < LEAST)
    assert str(found)
