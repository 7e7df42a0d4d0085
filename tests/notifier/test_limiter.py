"""Promises of notifier.limiter: Telegram's rates are kept, a chat that must wait holds nobody else, Redis or no Redis."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.limiter import CALM, GROUP, MILLION, OVERALL, PRIVATE, Go, Later, Limiter, LocalLimiter, Rule, slot
from notifier.pace import Few, Pace
from watcher.bus import Bus

GAPS = st.lists(st.integers(0, 3 * MILLION), min_size=1, max_size=120)


def most_within(times: Sequence[int], window: int) -> int:
    """The largest number of moments in any half-open window."""
    return max(sum(1 for t in times if start <= t < start + window) for start in times)


@given(GAPS, st.sampled_from([PRIVATE, CALM, GROUP, OVERALL]))
def test_no_window_holds_too_many(gaps: list[int], rules: tuple[Rule, ...]) -> None:
    """However requests come, the slots that are booked keep every rule."""
    now, booked = 0, list[int]()
    for gap in gaps:
        now += gap
        booked.append(slot(now, booked, rules))
    for rule in rules:
        assert most_within(booked, rule.window) <= rule.slots


class Clock:
    """Microseconds that move when told to."""

    now = 0

    def __call__(self) -> int:
        return self.now


async def booked_within(limiter: LocalLimiter, clock: Clock, chat: str, seconds: int) -> list[int]:
    """When a chat that always wants more gets its slots."""
    times: list[int] = []
    while clock.now < seconds * MILLION:
        answer = await limiter.ask(chat)
        if isinstance(answer, Go):
            times.append(clock.now + round(answer.wait * MILLION))
        clock.now += max(1, round(answer.wait * MILLION))
    return times


@pytest.mark.parametrize(("chat", "most"), [("7", 60), ("-7", 20)])
async def test_a_greedy_chat(chat: str, most: int) -> None:
    """A minute holds 60 messages to a person, 20 to a group."""
    clock = Clock()
    times = await booked_within(LocalLimiter(clock), clock, chat, 130)
    assert most - 1 <= most_within(times, 60 * MILLION) <= most


async def test_a_held_chat_holds_nobody_else() -> None:
    """`retry_after` is for its chat alone."""
    clock = Clock()
    limiter = LocalLimiter(clock)
    await limiter.hold("7", 30)
    assert await limiter.ask("7") == Later(30.0)
    assert await limiter.ask("8") == Go(0.0)


async def test_redis_keeps_the_same_account(bus: Bus) -> None:
    """Two processes share one account: together they get what one would get."""
    one, two = Limiter(bus), Limiter(bus)
    answers = [await limiter.ask("-7") for limiter in (one, two)]
    assert isinstance(answers[0], Go)
    assert answers[0].wait == 0
    assert isinstance(answers[1], Later)
    assert 0.8 < answers[1].wait <= 1
    await two.hold("8", 5)
    answer = await one.ask("8")
    assert isinstance(answer, Later)
    assert 4.5 < answer.wait <= 5
    assert isinstance(await one.ask("9"), Go)


async def test_redis_keeps_the_overall_rate(bus: Bus) -> None:
    """Of many chats at once half a second's worth get their slots, and those beyond are told to ask again, all of them."""
    limiter = Limiter(bus)
    answers = await asyncio.gather(*(limiter.ask(str(n)) for n in range(1, 201)))
    later = [a for a in answers if isinstance(a, Later)]
    assert 14 <= len(answers) - len(later) < 100
    assert all(a.everyone for a in later)


async def held(limiter: Limiter | LocalLimiter, *chats: str) -> None:
    """These chats are written to for the first time, and refused for half a minute."""
    for chat in chats:
        await limiter.ask(chat)
        await limiter.hold(chat, 30)


async def test_a_flood_of_all_holds_everybody(bus: Bus) -> None:
    """Three chats that were not written to for a minute and are refused at once mean the bot as a whole: all processes wait."""
    for limiter, other in ((LocalLimiter(Clock()),) * 2, (Limiter(bus), Limiter(bus))):
        await held(limiter, "7", "8")
        assert isinstance(await other.ask("10"), Go)
        await held(limiter, "9")
        answer = await other.ask("11")
        assert isinstance(answer, Later)
        assert answer.everyone
        assert 29 < answer.wait <= 30


