"""When a site is left alone as a whole."""

from __future__ import annotations

import pytest

from watcher.errors import FetchError, FetchReason
from watcher.manners import BURST, FIRST_PAUSE, LONGEST_PAUSE, asks_for_pause, pause_for
from watcher.urls import site_of


@pytest.mark.parametrize(
    ("reason", "status", "refused", "speaks"),
    [
        (FetchReason.RATE_LIMITED, 429, 0, True), (FetchReason.RATE_LIMITED, 503, 0, True), (FetchReason.RATE_LIMITED, None, 0, False),
        (FetchReason.BLOCKED, 403, 1, False), (FetchReason.BLOCKED, 403, BURST, True),
        (FetchReason.TIMEOUT, None, 9, False), (FetchReason.HTTP, 500, 9, False), (FetchReason.GONE, 410, 9, False),
    ],
)  # fmt: skip
def test_which_answers_speak_for_the_site(reason: FetchReason, status: int | None, refused: int, speaks: bool) -> None:
    """429, 503 and a burst of refusals do; a pause that stands already is no further answer, and a fault of one page is its own."""
    assert asks_for_pause(FetchError(reason, "x", status=status), refused) is speaks


def test_how_long_it_is_left_alone() -> None:
    """As long as it says; else longer with each strike, and an hour at the most."""
    said = FetchError(FetchReason.RATE_LIMITED, "x", retry_after=120.0, status=429)
    silent = FetchError(FetchReason.RATE_LIMITED, "x", status=429)
    assert pause_for(said, 5) == 120.0
    pauses = [pause_for(silent, n) for n in range(30)]
    assert pauses[0] == FIRST_PAUSE
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://newscenter.lbl.gov/feed/", "lbl.gov"), ("https://www.gov.uk/a.atom", "www.gov.uk"),
        ("http://127.0.0.1:8081/f", "127.0.0.1:8081"),
        ("http://127.0.0.1/f", "127.0.0.1:80"), ("https://[2001:db8::1]/f", "2001:db8::1:443"), ("http://h.example:99999/", ""), ("", ""),
    ],
)  # fmt: skip
def test_who_is_asked(url: str, site: str) -> None:
    """The registered domain; of bare addresses each port is a server of its own."""
    assert site_of(url) == site
