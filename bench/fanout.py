"""One story to thousands of chats, against a Bot API on loopback that keeps Telegram's limits: how fast, whom it misses, who hears twice.

    python -m bench.fanout [rate held two killed] [--chats 2000] [--latency 0]

    rate     one story to all chats; the notifier's memory at a tenth of the way and at the end
    held     the same, while one chat is told to wait a minute
    two      the same by two notifiers on one Redis and one database
    killed   the same, while the notifier is killed with SIGKILL ten times and started again

The notifier is a process of its own, with a real Redis and SQLite, as `concordat up --only notifier` runs it. `--latency` is in seconds,
before each answer of the Bot API. Prints JSON, a line a scenario.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from notifier import subscribers
from notifier.model import Channel, State
from notifier.service import run_notifier
from notifier.tables import deliveries
from notifier.tables import subscribers as subscribers_table
from tests.fakes.telegram import Telegram
from tests.notifier.world import tell
from watcher.bus import ALERTS, Bus
from watcher.bus.embedded import EmbeddedRedis
from watcher.log import configure_logging
from watcher.settings import Settings
from watcher.store import Store
from watcher.store.schema import upgrade

ALLOWED = 30.0  # messages a second that Telegram documents
HOLD = 60.0
KILLS = 10
PATIENCE = 400.0  # seconds after which a scenario is ended as it is


class House:
    """A home with subscribers, its Redis and database, and the notifiers that run on it."""

    def __init__(self, home: Path, telegram: Telegram, redis: EmbeddedRedis, chats: int) -> None:
        self.home, self.telegram, self.redis = home, telegram, redis
        self.chats = range(1, chats + 1)
        self.store = Store(Settings(home=home).database())
        upgrade(self.store)
        with self.store.begin() as conn:
            for chat in self.chats:
                subscribers.add(conn, subscribers.Wish(Channel.TELEGRAM, str(chat)), datetime.now(UTC))
        self.running: list[subprocess.Popen[bytes]] = []

    async def start(self) -> None:
        """One more notifier; returns once it listens."""
        polls = self.telegram.polls
        command = [sys.executable, "-m", "bench.fanout", "--notify", str(self.home), self.telegram.url, self.redis.url]
        with (self.home / "notifier.log").open("ab") as log:
            self.running.append(await asyncio.to_thread(subprocess.Popen, command, stdout=log, stderr=log))
        await self.telegram.until(lambda: self.telegram.polls > polls, 60)

    def stop(self) -> None:
        """End every notifier, kindly."""
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(30)

    async def ring(self) -> None:
        """A story that everybody wants."""
        with self.store.begin() as conn:
            alert = tell(conn)
        bus = Bus(self.redis.url)
        await bus.publish(ALERTS, [alert])
        await bus.close()

    def heard(self) -> Counter[int]:
        """How many messages each chat got."""
        return Counter(m.chat_id for m in self.telegram.sent)

    async def reached(self, chats: int, seconds: float = PATIENCE, longer: float = 2.0) -> None:
        """Wait until so many chats have heard it, and a little longer for what comes twice."""
        try:
            await self.telegram.until(lambda: len(self.telegram.sent) >= chats and len(self.heard()) >= chats, seconds)
        except TimeoutError:
            return
        await asyncio.sleep(longer)

    def unrecorded(self) -> set[int]:
        """Chats that have heard it, of which no record says so: they hear it again once the lease has run out."""
        people = subscribers_table.c
        query = select(people.address).join(deliveries, deliveries.c.subscriber_id == people.id).where(deliveries.c.state == State.SENT)
        with self.store.reading() as conn:
            recorded = {int(address) for address in conn.scalars(query)}
        return set(self.heard()) - recorded

    def memory(self) -> float:
        """Megabytes of the first notifier."""
        status = Path(f"/proc/{self.running[0].pid}/status").read_text()
        return round(int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024, 1)

    def figures(self, **more: Any) -> dict[str, Any]:
        """What the Bot API saw."""
        heard, at = self.heard(), sorted(m.at for m in self.telegram.sent)
        rate = (len(at) - 1) / (at[-1] - at[0]) if len(at) > 1 else 0.0
        return {
            "chats": len(self.chats), "missed": len(self.chats) - len(heard), "twice": sum(n - 1 for n in heard.values()),
            "refused_429": sum(1 for c in self.telegram.refused if c.code == 429), "a_second": round(rate, 2),
            "of_what_is_allowed": round(rate / ALLOWED, 3), "seconds": round(at[-1] - at[0], 1) if at else None, **more,
        }  # fmt: skip


@asynccontextmanager
async def house(chats: int, latency: float) -> AsyncIterator[House]:
    """A home for one scenario."""
    with tempfile.TemporaryDirectory() as folder:
        redis = EmbeddedRedis(Path(folder) / "data")
        await asyncio.to_thread(redis.start)
        async with Telegram() as telegram:
            telegram.delay = latency
            here = House(Path(folder), telegram, redis, chats)
            try:
                yield here
            finally:
                await asyncio.to_thread(here.stop)
                here.store.close()
                await asyncio.to_thread(redis.stop)


async def rate(chats: int, latency: float) -> dict[str, Any]:
    """Nothing goes wrong."""
    async with house(chats, latency) as here:
        await here.start()
        await here.ring()
        await here.telegram.until(lambda: len(here.telegram.sent) >= chats // 10, PATIENCE)
        early = here.memory()
        await here.reached(chats)
        return here.figures(memory_mb=[early, here.memory()])


async def held(chats: int, latency: float) -> dict[str, Any]:
    """One chat must wait: when it heard, and when the last of the others did."""
    async with house(chats, latency) as here:
        await here.start()
        here.telegram.flood.held[1] = here.telegram.clock() + HOLD
        begun = time.time()
        await here.ring()
        await here.reached(chats)
        others = [m.at for m in here.telegram.sent if m.chat_id != 1]
        mine = [m.at for m in here.telegram.sent if m.chat_id == 1]
        a_second = (len(others) - 1) / (max(others) - min(others))
        return here.figures(
            the_others_a_second=round(a_second, 2), the_others_of_what_is_allowed=round(a_second / ALLOWED, 3),
            last_of_the_others_after=round(max(others) - begun, 1), the_held_one_after=round(mine[0] - begun, 1) if mine else None,
        )  # fmt: skip


async def two(chats: int, latency: float) -> dict[str, Any]:
    """Two notifiers share the work and the limits."""
    async with house(chats, latency) as here:
        await here.start()
        await here.start()
        await here.ring()
        await here.reached(chats)
        return here.figures()


async def killed(chats: int, latency: float) -> dict[str, Any]:
    """Killed without a warning and started again, evenly over the way; what was in flight waits for its lease to run out."""
    async with house(chats, latency) as here:
        await here.start()
        await here.ring()
        at_risk, seen = list[int](), set[int]()
        for kill in range(1, KILLS + 1):
            await here.telegram.until(lambda kill=kill: len(here.heard()) >= chats * kill // (KILLS + 1), PATIENCE)  # type: ignore[misc]
            here.running[0].kill()
            await asyncio.to_thread(here.running.pop(0).wait)
            found = here.unrecorded()
            at_risk.append(len(found - seen))
            seen |= found
            await here.start()
        await here.reached(chats)
        await here.telegram.until(lambda: not here.unrecorded(), PATIENCE)  # what the dead had claimed is told again by then
        return here.figures(kills=KILLS, unrecorded_at_each_kill=at_risk)


def notify(home: str, api: str, redis: str) -> None:
    """The notifier's process."""
    settings = Settings(home=Path(home), telegram_token=SecretStr("42:TEST"), telegram_api_url=api, redis_url=SecretStr(redis))
    configure_logging(settings, quiet=True)

    async def run() -> None:
        store, bus = Store(settings.database()), Bus(redis)
        await run_notifier(settings, store, bus, asyncio.Event(), health=lambda _part, _problem: None)

    asyncio.run(run())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the scenarios that are named, all where none is."""
    scenarios = {"rate": rate, "held": held, "two": two, "killed": killed}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", choices=[*scenarios, []])
    parser.add_argument("--chats", type=int, default=2000)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--notify", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.notify:
        notify(*given.notify)
        return
    for name in given.scenarios or scenarios:
        print(json.dumps({name: asyncio.run(scenarios[name](given.chats, given.latency))}), flush=True)


if __name__ == "__main__":
    main()
