"""libcurl's transfers on the event loop: curl says which sockets and which moment it waits for, the loop tells it when they come.

This is curl's own way for event-driven programs (`curl_multi_socket_action`): one call an event, nothing is polled. Everything happens
on the loop's thread; only names are looked up beside it, on threads of curl's.
"""

from __future__ import annotations

import asyncio

import pycurl

from watcher.fetch.sockets import Sockets

IDLE_MOST = 64  # connections kept open for whoever asks the same host next
# with so many transfers under way, their events are looked at together and not one by one: the loop has half as much to do
MANY, PAUSE = 16, 0.002  # seconds
# so many transfers end at one look: what else has come stays with the system, and is no body that waits in our memory to be read
ENDED_MOST = 16
_OK = 0


class Multi:
    """Runs any number of curl handles at once on the running loop; `close` ends what is under way."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[pycurl.Curl, asyncio.Future[tuple[int, str]]] = {}
        # the sockets are watched by a selector of ours, and the loop watches that: it would take five times as long to watch each
        self._sockets = Sockets()
        self._loop.add_reader(self._sockets.fileno(), self._ready)
        self._watched: set[int] = set()
        self._pause: asyncio.TimerHandle | None = None
        self._ended = 0  # since the last look
        self._timer: asyncio.Handle | None = None
        self._rings = 0.0  # the loop's time at which the timer rings
        self._due: float | None = None  # the loop's time at which curl wants to be woken
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, IDLE_MOST)

    async def run(self, handle: pycurl.Curl) -> tuple[int, str]:
        """One transfer, from start to end: curl's error code (0 is well) and its words. When cancelled, the transfer is ended."""
        done: asyncio.Future[tuple[int, str]] = self._loop.create_future()
        self._multi.add_handle(handle)
        self._waiting[handle] = done
        try:
            return await done
        finally:
            if self._waiting.pop(handle, None) is not None:
                self._multi.remove_handle(handle)

    def close(self) -> None:
        """End every transfer (whoever waits for one is cancelled) and close every connection."""
        for handle, done in self._waiting.items():
            self._multi.remove_handle(handle)
            done.cancel()
        self._waiting.clear()
        self._watched.clear()
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._sockets.fileno())
        self._sockets.close()
        if self._timer is not None:
            self._timer.cancel()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, None)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, None)
        self._multi.close()

    def _on_socket(self, what: int, fd: int, _multi: object, _data: object) -> None:
        if what == pycurl.POLL_REMOVE or what == pycurl.POLL_NONE:
            if fd in self._watched:
                self._watched.discard(fd)
                self._sockets.unregister(fd)
        elif fd in self._watched:
            self._sockets.modify(fd, what)
        else:
            self._watched.add(fd)
            self._sockets.register(fd, what)

    def _ready(self) -> None:
        """Something happened at a socket."""
        self._look()
        if len(self._waiting) >= MANY:
            self._loop.remove_reader(self._sockets.fileno())
            self._pause = self._loop.call_later(PAUSE, self._look_again)

    def _look_again(self) -> None:
        """A moment later: so it goes on while there is much to see, and then the loop watches again."""
        if self._look() and len(self._waiting) >= MANY:
            self._pause = self._loop.call_later(PAUSE, self._look_again)
        else:
            self._pause = None
            self._loop.add_reader(self._sockets.fileno(), self._ready)

    def _look(self) -> bool:
        """Let curl act on what happened; whether anything did."""
        happened = self._sockets.poll()
        self._ended = 0
        for fd, events in happened:
            if fd in self._watched:
                self._act(fd, events)
            if self._ended >= ENDED_MOST:
                break
        return bool(happened)

    def _on_timer(self, milliseconds: int) -> None:
        """Curl moves its alarm with nearly every step; a timer that stands early enough is left to find the later hour by itself."""
        if milliseconds < 0:
            self._due = None
            return
        self._due = self._loop.time() + milliseconds / 1000
        if self._timer is None or self._rings > self._due:
            if self._timer is not None:
                self._timer.cancel()
            self._wind(self._due)

    def _wind(self, due: float) -> None:
        self._rings = due
        now = due <= self._loop.time()
        self._timer = self._loop.call_soon(self._ring) if now else self._loop.call_at(due, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._due is None:
            return
        if self._due > self._loop.time():
            self._wind(self._due)
            return
        self._due = None
        self._act(pycurl.SOCKET_TIMEOUT, 0)

    def _act(self, fd: int, events: int) -> None:
        _, running = self._multi.socket_action(fd, events)
        if running < len(self._waiting):
            self._collect()

    def _collect(self) -> None:
        _, well, failed = self._multi.info_read()
        for handle in well:
            self._finish(handle, _OK, "")
        for handle, code, words in failed:
            self._finish(handle, code, words)

    def _finish(self, handle: pycurl.Curl, code: int, words: str) -> None:
        done = self._waiting.pop(handle, None)
        self._ended += 1
        self._multi.remove_handle(handle)
        if done is not None and not done.done():
            done.set_result((code, words))
