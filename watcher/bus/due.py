"""Who is to be read next: sites by the moment at which one of their sources comes due, shared by any number of watchers.

A site (a registrable domain) has its sources in a sorted set of its own, so that a claim looks at sites, each of them once, and takes
a few sources of those that are free: a site with hundreds of sources, or one that asked for a pause, keeps nobody else waiting, and its
own sources come in the order in which they are due.

A claim moves a source's time into the future before the request is made, and again while the reading is under way: a watcher that dies
loses nothing, the source simply comes due again. A claim also takes the site for a moment, so that no two watchers ask one site at once.
Each claim says again what its watcher is asking and which pauses it knows of; when Redis was emptied that is there at once, and the
sources are put in again from what SQL knows.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

from redis.exceptions import RedisError as ClientError

from watcher.bus.names import DUE
from watcher.bus.streams import Bus, answered
from watcher.errors import RedisError

HOLD = 4.0  # seconds for which a claim keeps a site to its watcher; as long as a slow answer may keep its neighbours waiting
AT_SITE = 3  # sources of one site that a watcher has in hand: one is asked, the others wait for their turn or for a slow host
PAUSES_FOR = 86_400  # seconds; no pause is longer, whatever a host says; the claim below has it as well
STRIKES_FOR = 3600  # seconds after which an earlier pause of a site is forgotten
REFUSALS_FOR = 600  # seconds within which refusals of one site are counted together
PIECE = 1000  # sources in one call, so that none keeps Redis from the others for long

# The keys of a site hold the unix seconds at which they end, so that the caller's clock decides; their expiry only tidies up behind.
# `at:SITE` is the sorted set of its sources; `settle` gives the site the time of its first source, or `floor` when that is later.
_SETTLE = """
local function settle(site, floor)
  local first = redis.call('ZRANGE', PREFIX .. 'at:' .. site, 0, 0, 'WITHSCORES')[2]
  if not first then
    redis.call('ZREM', KEYS[1], site)
  elseif floor and floor > tonumber(first) then
    redis.call('ZADD', KEYS[1], floor, site)
  else
    redis.call('ZADD', KEYS[1], first, site)
  end
end
"""
# KEYS: due, sites.  ARGV: prefix, now, end of the lease, how many, who, end of the hold, most of one site, count of readings under way,
# then source and site of each, then site and end of each pause that is known.  Answer: whether Redis was emptied, then the sources
_CLAIM = (
    "local PREFIX = ARGV[1]"
    + _SETTLE
    + """
local now, lease, most, who, each = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[7])
local mine, pauses, busy, got = ARGV[6] .. ' ' .. who, 9 + 2 * tonumber(ARGV[8]), {}, {}
local emptied = redis.call('EXISTS', KEYS[2]) == 0 and 'emptied' or ''
for i = 9, pauses - 1, 2 do
  local id, site = ARGV[i], ARGV[i + 1]
  if not busy[site] then redis.call('SET', PREFIX .. 'held:' .. site, mine, 'EX', 60) end
  busy[site] = (busy[site] or 0) + 1
  redis.call('HSET', KEYS[2], id, site)
  redis.call('ZADD', PREFIX .. 'at:' .. site, lease, id)
  redis.call('ZADD', KEYS[1], 'NX', lease, site)
end
for i = pauses, #ARGV, 2 do
  local key = PREFIX .. 'pause:' .. ARGV[i]
  if tonumber(redis.call('GET', key) or '0') < tonumber(ARGV[i + 1]) then redis.call('SET', key, ARGV[i + 1], 'EX', 86400) end
