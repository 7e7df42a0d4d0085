"""Who is to be read next: a sorted set in Redis, shared by any number of watchers.

A claim moves a source's time into the future before the request is made: a watcher that dies loses nothing, the source simply comes
due again. When Redis was emptied the set is filled again from what SQL knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from redis.exceptions import RedisError as ClientError

from watcher.bus.names import DUE
from watcher.bus.streams import Bus
from watcher.errors import RedisError

_CLAIM = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, id in ipairs(due) do redis.call('ZADD', KEYS[1], ARGV[2], id) end
return due
"""


class DueSet:
    """Source ids and the unix seconds at which each is to be read; every method raises RedisError when Redis is away."""

    def __init__(self, bus: Bus, key: str = DUE) -> None:
        self._redis = bus.redis
        self._key = key
        self._claim = bus.redis.register_script(_CLAIM)

    async def claim(self, now: float, lease: float, count: int) -> list[str]:
        """Up to `count` sources whose time has come; until `lease` seconds from now nobody else gets them."""
        return cast(list[str], await self._call(self._claim(keys=[self._key], args=[now, now + lease, count])))

    async def put(self, times: Mapping[str, float]) -> None:
        """Set the time of each source."""
        if times:
            await self._call(self._redis.zadd(self._key, dict(times)))

    async def add_missing(self, times: Mapping[str, float]) -> None:
        """Set the time of those sources that have none."""
        if times:
            await self._call(self._redis.zadd(self._key, dict(times), nx=True))

    async def known(self) -> set[str]:
        """Every source that has a time."""
        return set(cast(list[str], await self._call(self._redis.zrange(self._key, 0, -1))))

    async def remove(self, sources: Sequence[str]) -> None:
        """Forget sources that are no longer read."""
        if sources:
            await self._call(self._redis.zrem(self._key, *sources))

    async def next_at(self) -> float | None:
        """When the next source comes due, in unix seconds, or None when there is none."""
        first = cast(Any, await self._call(self._redis.zrange(self._key, 0, 0, withscores=True)))
        return float(first[0][1]) if first else None

    @staticmethod
    async def _call(answer: Any) -> Any:
        try:
            return await answer
        except (ClientError, OSError) as e:
            raise RedisError(f"Redis cannot be reached ({type(e).__name__}); sources wait until it is back") from e
