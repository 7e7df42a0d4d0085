"""Questions about stretches of text, (start, end), answered by bisection so that no repetitive text can stall a worker. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

_BEYOND = 1 << 62  # past the end of any text


def overlapping(spans: Sequence[tuple[int, int]], span: tuple[int, int]) -> bool:
    """Whether `span` shares a byte with one of `spans`, which are in order and do not overlap each other."""
    at = bisect_left(spans, span)
    return (at < len(spans) and spans[at][0] < span[1]) or (at > 0 and span[0] < spans[at - 1][1])


def inside(spans: Sequence[tuple[int, int]], span: tuple[int, int]) -> bool:
    """Whether `span` lies within one of `spans`, which are in order and do not overlap each other."""
    at = bisect_right(spans, (span[0], _BEYOND)) - 1
    return at >= 0 and span[1] <= spans[at][1]


def any_inside(spans: Sequence[tuple[int, int]], window: tuple[int, int]) -> bool:
    """Whether one of `spans`, which come in order, lies within `window`."""
    lo, hi = window
    for index in range(bisect_left(spans, (lo, 0)), len(spans)):
        start, end = spans[index]
        if end <= hi:
            return True
        if start >= hi:
            break
    return False


def nearest_to(spans: Sequence[tuple[int, int]], position: int) -> tuple[int, int]:
    """The one of `spans`, which come in order, that begins nearest to `position`; of equally near ones the first."""
    at = bisect_left(spans, (position, 0))
    if at == len(spans) or (at > 0 and position - spans[at - 1][0] <= spans[at][0] - position):
        at = bisect_left(spans, (spans[at - 1][0], 0))
    return spans[at]
