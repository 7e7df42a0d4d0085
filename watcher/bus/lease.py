"""A thing that one process holds at a time: taken, kept by taking it again, free when its holder dies or lets go."""

from __future__ import annotations

import uuid
from typing import Any

from redis.exceptions import RedisError as ClientError

from watcher.bus.streams import Bus, answered
from watcher.errors import RedisError

PREFIX = "concordat:held:"
SECONDS = 9.0  # after which a holder that was not heard of is taken to be dead

_TAKE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class Lease:
    """A claim on `name`, of one holder; both methods raise RedisError when Redis is away."""

    def __init__(self, bus: Bus, name: str, *, seconds: float = SECONDS) -> None:
        self._key = PREFIX + name
        self._who = uuid.uuid4().hex
        self._ms = int(seconds * 1000)
        self._take = bus.redis.register_script(_TAKE)
        self._release = bus.redis.register_script(_RELEASE)

    async def take(self) -> bool:
        """Take it, or keep it; False while another holds it."""
        return bool(await self._call(self._take(keys=[self._key], args=[self._who, self._ms])))

    async def release(self) -> None:
        """Let go of it, if it is ours."""
        await self._call(self._release(keys=[self._key], args=[self._who]))

    @staticmethod
    async def _call(answer: Any) -> Any:
        try:
            return await answered(answer)
        except (ClientError, OSError) as e:
            raise RedisError(f"Redis cannot be reached ({type(e).__name__})") from e
