"""How fast Telegram may be written to: one account of it for every process, in Redis, or in memory while Redis is away.

A rule is `n` slots in any `window`. Asking books the next free slot when it is near, and says how long to wait for it; when it is
far the answer is when to ask again, so that no worker waits for a chat that must. Every chat has its own account: a chat that
Telegram told us to leave alone holds nobody but itself, and afterwards is written to once a second for a while.

Telegram does not say whom a flood is about: a 429 names seconds and no chat. A chat's own rate cannot be the reason when we had
not written to it for a minute; several such chats refused within seconds mean the bot as a whole, and then everybody waits.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import structlog
from redis.exceptions import RedisError as ClientError

from notifier.pace import Pace
from watcher.bus import Bus

log = structlog.get_logger("limiter")

MILLION = 1_000_000  # times are whole microseconds
HORIZON = MILLION // 2  # a slot at most this far ahead is booked
RETRY_REDIS = 5.0  # seconds without Redis before it is asked again


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `slots` in any `window` microseconds."""

    slots: int
    window: int


# 30 a second, with a fiftieth left for what the way there shifts; a few in a row, so that a moment that was missed is made up for
OVERALL = (Rule(8, 271_000), Rule(30, MILLION + 20_000))
# once a second on average over a minute; Telegram tolerates short bursts without saying how short: a chat that it slowed gets none
PRIVATE = (Rule(3, MILLION + 100_000), Rule(60, 60 * MILLION))
CALM = (Rule(1, MILLION + 50_000), Rule(60, 60 * MILLION))
GROUP = (Rule(1, MILLION), Rule(20, 60 * MILLION + 500_000))
CALM_FOR = 600 * MILLION
FLOOD_CHATS, FLOOD_WINDOW = 3, 5 * MILLION  # so many chats that nothing of theirs explains, refused in that time, are a flood of all
FRESH = 60 * MILLION


@dataclass(frozen=True, slots=True)
class Go:
    """A slot is booked; it begins in `wait` seconds, half a second at most."""

    wait: float


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing is booked; ask again in `wait` seconds. `everyone` when it is not this chat that must wait."""

    wait: float
    everyone: bool = False


Answer = Go | Later


def rules_for(chat: str, *, calm: bool = False) -> tuple[Rule, ...]:
    """The rules of a chat: Telegram numbers groups and channels below zero. `calm` for one that was slowed lately."""
    return GROUP if chat.startswith("-") else CALM if calm else PRIVATE


def is_flood(refused: Sequence[int], now: int) -> bool:
    """Whether all must wait; `refused` is when each chat that was not written to for a minute was refused."""
    return sum(1 for at in refused if at > now - FLOOD_WINDOW) >= FLOOD_CHATS


def slot(now: int, booked: Sequence[int], rules: Sequence[Rule], held_until: int = 0) -> int:
    """The first moment at or after `now` that keeps every rule; `booked` are earlier slots, oldest first."""
    first = max(now, held_until, booked[-1] if booked else 0)
    return max([first, *(booked[-r.slots] + r.window for r in rules if len(booked) >= r.slots)])


@dataclass
class LocalLimiter:
    """The account of one process; `clock` gives microseconds."""

    clock: Callable[[], int] = lambda: time.time_ns() // 1000
    overall: tuple[Rule, ...] = OVERALL
    _booked: dict[str, deque[int]] = field(default_factory=dict)
    _held: dict[str, int] = field(default_factory=dict)
    _calm: dict[str, int] = field(default_factory=dict)
    _refused: dict[str, int] = field(default_factory=dict)
    _held_all: int = 0

    async def ask(self, chat: str) -> Answer:
        """Book a slot for a message to `chat`."""
        now = self.clock()
        self._forget(now)
        if self._held_all > now:
            return Later((self._held_all - now) / MILLION, everyone=True)
        mine = slot(now, self._of(chat), rules_for(chat, calm=self._calm.get(chat, 0) > now), self._held.get(chat, 0))
        if mine - now > HORIZON:
            return Later((mine - now) / MILLION)
        at = slot(mine, self._of(""), self.overall)
        if at - now > HORIZON:
            return Later((at - now - HORIZON) / MILLION, everyone=True)
        self._of("").append(at)
        self._of(chat).append(at)
        return Go((at - now) / MILLION)

    async def hold(self, chat: str, seconds: float) -> None:
        """Leave this chat alone for so long; everybody, where this is a flood of all."""
        now = self.clock()
        until = now + int(seconds * MILLION)
        self._held[chat] = max(self._held.get(chat, 0), until)
        self._calm[chat] = until + CALM_FOR
        if sum(1 for at in self._of(chat) if at > now - FRESH) <= 1:
            self._refused[chat] = now
        if is_flood(list(self._refused.values()), now):
            self._held_all = max(self._held_all, until)

    def pause(self, chat: str) -> float:
        """The seconds for which the chat, or everybody, is to be left alone."""
        return max(0, self._held.get(chat, 0) - self.clock(), self._held_all - self.clock()) / MILLION

    def _of(self, chat: str) -> deque[int]:
        return self._booked.setdefault(chat, deque(maxlen=max(r.slots for r in (rules_for(chat) if chat else self.overall))))

    def _forget(self, now: int) -> None:
        """Chats that were quiet for longer than any window need no account; looked at when there are many."""
        if len(self._booked) > 5000:
            old = now - 61 * MILLION
            self._booked = {c: b for c, b in self._booked.items() if b and b[-1] > old}
            self._held = {c: at for c, at in self._held.items() if at > now}
            self._calm = {c: at for c, at in self._calm.items() if at > now}
        if self._refused:
            self._refused = {c: at for c, at in self._refused.items() if at > now - FLOOD_WINDOW}


# the same arithmetic as `slot`; `TIME` is Redis's own clock, so that hosts whose clocks differ agree
_ASK = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local function slot(from, key, rules)
  local n = redis.call('LLEN', key)
  local last = n > 0 and tonumber(redis.call('LINDEX', key, -1)) or 0
  local at = math.max(from, last)
  for i = 1, #rules, 2 do
    if n >= rules[i] then at = math.max(at, tonumber(redis.call('LINDEX', key, -rules[i])) + rules[i + 1]) end
  end
  return at
end
local function book(key, at, rules)
  local most = 0
  for i = 1, #rules, 2 do most = math.max(most, rules[i]) end
  redis.call('RPUSH', key, string.format('%.0f', at))
  redis.call('LTRIM', key, -most, -1)
  redis.call('PEXPIRE', key, 120000)
end
local all = tonumber(redis.call('GET', KEYS[4]) or '0')
if all > now then return {0, all - now, 1} end
local rules, overall = cjson.decode(ARGV[redis.call('EXISTS', KEYS[5]) == 1 and 4 or 1]), cjson.decode(ARGV[2])
local horizon = tonumber(ARGV[3])
local held = tonumber(redis.call('GET', KEYS[3]) or '0')
local mine = slot(math.max(now, held), KEYS[1], rules)
if mine - now > horizon then return {0, mine - now, 0} end
local at = slot(mine, KEYS[2], overall)
if at - now > horizon then return {0, at - now - horizon, 1} end
book(KEYS[1], at, rules)
book(KEYS[2], at, overall)
return {1, at - now, 0}
"""
_HOLD = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local wait, calm, fresh, window, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local function hold(key)
  if now + wait > tonumber(redis.call('GET', key) or '0') then
    redis.call('SET', key, string.format('%.0f', now + wait), 'PX', math.ceil(wait / 1000) + 1000)
  end
