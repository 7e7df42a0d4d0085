"""The first law, on the whole program: SIGKILL at random moments and an emptied Redis lose nothing and repeat nothing unasked."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis

from tests.e2e.program import Program
from tests.fakes.feedhost import Feed, FeedHost
from tests.fakes.telegram import Telegram
from watcher.bus.embedded import socket_path

KILLS = 20
CHAT = 7
AI = ["OpenAI", "Anthropic", "Cohere", "Palantir", "Mistral AI", "NVIDIA", "IBM", "Oracle"]
GOV = ["NASA", "NATO", "DARPA", "the European Commission", "Sandia National Laboratories", "the U.S. Department of Energy"]
PLACES = ["Avrolin", "Brestow", "Cindal", "Dorvane", "Elkmoor", "Farrowby", "Gildun", "Hexmont", "Ilverton", "Jorvask", "Kelbrook"]


def headline(n: int) -> str:
    """A deal unlike every other: parties, place, programme and sum."""
    code = f"{PLACES[n % len(PLACES)]}{n}"
    return f"{AI[n % len(AI)]} was awarded a contract by {GOV[n % len(GOV)]} for programme {code} worth ${n * 3 + 11} million"


def told(telegram: Telegram, titles: list[str]) -> Counter[str]:
    """How often each title was sent to the chat."""
    texts = [m.text for m in telegram.to(CHAT)]
    return Counter({t: sum(t in text for text in texts) for t in titles})


@asynccontextmanager
async def world(home: Path) -> AsyncIterator[tuple[FeedHost, Feed, Telegram, Program]]:
    """One feed, read once while it was empty; one subscriber; the program up."""
    async with FeedHost() as host, Telegram(enforce=False) as telegram:
        feed = host.feed("press")
        program = Program(home, telegram_token=telegram.token, telegram_api_url=telegram.url)
        program.sources({"id": "press", "url": feed.url, "every": "1s"})
        await program.run("subscribers", "add", "--telegram", str(CHAT))
        await program.start()
        await program.ready()
        await host.until(lambda: 200 in feed.statuses or 304 in feed.statuses)
        yield host, feed, telegram, program


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_twenty_kills_while_items_arrive(tmp_path: Path) -> None:
    """Every item alerts, and all repeats together are at most one for each kill."""
    chance = random.Random(20)
    async with world(tmp_path) as (_, feed, telegram, program):
        titles: list[str] = []

        async def publish() -> None:
            for n in range(KILLS * 4):
                titles.append(headline(n))
                feed.publish(f"id-{n}", titles[-1])
                await asyncio.sleep(0.9)

        publishing = asyncio.create_task(publish())
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.3, 6.0))
            await program.kill()
            await program.start()
        await publishing
        await program.ready()
        await telegram.until(lambda: all(told(telegram, titles).values()), 240)
        count = told(telegram, titles)
        assert await program.stop() == 0
    assert sum(count.values()) - len(titles) <= KILLS
    assert min(count.values()) == 1


async def test_an_emptied_redis_loses_nothing(tmp_path: Path) -> None:
    """FLUSHALL again and again while items arrive: each alerts exactly once."""
    async with world(tmp_path) as (host, feed, telegram, program):
        titles = [headline(n) for n in range(12)]
        with redis.Redis(unix_socket_path=str(socket_path(tmp_path / "data"))) as server:
            for n, title in enumerate(titles):
                feed.publish(f"id-{n}", title)
                seen = len(feed.requests)
                await host.until(lambda seen=seen: len(feed.requests) > seen, 90)  # type: ignore[misc]
                server.flushall()
        await telegram.until(lambda: all(told(telegram, titles).values()), 240)
        assert await program.stop() == 0
        assert set(told(telegram, titles).values()) == {1}


async def test_a_killed_redis_comes_back(tmp_path: Path) -> None:
    """SIGKILL of the private Redis while items arrive: it is started again, and each item alerts exactly once."""
    async with world(tmp_path) as (host, feed, telegram, program):
        titles = [headline(n) for n in range(6)]
        for n, title in enumerate(titles):
            feed.publish(f"id-{n}", title)
            if n % 3 == 1:
                with redis.Redis(unix_socket_path=str(socket_path(tmp_path / "data"))) as server:
                    os.kill(int(server.info()["process_id"]), signal.SIGKILL)
            seen = len(feed.requests)
            await host.until(lambda seen=seen: len(feed.requests) > seen, 90)  # type: ignore[misc]
        await telegram.until(lambda: all(told(telegram, titles).values()), 240)
        assert await program.stop() == 0
        assert set(told(telegram, titles).values()) == {1}


async def test_a_second_sigterm_ends_at_once(tmp_path: Path) -> None:
    """Work in hand is not waited for when the signal comes twice."""
    async with world(tmp_path) as (_, _feed, _telegram, program):
        assert program.process is not None
        program.process.terminate()
        program.process.terminate()
        assert await asyncio.wait_for(program.process.wait(), 10) in {0, 130}


async def test_sigterm_finishes_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """SIGTERM ends the program with 0, and its private Redis with it."""
    program = Program(tmp_path)
    program.sources({"id": "nobody", "url": "http://127.0.0.1:9/", "every": "1h"})
    await program.start()
    await program.ready()
    assert socket_path(tmp_path / "data").exists()
    assert await program.stop() == 0
    assert not socket_path(tmp_path / "data").exists()
