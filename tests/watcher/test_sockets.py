"""The sockets that curl waits for, watched together, on Linux and elsewhere."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator

import pycurl
import pytest

from watcher.fetch.sockets import AnySystem, Linux

KINDS = [AnySystem, *([Linux] if hasattr(select, "epoll") else [])]


@pytest.fixture(params=KINDS)
def sockets(request: pytest.FixtureRequest) -> Iterator[AnySystem | Linux]:
    """An empty set."""
    sockets = request.param()
    yield sockets
    sockets.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a connection."""
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def test_what_happened_is_said_in_curls_words(sockets: AnySystem | Linux, pair: tuple[socket.socket, socket.socket]) -> None:
    """Reading, writing and both, as waited for; nothing where nothing happened, and nothing once nobody waits."""
    here, there = pair
    sockets.register(here.fileno(), pycurl.POLL_IN)
    assert list(sockets.poll()) == []
    there.send(b"x")
    assert list(sockets.poll()) == [(here.fileno(), pycurl.CSELECT_IN)]
    sockets.modify(here.fileno(), pycurl.POLL_OUT)
    assert list(sockets.poll()) == [(here.fileno(), pycurl.CSELECT_OUT)]
    sockets.modify(here.fileno(), pycurl.POLL_INOUT)
    assert list(sockets.poll()) == [(here.fileno(), pycurl.CSELECT_IN | pycurl.CSELECT_OUT)]
    sockets.unregister(here.fileno())
    assert list(sockets.poll()) == []


def test_an_end_is_met(sockets: AnySystem | Linux, pair: tuple[socket.socket, socket.socket]) -> None:
    """Who waits to read hears of the other side's end."""
    here, there = pair
    sockets.register(here.fileno(), pycurl.POLL_IN)
    there.close()
    ((fd, what),) = sockets.poll()
    assert fd == here.fileno()
    assert what & pycurl.CSELECT_IN


def test_one_descriptor_stands_for_all(sockets: AnySystem | Linux, pair: tuple[socket.socket, socket.socket]) -> None:
    """It becomes readable when any of them does."""
    here, there = pair
    sockets.register(here.fileno(), pycurl.POLL_IN)
    assert select.select([sockets.fileno()], [], [], 0)[0] == []
    there.send(b"x")
    assert select.select([sockets.fileno()], [], [], 5)[0] == [sockets.fileno()]
