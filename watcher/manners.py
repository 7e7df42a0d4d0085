"""When a whole site is left alone, because of what one of its sources was answered. Pure."""

from __future__ import annotations

from watcher.errors import FetchError, FetchReason

FIRST_PAUSE, LONGEST_PAUSE = 10.0, 3600.0  # seconds, where the host does not say how long
BURST = 3  # so many sources of one site refused within ten minutes: it means all of us, as 429 would


def asks_for_pause(error: FetchError, refused: int) -> bool:
    """Whether this answer speaks for the whole site; `refused` counts its sources that were refused of late.

    An error without a status was never an answer: the site's pause itself is one.
    """
    if error.reason is FetchReason.RATE_LIMITED:
        return error.status is not None
    return error.reason is FetchReason.BLOCKED and refused >= BURST


def pause_for(error: FetchError, strikes: int) -> float:
    """Seconds for which nothing is asked of the site: what it said, else ten, doubled with each strike before, an hour at the most."""
    if error.retry_after is not None:
        return error.retry_after
    return float(min(FIRST_PAUSE * 2 ** min(strikes, 10), LONGEST_PAUSE))
