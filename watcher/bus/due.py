"""Who is to be read next: a sorted set in Redis, shared by any number of watchers.

A claim moves a source's time into the future before the request is made: a watcher that dies loses nothing, the source simply comes
due again. A claim also takes the source's site (its registrable domain) for a moment, and keeps the sites of the readings that are
under way, so that no two watchers ask one site at once; it passes over sites that asked for a pause. When Redis was emptied the set is
filled again from what SQL knows.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from redis.exceptions import RedisError as ClientError

from watcher.bus.names import DUE
from watcher.bus.streams import Bus
from watcher.errors import RedisError

HOLD = 4.0  # seconds for which a claim keeps a site to its watcher; as long as a slow answer may keep its neighbours waiting
PAUSES_FOR = 86_400  # seconds; no pause is longer, whatever a host says
STRIKES_FOR = 3600  # seconds after which an earlier pause of a site is forgotten
REFUSALS_FOR = 600  # seconds within which refusals of one site are counted together

# A site's keys hold the unix seconds at which they end, so that the caller's clock decides; the expiry only tidies up behind them.
# KEYS: due, sites.  ARGV: now, end of the lease, how many, who claims, seconds of hold, prefix of the sites' keys, then sites to keep
_CLAIM = """
local now, most = tonumber(ARGV[1]), tonumber(ARGV[3])
local got, late = {}, {}
local mine = string.format('%.3f %s', now + ARGV[5], ARGV[4])
for i = 7, #ARGV do redis.call('SET', ARGV[6] .. 'held:' .. ARGV[i], mine, 'EX', 60) end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, most * 2 + 100)) do
  if #got >= most then break end
  local site = redis.call('HGET', KEYS[2], id)
  local free = true
  if site then
    local pause = tonumber(redis.call('GET', ARGV[6] .. 'pause:' .. site) or '0')
    if pause > now then
      free = false
      late[site] = (late[site] or 0) + 1
      redis.call('ZADD', KEYS[1], pause + late[site], id)
    else
      local held = ARGV[6] .. 'held:' .. site
      local till, who = string.match(redis.call('GET', held) or '', '^(%S+) (%S+)$')
      if who and who ~= ARGV[4] and tonumber(till) > now then
        free = false
      else
        redis.call('SET', held, mine, 'EX', 60)
      end
    end
  end
  if free then
    redis.call('ZADD', KEYS[1], ARGV[2], id)
    got[#got + 1] = id
  end
end
return got
"""
_PAUSE = """
if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
"""


class DueSet:
    """Source ids and the unix seconds at which each is to be read; every method raises RedisError when Redis is away."""

    def __init__(self, bus: Bus, key: str = DUE, *, who: str | None = None, hold: float = HOLD) -> None:
        """`who` names the process that claims; each has its own. `hold`, in seconds, is longer than the time between its claims."""
        self._redis = bus.redis
        self._key = key
        self._sites = f"{key}:sites"
        self._who = who or uuid.uuid4().hex
        self._hold = hold
        self._claim = bus.redis.register_script(_CLAIM)
        self._pause = bus.redis.register_script(_PAUSE)

    async def claim(self, now: float, lease: float, count: int, keep: Collection[str] = ()) -> list[str]:
        """Up to `count` sources whose time has come; until `lease` seconds from now nobody else gets them.

        `keep` are the sites that this process is still asking; nobody else gets their sources for another moment.
        """
        args: list[str | float] = [now, now + lease, count, self._who, self._hold, f"{self._key}:", *keep]
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

    async def pause(self, site: str, until: float) -> None:
        """Nobody asks this site before `until` (unix seconds); a longer pause that stands already is kept."""
        args: list[str | float] = [until, PAUSES_FOR]
        await self._call(self._pause(keys=[f"{self._key}:pause:{site}"], args=args))

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