end
hold(KEYS[1])
redis.call('SET', KEYS[3], '1', 'PX', math.ceil((wait + calm) / 1000))
local lately = 0
for _, at in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  if tonumber(at) > now - fresh then lately = lately + 1 end
end
if lately <= 1 then redis.call('ZADD', KEYS[4], now, KEYS[1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - window)
redis.call('PEXPIRE', KEYS[4], math.ceil(window / 1000))
if redis.call('ZCARD', KEYS[4]) >= most then
  hold(KEYS[5])
  return 1
end
return 0
"""


class Limiter:
    """The account that all processes share; while Redis is away each keeps its own, by the same rules."""

    def __init__(self, bus: Bus, *, clock: Callable[[], float] = time.monotonic, prefix: str = "concordat:limit:") -> None:
        self._ask = bus.redis.register_script(_ASK)
        self._hold = bus.redis.register_script(_HOLD)
        self._local = LocalLimiter()
        self._clock = clock
        self._prefix = prefix
        self._away_until = 0.0
        self.pace = Pace()

    async def ask(self, chat: str) -> Answer:
        """Book a slot for a message to `chat`."""
        if self._clock() >= self._away_until:
            keys = self._keys(f"chat:{chat}", "all", f"hold:{chat}", "hold-all", f"calm:{chat}")
            args: list[str | int] = [_flat(rules_for(chat)), _flat(OVERALL), HORIZON, _flat(rules_for(chat, calm=True))]
            try:
                go, wait, everyone = cast(Any, await self._ask(keys=keys, args=args))
            except (ClientError, OSError) as e:
                self._lost(e)
            else:
                return Go(wait / MILLION) if go else Later(wait / MILLION, everyone=bool(everyone))
        return await self._local.ask(chat)

    def pause(self, chat: str) -> float:
        """The seconds for which this process was told to leave the chat, or everybody, alone."""
        return self._local.pause(chat)

    async def hold(self, chat: str, seconds: float) -> None:
        """Leave this chat alone for so long, in every process; everybody, where this is a flood of all."""
        await self._local.hold(chat, seconds)
        if self._clock() < self._away_until:
            return
        keys = self._keys(f"hold:{chat}", f"chat:{chat}", f"calm:{chat}", "refused", "hold-all")
        args = [int(seconds * MILLION), CALM_FOR, FRESH, FLOOD_WINDOW, FLOOD_CHATS]
        try:
            if await cast(Any, self._hold(keys=keys, args=args)):
                log.warning("Telegram asks the bot as a whole to wait", seconds=round(seconds))
        except (ClientError, OSError) as e:
            self._lost(e)

    def _keys(self, *names: str) -> list[str]:
        return [self._prefix + name for name in names]

    def _lost(self, e: Exception) -> None:
        log.warning("the limiter counts on its own while Redis is away", error=type(e).__name__)
        self._away_until = self._clock() + RETRY_REDIS


def _flat(rules: Sequence[Rule]) -> str:
    """Rules as the script reads them: [slots, window, slots, window …]."""
    return "[" + ",".join(f"{r.slots},{r.window}" for r in rules) + "]"
