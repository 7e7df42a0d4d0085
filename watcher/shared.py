"""Answers that the readings of a process share: sign-ins, which would otherwise be made again for each source. Kept in memory only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import blake2b

from watcher.errors import FetchError, FetchReason
from watcher.fetch import Fetched
from watcher.sources.steps import Ask

REFUSED_FOR = 300.0  # seconds; a refused sign-in is refused to whoever asks next, and counts where it is made again


class SharedAnswers:
    """The last answer to each request that is shared, good or bad; whoever asks while one is under way waits for it."""

    def __init__(self) -> None:
        self._kept: dict[bytes, tuple[float, Fetched | FetchError]] = {}
        self._turns: dict[bytes, asyncio.Lock] = {}

    async def get(self, ask: Ask, send: Callable[[], Awaitable[Fetched]]) -> Fetched:
        """The answer to `ask`, from memory where it is young enough, else through `send`. Raises what `send` raises."""
        key = _key(ask)
        async with self._turns.setdefault(key, asyncio.Lock()):
            now = asyncio.get_running_loop().time()
            at, answer = self._kept.get(key, (0.0, None))
            if isinstance(answer, FetchError) and now - at < min(REFUSED_FOR, ask.shared):
                raise answer.retold(str(answer))
            if isinstance(answer, Fetched) and answer is not ask.worn and now - at < ask.shared:
                return answer
            self._kept.pop(key, None)
            try:
                got = await send()
            except FetchError as e:
                if e.status is not None and e.reason is not FetchReason.RATE_LIMITED:
                    self._kept[key] = (now, e)
                raise
            self._kept[key] = (now, got)
            return got


def _key(ask: Ask) -> bytes:
    """What tells requests apart, without the secrets in them."""
    parts = (ask.url.encode(), repr(sorted(ask.headers.items())).encode(), ask.body or b"")
    return blake2b(b"".join(blake2b(part).digest() for part in parts), digest_size=32).digest()