async def test_busy_chats_that_are_refused_hold_only_themselves(bus: Bus) -> None:
    """Chats that were written to just before may have been written to too often: theirs is no flood of all."""
    for limiter in (LocalLimiter(), Limiter(bus)):
        for chat in ("7", "8", "9", "10"):
            await limiter.ask(chat)
            await held(limiter, chat)
        assert isinstance(await limiter.ask("11"), Go)


async def test_a_slowed_chat_gets_no_more_bursts(bus: Bus) -> None:
    """After a refusal a chat is written to once a second; before it, three at once are fine."""
    clock = Clock()
    local = LocalLimiter(clock)
    assert [isinstance(await local.ask("7"), Go) for _ in range(4)] == [True, True, True, False]
    await local.hold("7", 5)
    clock.now = 6 * MILLION
    assert [isinstance(await local.ask("7"), Go) for _ in range(2)] == [True, False]
    shared = Limiter(bus)
    await shared.hold("8", 0)
    assert [isinstance(await shared.ask("8"), Go) for _ in range(2)] == [True, False]


async def test_what_was_held_up_does_not_arrive_in_a_crowd() -> None:
    """However many calls are ready at once and however long each is under way, no window can hold more arrivals than are allowed."""
    pace, window, spans = Pace(3, 0.05), 0.05, list[tuple[float, float]]()
    ways = random.Random(4)

    async def call() -> None:
        async with pace.call():
            begun = time.monotonic()
            await asyncio.sleep(ways.choice((0.0, 0.01, 0.03)))
            spans.append((begun, time.monotonic()))

    async with pace.call():
        pass  # the shortest way there is
    await asyncio.gather(*(call() for _ in range(15)))
    for begun, _ in spans:
        together = [s for s in spans if s[0] <= begun and s[1] > begun - window + 0.005]  # clocks are read one after the other
        assert len(together) <= 3


async def test_a_call_that_failed_gives_its_place_back() -> None:
    """What is raised comes out, and the window goes on."""
    pace = Pace(1, 0.01)
    for _ in range(3):
        with pytest.raises(KeyError):
            async with pace.call():
                raise KeyError


@pytest.mark.parametrize(("seconds", "most"), [(0.0, 1), (0.1, 4)], ids=["quick", "slow"])
async def test_as_few_under_way_as_keep_the_pace(seconds: float, most: int) -> None:
    """While calls are quick, messages go one by one; where the channel takes a tenth of a second, as many at once as 29 a second need."""
    pace = Pace(clock=lambda: clock[0])
    clock = [0.0]
    few, under_way, seen = Few(pace, clock=lambda: clock[0]), 0, 0
    for _ in range(5):
        async with pace.call():
            clock[0] += seconds

    async def message() -> None:
        nonlocal under_way, seen
        async with few.passage():
            under_way += 1
            seen = max(seen, under_way)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*(message() for _ in range(40)))
    assert (few.most(), seen) == (most, most)


async def test_more_are_under_way_while_too_few_get_through() -> None:
    """While others wait and the pace is missed, one more may be under way each second; once nobody waits, as few as before."""
    clock, most = [0.0], list[int]()
    few = Few(Pace(clock=lambda: clock[0]), clock=lambda: clock[0])

    async def message(seconds: float) -> None:
        async with few.passage():
            await asyncio.sleep(0)
            clock[0] += seconds
            most.append(few.most())

    await asyncio.gather(*(message(1 / 29) for _ in range(200)))
    assert set(most) == {1}
    most.clear()
    await asyncio.gather(*(message(0.1) for _ in range(100)))
    assert most[0] == 1 < max(most)
    await message(0.0)
    assert few.most() == 1


async def test_a_message_that_hangs_is_not_waited_for() -> None:
    """Others go on after half a second, however long one takes."""
    few, passed = Few(Pace()), asyncio.Event()

    async def hang() -> None:
        async with few.passage():
            await passed.wait()

    hanging = asyncio.create_task(hang())
    await asyncio.sleep(0)
    async with asyncio.timeout(10), few.passage():
        passed.set()
    await hanging


async def test_without_redis_it_counts_alone() -> None:
    """While Redis is away the same rules hold within the process."""
    limiter = Limiter(Bus("redis://127.0.0.1:1/0"))
    assert isinstance(await limiter.ask("-7"), Go)
    assert isinstance(await limiter.ask("-7"), Later)
    await limiter.hold("8", 5)
    assert isinstance(await limiter.ask("8"), Later)
