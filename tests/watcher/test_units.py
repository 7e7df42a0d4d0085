"""Durations as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.units import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("10m", 600), ("48h", 172_800), ("7d", 604_800), ("1h30m", 5400), ("500ms", 0.5), ("2 h", 7200)]
)
def test_durations_read_as_written(text: str, seconds: float) -> None:
    """Each spelling of the contract means what it says."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "10", "h", "10x", "-5m", "5m later"])
def test_other_text_is_refused_with_an_example(text: str) -> None:
    """What is no duration raises, and the message shows one that is."""
    with pytest.raises(ValueError, match="write one such as"):
        parse_duration(text)


@given(st.integers(0, 10**10))
def test_what_is_written_reads_back(ms: int) -> None:
    """format and parse are inverse for whole milliseconds."""
    value = timedelta(milliseconds=ms)
    assert parse_duration(format_duration(value)) == value
