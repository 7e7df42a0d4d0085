"""Following the files that operators edit: whoever uses a folder is told within a second of a change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from watchfiles import awatch

SETTLE_MS = 200  # editors write in several steps; what changes within this time is one edit
STEP_MS = 50


async def follow(folders: list[Path], changed: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Await `changed()` after each edit in one of `folders`, until `stop`; a folder that is not there at the start is not watched."""
    there = [f for f in folders if f.is_dir()]
    if there:
        async for _ in awatch(*there, stop_event=stop, debounce=SETTLE_MS, step=STEP_MS, recursive=False):
            await changed()
