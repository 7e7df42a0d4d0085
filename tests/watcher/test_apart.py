"""Work apart: whatever it does, its caller gets an answer or a reason, within the time, and the next piece of work is done."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from watcher.apart import Apart
from watcher.errors import FetchError, FetchReason


def double(number: int) -> int:
    """Honest work."""
    return 2 * number


def twice(data: bytes) -> bytes:
    """Work with large arguments and results."""
    return data * 2


def who() -> int:
    """The process that works."""
    return os.getpid()


def refuse() -> None:
    """Work that gives its own reason."""
    raise FetchError(FetchReason.NOT_A_FEED, "no feed", permanent=True)


def break_() -> None:
    """Work that nobody foresaw."""
    raise KeyError("x")


def stall() -> None:
    """Work without an end."""
    time.sleep(3600)


def hoard() -> int:
    """Work that wants more memory than there is for it."""
    return len(b"x" * (8 << 30))


def die() -> None:
    """Work that takes its process with it."""
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def apart() -> Iterator[Apart]:
    """A child with little patience."""
    apart = Apart(seconds=20.0)
    yield apart
    apart.close()


def test_work_is_done_elsewhere(apart: Apart) -> None:
    """Another process does it, the same one for all work, and large things pass both ways."""
    assert apart.call(double, 21) == 42
    assert apart.call(who) == apart.call(who) != os.getpid()
    assert len(apart.call(twice, b"x" * 5_000_000)) == 10_000_000


def test_reasons_come_back(apart: Apart) -> None:
    """A FetchError arrives as it was raised; what nobody foresaw is unreadable, and names its kind."""
    with pytest.raises(FetchError, match="no feed") as told:
        apart.call(refuse)
    assert (told.value.reason, told.value.permanent) == (FetchReason.NOT_A_FEED, True)
    with pytest.raises(FetchError, match="KeyError") as broken:
        apart.call(break_)
    assert broken.value.reason is FetchReason.UNREADABLE


def test_too_much_memory_is_a_reason(apart: Apart) -> None:
    """The limit on memory holds, and the child lives on."""
    with pytest.raises(FetchError) as told:
        apart.call(hoard)
    assert told.value.reason is FetchReason.TOO_LARGE
    assert apart.call(double, 2) == 4


def test_a_stall_ends_with_its_process() -> None:
    """What takes too long is killed, said so, and the next work finds a fresh child."""
    apart = Apart(seconds=2.0)
    try:
        with pytest.raises(FetchError, match="cannot be read within 2 s"):
            apart.call(stall)
        apart = Apart(seconds=20.0)
        assert apart.call(double, 3) == 6
    finally:
        apart.close()


def test_a_dead_child_is_replaced(apart: Apart) -> None:
    """Work that kills its process is given up after a second try; one that left or was killed meanwhile is nobody's loss."""
    with pytest.raises(FetchError, match="broke the reader"):
        apart.call(die)
    os.kill(apart.call(who), signal.SIGKILL)
    assert apart.call(double, 4) == 8


def test_an_idle_child_leaves() -> None:
    """Memory that nobody needs is given back; the next work starts another."""
    apart = Apart(seconds=20.0, idle=0.1)
    try:
        first = apart.call(who)
        child = apart._child
        assert child is not None
        assert child.wait(20) == 0
        assert apart.call(who) != first
    finally:
        apart.close()
