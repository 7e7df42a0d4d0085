"""A maildir that a mail server delivers into: what comes back of our mails is read from `new/`, acted on, and moved to `cur/`.

Nothing is deleted. A file is moved after its transaction, so that a crash between the two reads it again, which changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

from notifier import bounced
from notifier.bounces import MOST_BYTES, read_returned
from watcher.errors import StoreError
from watcher.store import Store

EVERY = 30.0  # seconds between two looks
MOST_FILES = 200  # in one look

log = structlog.get_logger("maildir")


async def look(folder: Path, store: Store, now: datetime) -> int:
    """Read what is new; how many files there were. Raises StoreError, and OSError for a folder that cannot be read or written."""
    files = await asyncio.to_thread(_new, folder)
    for file in files:
        raw = await asyncio.to_thread(_read, file)
        returned = read_returned(raw)
        done = await store.write(bounced.take, returned, now) if returned else ""
        log.info("mail came back", said=done or "nothing that concerns us", file=file.name)
        await asyncio.to_thread(_put_away, file)
    return len(files)


async def watch(folder: Path, store: Store, stop: asyncio.Event, now: Callable[[], datetime]) -> None:
    """Look until `stop`; what cannot be read now is read at a later look."""
    while not stop.is_set():
        try:
            await look(folder, store, now())
        except (OSError, StoreError) as e:
            log.warning("mail that came back waits", why=str(e))
        try:
            await asyncio.wait_for(stop.wait(), EVERY)
        except TimeoutError:
            continue


def _new(folder: Path) -> list[Path]:
    new = folder / "new"
    return sorted(f for f in new.iterdir() if f.is_file() and not f.is_symlink())[:MOST_FILES] if new.is_dir() else []


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def _put_away(file: Path) -> None:
    seen = file.parent.parent / "cur"
    seen.mkdir(exist_ok=True)
    file.rename(seen / f"{file.name.split(':')[0]}:2,S")
