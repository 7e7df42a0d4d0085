"""Bisection over spans answers as looking at each of them would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rules.spans import inside, overlapping

SPAN = st.tuples(st.integers(0, 40), st.integers(1, 6)).map(lambda s: (s[0], s[0] + s[1]))


def apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those of `spans`, in order, that overlap none before them."""
    kept: list[tuple[int, int]] = []
    for span in sorted(spans):
        if not kept or kept[-1][1] <= span[0]:
            kept.append(span)
    return kept


@given(st.lists(SPAN, max_size=12).map(apart), SPAN)
def test_bisection_agrees_with_looking_at_every_span(spans: list[tuple[int, int]], span: tuple[int, int]) -> None:
    """Both questions have the answer that their words promise."""
    assert overlapping(spans, span) == any(lo < span[1] and span[0] < hi for lo, hi in spans)
    assert inside(spans, span) == any(lo <= span[0] and span[1] <= hi for lo, hi in spans)