end
for _, site in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, most + ARGV[8] + 1000)) do
  if #got >= most then break end
  local pause = tonumber(redis.call('GET', PREFIX .. 'pause:' .. site) or '0')
  local till, other = string.match(redis.call('GET', PREFIX .. 'held:' .. site) or '', '^(%S+) (%S+)$')
  local room = math.min(each - (busy[site] or 0), most - #got)
  if pause > now then
    settle(site, pause)
  elseif room > 0 and not (other and other ~= who and tonumber(till) > now) then
    local at = PREFIX .. 'at:' .. site
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', at, '-inf', ARGV[2], 'LIMIT', 0, room)) do
      redis.call('ZADD', at, lease, id)
      redis.call('SET', PREFIX .. 'held:' .. site, mine, 'EX', 60)
      got[#got + 1] = id
    end
    settle(site)
  end
end
table.insert(got, 1, emptied)
return got
"""
)
# KEYS: due, sites.  ARGV: prefix, then source and time of each
_PUT = (
    "local PREFIX = ARGV[1]"
    + _SETTLE
    + """
for i = 2, #ARGV, 2 do
  local site = redis.call('HGET', KEYS[2], ARGV[i])
  if site then
    redis.call('ZADD', PREFIX .. 'at:' .. site, ARGV[i + 1], ARGV[i])
    settle(site)
  end
end
"""
)
# KEYS: due, sites.  ARGV: prefix, then source, site and time of each
_ADD = (
    "local PREFIX = ARGV[1]"
    + _SETTLE
    + """
for i = 2, #ARGV, 3 do
  local id, site, time = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local before = redis.call('HGET', KEYS[2], id)
  if before and before ~= site then
    time = redis.call('ZSCORE', PREFIX .. 'at:' .. before, id) or time
    redis.call('ZREM', PREFIX .. 'at:' .. before, id)
    settle(before)
  end
  redis.call('HSET', KEYS[2], id, site)
  redis.call('ZADD', PREFIX .. 'at:' .. site, 'NX', time, id)
  settle(site)
end
"""
)
# KEYS: due, sites.  ARGV: prefix, then sources
_REMOVE = (
    "local PREFIX = ARGV[1]"
    + _SETTLE
    + """
for i = 2, #ARGV do
  local site = redis.call('HGET', KEYS[2], ARGV[i])
  if site then
    redis.call('ZREM', PREFIX .. 'at:' .. site, ARGV[i])
    redis.call('HDEL', KEYS[2], ARGV[i])
    settle(site)
  end
end
"""
)
_PAUSE = """
if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim brought. `emptied`: Redis knows of no source at all, and must be told."""

    sources: tuple[str, ...]
    emptied: bool = False


class DueSet:
    """Source ids and the unix seconds at which each is to be read; every method raises RedisError when Redis is away."""

    def __init__(self, bus: Bus, key: str = DUE, *, who: str | None = None, hold: float = HOLD) -> None:
        """`who` names the process that claims; each has its own. `hold`, in seconds, is longer than the time between its claims."""
        self._redis = bus.redis
        self._key = key
        self._sites = f"{key}:sites"
        self._who = who or uuid.uuid4().hex
        self.hold = hold
        self._claim, self._put, self._add, self._remove, self._pause = (
            bus.redis.register_script(s) for s in (_CLAIM, _PUT, _ADD, _REMOVE, _PAUSE)
        )

    async def claim(
        self, now: float, lease: float, count: int, asking: Mapping[str, str] | None = None, pauses: Mapping[str, float] | None = None
    ) -> Claimed:
        """Up to `count` sources whose time has come; until `lease` seconds from now nobody else gets them.

        `asking` are the readings that are under way in this process, source by source with their sites: they are kept as if they were
        claimed now. `pauses` are the sites that it must leave alone, with the moments until which.
        """
        asking, pauses = asking or {}, pauses or {}
        args = [now, now + lease, count, self._who, f"{now + self.hold:.3f}", AT_SITE, len(asking)]
        emptied, *sources = cast(list[str], await self._run(self._claim, [*args, *_flat(asking.items()), *_flat(pauses.items())]))
        return Claimed(tuple(sources), bool(emptied))

    async def put(self, times: Mapping[str, float]) -> None:
        """Set the time of each source; those that Redis does not know are passed over, `add_missing` brings them."""
        for piece in _pieces(list(times.items())):
            await self._run(self._put, _flat(piece))

    async def add_missing(self, times: Mapping[str, float], sites: Mapping[str, str]) -> None:
        """Say of each source at which site it is read, and set the time of those that have none."""
        for piece in _pieces([(source, sites[source], time) for source, time in times.items()]):
            await self._run(self._add, _flat(piece))

    async def known(self) -> dict[str, str]:
        """Every source that has a time, and its site."""
        return cast(dict[str, str], await self._call(self._redis.hgetall(self._sites)))

    async def remove(self, sources: Sequence[str]) -> None:
        """Forget sources that are no longer read."""
        for piece in _pieces(sources):
            await self._run(self._remove, piece)

    async def next_at(self) -> float | None:
        """When the next site is to be looked at, in unix seconds, or None when there is none."""
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

    async def _run(self, script: Any, args: Sequence[Any]) -> Any:
        return await self._call(script(keys=[self._key, self._sites], args=[f"{self._key}:", *args]))

    @staticmethod
    async def _call(answer: Any) -> Any:
        try:
            return await answered(answer)
        except (ClientError, OSError) as e:
            raise RedisError(f"Redis cannot be reached ({type(e).__name__}); sources wait until it is back") from e


def _flat(rows: Iterable[Iterable[Any]]) -> list[Any]:
    return list(chain.from_iterable(rows))


def _pieces(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (rows[start : start + PIECE] for start in range(0, len(rows), PIECE))
