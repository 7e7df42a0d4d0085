"""The bus on a real Redis: nothing that it loses is lost, and no poison holds the rest."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis

from watcher.bus import Bus, consume
from watcher.bus.due import AT_SITE, Claimed, DueSet
from watcher.bus.embedded import EmbeddedRedis, socket_path
from watcher.bus.sweep import sweep
from watcher.errors import RedisError, StoreError
from watcher.store import Store

STREAM, GROUP = "concordat:test", "readers"


async def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)


class Reader:
    """A stage that notes what it is handed, and fails where told to."""

    def __init__(self, bus: Bus) -> None:
        self.got: list[int] = []
        self.dead: list[int] = []
        self.poison: set[int] = set()
        self.outages = 0
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(consume(bus, STREAM, GROUP, self.handle, self.stop, on_dead=self.on_dead))

    async def handle(self, ids: list[int]) -> None:
        """Take ids, or fail."""
        if self.outages:
            self.outages -= 1
            raise StoreError("the database is away")
        if self.poison & set(ids):
            raise ValueError("poison")
        self.got += ids

    async def on_dead(self, _stream: str, row: int, _error: str, _attempts: int) -> None:
        """Note a dead letter."""
        self.dead.append(row)

    async def end(self) -> None:
        """Stop and wait."""
        self.stop.set()
        await self.task


async def test_ids_arrive_in_order_and_are_acknowledged(bus: Bus) -> None:
    """What is published is handed over once, and nothing stays pending."""
    reader = Reader(bus)
    await bus.publish(STREAM, list(range(2500)))
    await until(lambda: len(reader.got) == 2500)
    await reader.end()
    assert reader.got == list(range(2500))
    assert await bus.idle(STREAM, GROUP)


async def test_poison_is_set_aside_and_the_rest_flows(bus: Bus) -> None:
    """A row that always fails becomes a dead letter; its neighbours do not wait for that."""
    reader = Reader(bus)
    reader.poison = {3}
    await bus.publish(STREAM, [1, 2, 3, 4, 5])
    await until(lambda: reader.dead == [3])
    await reader.end()
    assert sorted(reader.got) == [1, 2, 4, 5]
    assert await bus.redis.xlen("concordat:dead") == 1


async def test_an_outage_gives_nothing_up(bus: Bus) -> None:
    """While the database is away a batch is tried again, however long, and is no dead letter."""
    reader = Reader(bus)
    reader.outages = 2
    await bus.publish(STREAM, [1, 2])
    await bus.publish(STREAM, [3])
    await until(lambda: sorted(reader.got) == [1, 2, 3])
    await reader.end()
    assert reader.dead == []


async def test_an_emptied_redis_is_gone_on_with(bus: Bus) -> None:
    """FLUSHALL takes stream and group; the reader makes them again and goes on."""
    reader = Reader(bus)
    await bus.publish(STREAM, [1])
    await until(lambda: reader.got == [1])
    await bus.redis.flushall()
    await bus.publish(STREAM, [2])
    await until(lambda: reader.got == [1, 2])
    await reader.end()


async def test_what_a_dead_consumer_took_is_claimed(bus: Bus) -> None:
    """Entries read and never acknowledged come to another consumer after their idle time."""
    await bus.publish(STREAM, [7])
    await bus.ensure_group(STREAM, GROUP)
    assert [m.row for m in await bus.read(STREAM, GROUP, "dies", count=10, block_ms=1)] == [7]
    assert [m.row for m in await bus.claim(STREAM, GROUP, "lives", idle_ms=0, count=10)] == [7]
    assert not await bus.idle(STREAM, GROUP)


async def test_a_sweep_publishes_only_what_redis_no_longer_carries(bus: Bus, store: Store) -> None:
    """While the stream holds work nothing is doubled; once it is empty, what SQL knows to be unfinished comes back."""
    now = datetime.now(UTC)
    asked: list[datetime] = []

    def unfinished(_conn: object, _limit: int, before: datetime) -> list[int]:
        asked.append(before)
        return [1, 2]

    await bus.ensure_group(STREAM, GROUP)
    await bus.publish(STREAM, [1])
    assert await sweep(store, bus, STREAM, GROUP, unfinished, now) == 0
    await bus.redis.flushall()
    assert await sweep(store, bus, STREAM, GROUP, unfinished, now) == 2
    assert asked == [now - timedelta(seconds=2)]


async def claim(due: DueSet, now: float, count: int = 10, **more: Any) -> list[str]:
    """The sources that a claim brings, for a minute."""
    return list((await due.claim(now, 60.0, count, **more)).sources)


async def test_due_sources_are_claimed_by_one(bus: Bus) -> None:
    """Two watchers never get the same source, and one that dies with it loses it only for the lease."""
    one, two = DueSet(bus, who="one"), DueSet(bus, who="two")
    await one.add_missing({"a": 100.0, "b": 200.0, "c": 900.0}, {"a": "a.example", "b": "b.example", "c": "c.example"})
    assert sorted(await claim(one, 250.0)) == ["a", "b"]
    assert await claim(two, 255.0) == []
    assert sorted(await claim(two, 311.0)) == ["a", "b"]
    await one.add_missing({"a": 1.0, "d": 1.0}, {"a": "a.example", "d": "d.example"})
    assert await claim(one, 2.0) == ["d"]
    assert await one.known() == {i: f"{i}.example" for i in "abcd"}
    await one.remove(["b", "d", "never there"])
    assert set(await one.known()) == {"a", "c"}


async def test_a_site_is_asked_by_one_watcher_at_a_time(bus: Bus) -> None:
    """Who claims a source holds its site for a moment: another watcher gets what stands at other sites, and the rest later."""
    one, two = DueSet(bus, who="one"), DueSet(bus, who="two")
    await one.add_missing({"a": 100.0, "b": 100.5, "c": 101.0}, {"a": "lab.example", "b": "lab.example", "c": "agency.example"})
    assert await claim(one, 102.0, 1) == ["a"]
    assert await claim(two, 102.0) == ["c"]
    assert await claim(one, 103.0) == ["b"]
    await one.put({"a": 103.0})
    assert await claim(two, 106.9) == []
    assert await claim(two, 107.1) == ["a"]


async def test_a_crowded_site_keeps_nobody_waiting(bus: Bus) -> None:
    """Of three hundred sources of one site few are taken in hand, the longest due first, and the others' sources come beside them."""
    due = DueSet(bus, who="one")
    crowd = {f"s{n}": 100.0 + n / 1000 for n in range(300)}
    await due.add_missing({**crowd, "z": 150.0}, {**dict.fromkeys(crowd, "crowded.example"), "z": "quiet.example"})
    assert await claim(due, 200.0) == ["s0", "s1", "s2", "z"]
    under_way = {"s0": "crowded.example", "s1": "crowded.example"}
    assert await claim(due, 200.0, asking=under_way) == ["s3"]
    assert await claim(due, 200.0, asking={**under_way, "s3": "crowded.example"}) == []
    order, done = list(crowd), 4
    while done < len(order):
        got = await claim(due, 201.0)
        assert 0 < len(got) <= AT_SITE
        assert got == order[done : done + len(got)]
        await due.put(dict.fromkeys(got, 9999.0))
        done += len(got)


