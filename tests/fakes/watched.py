"""Waiting for something to become true, instead of sleeping and hoping."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Watched:
    """A thing whose changes can be waited for; whoever changes it calls `changed()`, in the loop that waits."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def changed(self) -> None:
        """Wake everyone who waits, to look again."""
        for event in self._waiting:
            event.set()

    async def until(self, test: Callable[[], object], seconds: float = 10) -> None:
        """Return once `test()` is true; raise TimeoutError after `seconds`."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            async with asyncio.timeout(seconds):
                while not test():
                    await event.wait()
                    event.clear()
        finally:
            self._waiting.discard(event)
