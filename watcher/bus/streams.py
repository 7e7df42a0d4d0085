"""A connection to Redis and the few stream operations that the stages need."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import redis.asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError as ClientError
from redis.exceptions import ResponseError

from watcher.bus.names import DEAD
from watcher.errors import RedisError

T = TypeVar("T")

KEEP = 10_000  # entries a stream holds at the least; SQL remembers the rest
KEEP_DEAD = 1_000
SOCKET_SECONDS = 10.0  # longer than any BLOCK below
# One command for many entries: to make and send each by itself costs the sender more than all the rest of publishing.
# KEYS: stream.  ARGV: entries to keep, row ids with commas between them
_PUBLISH = """
for row in string.gmatch(ARGV[2], '%d+') do redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'id', row) end
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One stream entry: the id Redis gave it, and the row id it carries."""

    entry: str
    row: int


async def answered(answer: Awaitable[T]) -> T:
    """What Redis answers, unless the task that waits was cancelled meanwhile.

    The client sends by way of `asyncio.wait_for`, which in Python 3.11 loses a cancellation that comes as what it waits for is done.
    """
    task = asyncio.current_task()
    assert task is not None, "whoever waits is a task"
    before = task.cancelling()
    try:
        return await answer
    finally:
        if task.cancelling() > before:
            raise asyncio.CancelledError


class Bus:
    """A Redis that carries row ids; every method raises RedisError when Redis cannot be reached."""

    def __init__(self, url: str) -> None:
        """Prepare a pool for `url` (redis://, rediss://, unix://); nothing is opened yet."""
        try:
            self.redis: aioredis.Redis = aioredis.Redis.from_url(
                url, decode_responses=True, socket_timeout=SOCKET_SECONDS, socket_connect_timeout=5, retry=Retry(NoBackoff(), 0)
            )
            self._publish = self.redis.register_script(_PUBLISH)
        except ValueError as e:
            raise RedisError(f"CONCORDAT_REDIS_URL cannot be used: {e}; write redis://host:6379/0 or unix:///path/redis.sock") from None

    async def close(self) -> None:
        """Let go of every connection."""
        await self.redis.aclose()

    async def ping(self) -> None:
        """Raise RedisError unless Redis answers and takes writes."""
        try:
            await answered(cast(Any, self.redis.ping()))
        except (ClientError, OSError) as e:
            raise RedisError(_plainly(e)) from e

    async def publish(self, stream: str, rows: Sequence[int]) -> None:
        """Put row ids on a stream, in order, in one round trip a thousand."""
        try:
            for start in range(0, len(rows), 1000):
                ids = ",".join(map(str, rows[start : start + 1000]))
                await answered(cast(Any, self._publish(keys=[stream], args=[KEEP, ids])))
        except (ClientError, OSError) as e:
            raise RedisError(_plainly(e)) from e

    async def ensure_group(self, stream: str, group: str) -> None:
        """Make the group, from the stream's beginning, unless it is there."""
        try:
            await answered(self.redis.xgroup_create(stream, group, id="0", mkstream=True))
        except ResponseError as e:
            if "BUSYGROUP" not in str(e):
                raise RedisError(_plainly(e)) from e
        except (ClientError, OSError) as e:
            raise RedisError(_plainly(e)) from e

    async def read(self, stream: str, group: str, consumer: str, *, count: int, block_ms: int) -> list[Message]:
        """New entries for this consumer, waiting up to `block_ms`; makes the group where Redis was emptied."""
        try:
            answer = await answered(self.redis.xreadgroup(group, consumer, {stream: ">"}, count=count, block=block_ms))
        except ResponseError as e:
            if "NOGROUP" not in str(e):
                raise RedisError(_plainly(e)) from e
            await self.ensure_group(stream, group)
            return []
        except (ClientError, OSError) as e:
            raise RedisError(_plainly(e)) from e
        return _messages(_entries(answer))

    async def claim(self, stream: str, group: str, consumer: str, *, idle_ms: int, count: int) -> list[Message]:
        """Entries that another consumer took more than `idle_ms` ago and never finished."""
        try:
            answer = await answered(self.redis.xautoclaim(stream, group, consumer, min_idle_time=idle_ms, start_id="0-0", count=count))
        except ResponseError as e:
            if "NOGROUP" in str(e):
                return []
            raise RedisError(_plainly(e)) from e
        except (ClientError, OSError) as e:
            raise RedisError(_plainly(e)) from e
        return _messages(answer[1])

    async def ack(self, stream: str, group: str, messages: Sequence[Message]) -> None:
        """Tell the group that these are done; done twice is harmless."""
        if not messages:
            return
        try:
            await answered(self.redis.xack(stream, group, *(m.entry for m in messages)))
        except (ClientError, OSError) as e:
            raise RedisError(_plainly(e)) from e

    async def dead(self, stream: str, row: int, error: str) -> None:
        """Note on the dead-letter stream that `row` could not be carried on; the store keeps the full record."""
        try:
            await answered(self.redis.xadd(DEAD, {"stream": stream, "id": row, "error": error[:500]}, maxlen=KEEP_DEAD, approximate=True))
        except (ClientError, OSError) as e:
            raise RedisError(_plainly(e)) from e

    async def idle(self, stream: str, group: str) -> bool:
        """Whether everything ever put on the stream was read and acknowledged by the group; an emptied Redis is idle."""
        try:
            info = cast(Any, await answered(self.redis.xinfo_stream(stream)))
            groups = {g["name"]: g for g in cast(Any, await answered(self.redis.xinfo_groups(stream)))}
        except ResponseError:
            return True
        except (ClientError, OSError) as e:
            raise RedisError(_plainly(e)) from e
        mine = groups.get(group)
        if mine is None:
            return bool(info["length"] == 0)
        return bool(mine["pending"] == 0 and mine["last-delivered-id"] == info["last-generated-id"])


def _entries(answer: Any) -> Any:
    """Redis answers a list of pairs in its older protocol and a map in its newer one."""
    if not answer:
        return []
    if isinstance(answer, dict):
        streams = next(iter(answer.values()))
        return streams[0] if streams and isinstance(streams[0], list) and streams[0] and not isinstance(streams[0][0], str) else streams
    return answer[0][1]


def _messages(entries: Any) -> list[Message]:
    """Entries as messages; those that were trimmed while pending come without fields and mean nothing any more."""
    return [Message(entry, int(fields["id"])) for entry, fields in entries if fields and str(fields.get("id", "")).isdigit()]


def _plainly(e: Exception) -> str:
    text = (str(e) or type(e).__name__).splitlines()[0]
    if "OOM" in text:
        return f"Redis is out of memory ({text}); give it more, work goes on by itself"
    if "READONLY" in text or "MISCONF" in text:
        return f"Redis refuses writes ({text}); check its disk and role, work goes on by itself"
    if "NOAUTH" in text or "WRONGPASS" in text or "invalid username-password" in text:
        return "Redis refuses our password; check CONCORDAT_REDIS_URL"
    return f"Redis cannot be reached ({type(e).__name__}); check that it runs and that CONCORDAT_REDIS_URL is right"