async def test_what_is_under_way_stays_claimed(bus: Bus) -> None:
    """However long a reading takes, nobody else gets its source or its site while its watcher lives."""
    one, two = DueSet(bus, who="one"), DueSet(bus, who="two")
    await one.add_missing({"a": 100.0}, {"a": "lab.example"})
    assert await claim(one, 100.0) == ["a"]
    for now in range(103, 700, 3):
        assert await claim(one, float(now), asking={"a": "lab.example"}) == []
        assert await claim(two, now + 1.0) == []
    assert await claim(two, 800.0) == ["a"]


async def test_a_paused_site_is_left_alone(bus: Bus) -> None:
    """It is looked at again at the end of the pause; a shorter pause shortens nothing."""
    due = DueSet(bus)
    await due.add_missing({"a": 100.0, "b": 100.0, "c": 100.0}, {"a": "lab.example", "b": "lab.example", "c": "agency.example"})
    await due.pause("lab.example", 700.0)
    await due.pause("lab.example", 105.0)
    assert await claim(due, 101.0) == ["c"]
    await due.put({"c": 9999.0})
    assert await claim(due, 699.0) == []
    assert await due.next_at() == 700.0
    assert sorted(await claim(due, 701.0)) == ["a", "b"]


async def test_an_emptied_redis_is_told_again_at_once(bus: Bus) -> None:
    """A claim says that Redis knows nothing, and brings back what its watcher is asking and which sites it leaves alone."""
    one, two = DueSet(bus, who="one"), DueSet(bus, who="two")
    sites = {"a": "lab.example", "b": "lab.example", "c": "agency.example"}
    await one.add_missing(dict.fromkeys(sites, 100.0), sites)
    await one.claim(100.0, 60.0, 1)
    await bus.redis.flushall()
    claimed = await one.claim(101.0, 60.0, 10, {"a": "lab.example"}, {"agency.example": 500.0})
    assert claimed == Claimed((), emptied=True)
    await two.add_missing(dict.fromkeys(sites, 100.0), sites)
    assert await two.claim(102.0, 60.0, 10) == Claimed(())
    assert await claim(two, 200.0) == ["b", "a"]


