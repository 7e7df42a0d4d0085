"""The sockets that curl waits for, watched together behind one descriptor, in curl's words for what is waited for.

The event loop watches that one descriptor: to let it watch each socket would take several times as long.
"""

from __future__ import annotations

import select
import selectors

import pycurl

_READ, _WRITE = {pycurl.POLL_IN, pycurl.POLL_INOUT}, {pycurl.POLL_OUT, pycurl.POLL_INOUT}


class AnySystem:
    """By Python's selectors, which every system has."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.close = self._selector.close
        self.unregister = self._selector.unregister

    def fileno(self) -> int:
        """The one descriptor that becomes readable when something happens."""
        found: int = self._selector.fileno()  # there is one on Linux, the BSDs and macOS
        return found

    def register(self, fd: int, what: int) -> None:
        """Wait for this (pycurl.POLL_…) at a socket."""
        self._selector.register(fd, self._events(what))

    def modify(self, fd: int, what: int) -> None:
        """Wait for something else there."""
        self._selector.modify(fd, self._events(what))

    def poll(self) -> list[tuple[int, int]]:
        """The sockets at which something has happened, with what it was (pycurl.CSELECT_…)."""
        happened = [(key.fd, events) for key, events in self._selector.select(0)]
        return [(fd, _happened(events & selectors.EVENT_READ, events & selectors.EVENT_WRITE)) for fd, events in happened]

    @staticmethod
    def _events(what: int) -> int:
        return (selectors.EVENT_READ if what in _READ else 0) | (selectors.EVENT_WRITE if what in _WRITE else 0)


class Linux:
    """The same by epoll itself, for half the time."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self.fileno, self.close, self.unregister = self._epoll.fileno, self._epoll.close, self._epoll.unregister

    def register(self, fd: int, what: int) -> None:
        """As above."""
        self._epoll.register(fd, self._events(what))

    def modify(self, fd: int, what: int) -> None:
        """As above."""
        self._epoll.modify(fd, self._events(what))

    def poll(self) -> list[tuple[int, int]]:
        """As above."""
        # an error or an end is met in reading and in writing
        return [(fd, _happened(events & ~select.EPOLLOUT, events & ~select.EPOLLIN)) for fd, events in self._epoll.poll(0)]

    @staticmethod
    def _events(what: int) -> int:
        return (select.EPOLLIN if what in _READ else 0) | (select.EPOLLOUT if what in _WRITE else 0)


def _happened(came: int, goes: int) -> int:
    return (pycurl.CSELECT_IN if came else 0) | (pycurl.CSELECT_OUT if goes else 0)


Sockets = Linux if hasattr(select, "epoll") else AnySystem
