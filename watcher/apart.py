"""Work on foreign bytes that nobody can promise an end for, done in a child process that can be killed.

A thread cannot be stopped, and one regular expression on the wrong bytes holds every thread of its process. So what an outside library
does with large documents is done apart: one child, started when it is first needed, with a limit on its time and on its memory; it
leaves by itself when there is nothing to do, and with its parent. Must not: know what it carries.
"""

from __future__ import annotations

import atexit
import importlib
import os
import pickle
import resource
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from watcher.errors import FetchError, FetchReason

SMALL = 8_000  # bytes of an answer that is read where it is: even a reader that takes the square of its length has it read at once
SECONDS = 15.0  # for one piece of work; the largest honest feeds take three on a slow machine
MEMORY = 1 << 30  # bytes of address space
IDLE = 60.0  # seconds without work after which the child leaves
_LENGTH = struct.Struct("!Q")


class Apart:
    """One child process at the most; its callers wait for one another. For threads, not for the event loop."""

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY, idle: float = IDLE) -> None:
        self._limits = (memory, idle)
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def call(self, work: Callable[..., Any], *args: Any) -> Any:
        """What the module-level function `work` returns for `args`; both ways everything is pickled.

        Raises FetchError: what `work` raised, or UNREADABLE when it took too long, too much memory, or broke.
        """
        message = pickle.dumps((work.__module__, work.__qualname__, args))
        with self._turn:
            for last in (False, True):
                try:
                    answer = self._exchange(message)
                    break
                except (BrokenPipeError, EOFError):  # it had left, or died of this very work
                    self.close()
                    if last:
                        raise FetchError(FetchReason.UNREADABLE, "reading the answer broke the reader") from None
        kind, value = pickle.loads(answer)  # noqa: S301  our own child's words
        if kind == "failed":
            raise FetchError(**value)
        return value

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()

    def _exchange(self, message: bytes) -> bytes:
        child = self._child = self._child or self._start()
        assert child.stdin is not None, "a pipe was asked for"
        assert child.stdout is not None, "a pipe was asked for"
        until = time.monotonic() + self._seconds
        try:
            _write(child.stdin.fileno(), _LENGTH.pack(len(message)) + message, until)
            (length,) = _LENGTH.unpack(_read(child.stdout.fileno(), _LENGTH.size, until))
            return _read(child.stdout.fileno(), length, until)
        except TimeoutError:
            self.close()
            raise FetchError(FetchReason.UNREADABLE, f"the answer cannot be read within {self._seconds:g} s, so it is left alone") from None

    def _start(self) -> subprocess.Popen[bytes]:
        code = f"import sys; sys.path[:] = {sys.path!r}; from watcher.apart import serve; serve{self._limits!r}"
        child = subprocess.Popen(  # noqa: S603  this interpreter, and our own words
            [sys.executable, "-c", code], bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert child.stdin is not None, "a pipe was asked for"
        os.set_blocking(child.stdin.fileno(), False)
        return child


def _write(pipe: int, data: bytes, until: float) -> None:
    left = memoryview(data)
    while left:
        if not select.select([], [pipe], [], max(0.0, until - time.monotonic()))[1]:
            raise TimeoutError
        left = left[os.write(pipe, left[:65_536]) :]


def _read(pipe: int, count: int, until: float | None = None) -> bytes:
    """Exactly so many bytes; raises EOFError at the other's end, TimeoutError at the time's."""
    parts, left = [], count
    while left:
        if until is not None and not select.select([pipe], [], [], max(0.0, until - time.monotonic()))[0]:
            raise TimeoutError
        part = os.read(pipe, min(left, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def serve(memory: int, idle: float) -> None:
    """The child: work, answer, until the parent is gone or has had nothing to do for `idle` seconds."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the parent
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    source, sink = sys.stdin.fileno(), sys.stdout.fileno()
    while select.select([source], [], [], idle)[0]:
        try:
            (length,) = _LENGTH.unpack(_read(source, _LENGTH.size))
            message = _read(source, length)
        except EOFError:
            return
        answer = _answer(message)
        data = _LENGTH.pack(len(answer)) + answer
        while data:
            data = data[os.write(sink, data) :]


def _answer(message: bytes) -> bytes:
    try:
        module, name, args = pickle.loads(message)  # noqa: S301  our own parent's words
        return pickle.dumps(("done", getattr(importlib.import_module(module), name)(*args)))
    except FetchError as e:
        said = {"reason": e.reason, "message": str(e), "permanent": e.permanent, "retry_after": e.retry_after, "status": e.status}
    except MemoryError:
        said = {"reason": FetchReason.TOO_LARGE, "message": "the answer takes more memory to read than there is for one"}
    except Exception as e:  # noqa: BLE001  the edge of the child: its parent hears of it
        said = {"reason": FetchReason.UNREADABLE, "message": f"the answer cannot be read ({type(e).__name__})"}
    return pickle.dumps(("failed", said))


APART = Apart()
atexit.register(APART.close)