async def test_a_source_that_moves_to_another_site_keeps_its_time(bus: Bus) -> None:
    """An edited address changes where a source stands, once."""
    due = DueSet(bus)
    await due.add_missing({"a": 100.0, "b": 100.0}, {"a": "old.example", "b": "old.example"})
    await due.add_missing({"a": 900.0}, {"a": "new.example"})
    assert await due.known() == {"a": "new.example", "b": "old.example"}
    assert sorted(await claim(due, 100.0)) == ["a", "b"]
    assert await claim(due, 100.0) == []


async def test_strikes_and_refusals_are_counted_by_site(bus: Bus) -> None:
    """The count of earlier strikes grows; refusals count sources, not answers."""
    due = DueSet(bus)
    assert [await due.strike("lab.example") for _ in range(3)] == [0, 1, 2]
    assert await due.strike("agency.example") == 0
    assert [await due.refused("lab.example", s) for s in ("a", "a", "b", "c")] == [1, 1, 2, 3]


async def test_an_unreachable_redis_is_said_plainly(tmp_path: Path) -> None:
    """The error says what to check and shows no password."""
    bus = Bus(f"unix://:secret99@{tmp_path}/none.sock")
    with pytest.raises(RedisError, match="CONCORDAT_REDIS_URL") as caught:
        await bus.ping()
    await bus.close()
    assert "secret99" not in str(caught.value)


def client(server: EmbeddedRedis) -> redis.Redis:
    """A plain client for a private server."""
    return redis.Redis(unix_socket_path=str(server.socket), decode_responses=True)


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not yet reaped by its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False


def test_data_outlives_the_program(tmp_path: Path) -> None:
    """Stopped and started again, the private server has what it had; stopped, it is gone."""
    for expected in (None, "kept"):
        server = EmbeddedRedis(tmp_path)
        server.start()
        with client(server) as r:
            assert r.get("x") == expected
            r.set("x", "kept")
        server.stop()
        assert not server.socket.exists()


def test_an_orphan_is_adopted(tmp_path: Path) -> None:
    """A parent killed with SIGKILL leaves its server; the next start finds the same server with the same data, and ends it."""
    code = (
        "import sys, pathlib, os, signal\n"
        "from watcher.bus.embedded import EmbeddedRedis\n"
        "import redis\n"
        "s = EmbeddedRedis(pathlib.Path(sys.argv[1])); s.start()\n"
        "r = redis.Redis(unix_socket_path=str(s.socket)); r.set('x', 'orphan'); print(r.info()['process_id'], flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert parent.returncode == -signal.SIGKILL
    orphan = int(parent.stdout)
    assert alive(orphan)
    server = EmbeddedRedis(tmp_path)
    server.start()
    with client(server) as r:
        assert (r.get("x"), r.info()["process_id"]) == ("orphan", orphan)
    server.stop()
    assert not alive(orphan)


def test_a_killed_server_is_started_again_with_its_data(tmp_path: Path) -> None:
    """SIGKILL of Redis itself costs at most what its file had not been given yet."""
    server = EmbeddedRedis(tmp_path)
    server.start()
    with client(server) as r:
        r.set("x", "kept")
        r.config_set("appendfsync", "always")
        r.set("y", "kept too")
        pid = r.info()["process_id"]
    os.kill(pid, signal.SIGKILL)
    again = EmbeddedRedis(tmp_path)
    again.start()
    with client(again) as r:
        assert r.get("y") == "kept too"
    again.stop()
    server.stop()


def test_the_last_user_ends_the_server(tmp_path: Path) -> None:
    """While another process of the home works with it, leaving does not take the server away."""
    first, second = EmbeddedRedis(tmp_path), EmbeddedRedis(tmp_path)
    first.start()
    second.start()
    first.stop()
    with client(second) as r:
        assert r.ping()
    second.stop()
    assert not second.socket.exists()


def test_long_folders_get_a_short_socket(tmp_path: Path) -> None:
    """A path too long for a socket is replaced by a short one, always the same for a folder."""
    long = tmp_path / ("x" * 120)
    assert len(os.fsencode(socket_path(long))) <= 100
    assert socket_path(long) == socket_path(long)


def test_no_binary_is_one_clear_error(tmp_path: Path) -> None:
    """Where Redis cannot be started the message says why and where to look."""
    with pytest.raises(RedisError, match="does not start"):
        EmbeddedRedis(tmp_path, binary="/bin/false").start()


async def test_a_cancellation_is_never_lost(bus: Bus) -> None:
    """Whoever publishes and is told to end does end, at whatever moment the word comes."""
    await bus.publish(STREAM, [1])
    told = 0
    for steps in range(40):
        task = asyncio.create_task(bus.publish(STREAM, [1, 2, 3]))
        for _ in range(steps):
            await asyncio.sleep(0)
        if task.cancel():
            told += 1
            await asyncio.wait({task}, timeout=10)
            assert task.cancelled(), f"after {steps} steps"
    assert told, "no publishing lasted one turn of the loop"
