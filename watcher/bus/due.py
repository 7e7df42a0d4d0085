"""Who is to be read next: a sorted set in Redis, shared by any number of watchers.

A claim moves a source's time into the future before the request is made: a watcher that dies loses nothing, the source simply comes
due again. A claim also takes the source's site (its registrable domain) for a moment, so that no two watchers ask one site at once,
and passes over sites that asked for a pause. When Redis was emptied the set is filled again from what SQL knows.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, cast

from redis.exceptions import RedisError as ClientError

from watcher.bus.names import DUE
from watcher.bus.streams import Bus
from watcher.errors import RedisError

HOLD = 4.0  # seconds for which a claim keeps a site to its watcher; as long as a slow answer may keep its neighbours waiting
STRIKES_FOR = 3600  # seconds after which an earlier pause of a site is forgotten
REFUSALS_FOR = 600  # seconds within which refusals of one site are counted together

# KEYS: due, sites.  ARGV: now, time of the lease's end, how many, who claims, hold in ms, prefix of the sites' keys
_CLAIM = """
local late = {}
local got = {}
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3] * 2 + 100)
for _, id in ipairs(due) do
  if #got >= tonumber(ARGV[3]) then break end
  local site = redis.call('HGET', KEYS[2], id) or ''
  local pause = site ~= '' and redis.call('PTTL', ARGV[6] .. 'pause:' .. site) or -2
  if pause > 0 then
    late[site] = (late[site] or 0) + 1
    redis.call('ZADD', KEYS[1], ARGV[1] + pause / 1000 + late[site], id)
  elseif site == '' or redis.call('SET', ARGV[6] .. 'held:' .. site, ARGV[4], 'NX', 'PX', ARGV[5])
      or redis.call('GET', ARGV[6] .. 'held:' .. site) == ARGV[4] then
    if site ~= '' then redis.call('PEXPIRE', ARGV[6] .. 'held:' .. site, ARGV[5]) end
    redis.call('ZADD', KEYS[1], ARGV[2], id)
    got[#got + 1] = id
  end
end
return got
"""


class DueSet:
    """Source ids and the unix seconds at which each is to be read; every method raises RedisError when Redis is away."""

    def __init__(self, bus: Bus, key: str = DUE, *, who: str | None = None) -> None:
        """`who` names the process that claims; each has its own."""
        self._redis = bus.redis
        self._key = key
        self._sites = f"{key}:sites"
        self._who = who or uuid.uuid4().hex
        self._claim = bus.redis.register_script(_CLAIM)

    async def claim(self, now: float, lease: float, count: int) -> list[str]:
        """Up to `count` sources whose time has come; until `lease` seconds from now nobody else gets them."""
        args: list[str | float] = [now, now + lease, count, self._who, int(HOLD * 1000), f"{self._key}:"]
        return cast(list[str], await self._call(self._claim(keys=[self._key, self._sites], args=args)))

    async def put(self, times: Mapping[str, float]) -> None:
        """Set the time of each source."""
        if times:
            await self._call(self._redis.zadd(self._key, dict(times)))

    async def add_missing(self, times: Mapping[str, float], sites: Mapping[str, str] | None = None) -> None:
        """Set the time of those sources that have none, and say of each at which site it is read."""
        if times:
            await self._call(self._redis.zadd(self._key, dict(times), nx=True))
        if sites:
            await self._call(self._redis.hset(self._sites, mapping=cast(Any, dict(sites))))

    async def known(self) -> set[str]:
        """Every source that has a time."""
        return set(cast(list[str], await self._call(self._redis.zrange(self._key, 0, -1))))

    async def remove(self, sources: Sequence[str]) -> None:
        """Forget sources that are no longer read."""
        if sources:
            await self._call(self._redis.zrem(self._key, *sources))
            await self._call(self._redis.hdel(self._sites, *sources))

    async def next_at(self) -> float | None:
        """When the next source comes due, in unix seconds, or None when there is none."""
        first = cast(Any, await self._call(self._redis.zrange(self._key, 0, 0, withscores=True)))
        return float(first[0][1]) if first else None

    async def pause(self, site: str, seconds: float) -> None:
        """Nobody asks this site for so long; a longer pause that stands already is kept."""
        key, wanted = f"{self._key}:pause:{site}", int(seconds * 1000)
        if wanted > cast(int, await self._call(self._redis.pttl(key))):
            await self._call(self._redis.set(key, "1", px=max(wanted, 1)))

    async def strike(self, site: str) -> int:
        """Count one more time that the site asked for patience; how many there were within the hour before it."""
        key = f"{self._key}:strikes:{site}"
        count = cast(int, await self._call(self._redis.incr(key)))
        await self._call(self._redis.expire(key, STRIKES_FOR))
        return count - 1

    async def refused(self, site: str, source: str) -> int:
        """Note that the site refused this source; how many of its sources it refused of late."""
        key = f"{self._key}:refused:{site}"
        await self._call(self._redis.sadd(key, source))
        await self._call(self._redis.expire(key, REFUSALS_FOR))
        return cast(int, await self._call(self._redis.scard(key)))

    @staticmethod
    async def _call(answer: Any) -> Any:
        try:
            return await answer
        except (ClientError, OSError) as e:
            raise RedisError(f"Redis cannot be reached ({type(e).__name__}); sources wait until it is back") from e
