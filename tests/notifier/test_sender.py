"""Promises of notifier.sender: lanes are independent, people come before edits, and a process that stops leaves nothing half-recorded."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from notifier import ledger
from notifier.jobs import Job
from notifier.limiter import Answer, Go
from notifier.model import Channel, State
from notifier.routing import route_alerts
from notifier.sender import WORKERS, Sender
from notifier.tables import deliveries
from tests.fakes.watched import Watched
from tests.notifier.world import join, retell, tell
from watcher.store import Store

NOW = datetime.now(UTC)


class Paper(Watched):
    """An outlet that writes down what it is given; closed addresses never answer until they are opened."""

    def __init__(self, *closed: str) -> None:
        super().__init__()
        self.lines: list[tuple[str, bool]] = []
        self.at_once: dict[str, int] = {}
        self.most_at_once = 0
        self.pauses: dict[str, float] = {}
        self.closed = {address: asyncio.Event() for address in closed}

    async def ask(self, address: str) -> Answer:
        """Always now."""
        return Go(0.0)

    async def hold(self, address: str, seconds: float) -> None:
        """Nobody asks for it here."""

    def passage(self) -> AbstractAsyncContextManager[None]:
        """Never held up."""
        return nullcontext()

    def pause(self, address: str) -> float:
        """As long as somebody said since the slot was booked."""
        return self.pauses.pop(address, 0.0)

    async def send(self, job: Job) -> str | None:
        """Write it down."""
        address = job.subscriber.address
        self.at_once[address] = self.at_once.get(address, 0) + 1
        self.most_at_once = max(self.most_at_once, self.at_once[address])
        self.changed()
        if address in self.closed:
            await self.closed[address].wait()
        await asyncio.sleep(0)
        self.lines.append((address, job.edit))
        self.at_once[address] -= 1
        self.changed()
        return str(len(self.lines))

    async def close(self) -> None:
        """Nothing is open."""


def told(store: Store, chats: int, stories: int = 1) -> list[int]:
    """So many chats, to which so many stories were routed."""
    with store.begin() as conn:
        for chat in range(1, chats + 1):
            join(conn, chat)
        return [i for n in range(stories) for i in route_alerts(conn, [tell(conn, f"Story {n}")], datetime.now(UTC))]


async def due(store: Store, sender: Sender) -> None:
    """Hand everything due to the sender, as a sweep does."""
    sender.submit(await store.read(ledger.due, datetime.now(UTC) + timedelta(seconds=1), [Channel.TELEGRAM]))


async def test_one_message_a_chat_at_a_time(store: Store) -> None:
    """However many stories wait for a chat, one is in flight, and one submitted twice is sent once."""
    told(store, 3, 5)
    paper, stop = Paper(), asyncio.Event()
    sender = Sender(store, {Channel.TELEGRAM: paper})
    running = asyncio.create_task(sender.run(stop))
    await due(store, sender)
    await due(store, sender)
    await asyncio.wait_for(sender.idle(), 5)
    stop.set()
    await running
    assert len(paper.lines) == 15
    assert paper.most_at_once == 1


async def test_what_comes_meanwhile_waits_its_turn(store: Store) -> None:
    """A delivery handed over while another is in flight to the same chat goes after it."""
    first, second, third = told(store, 1, 3)
    paper, stop = Paper("1"), asyncio.Event()
    sender = Sender(store, {Channel.TELEGRAM: paper})
    running = asyncio.create_task(sender.run(stop))
    soon = datetime.now(UTC) + timedelta(seconds=1)
    sender.submit(await store.read(ledger.lanes, [first], soon))
    await paper.until(lambda: paper.at_once)
    sender.submit(await store.read(ledger.lanes, [second, third], soon))
    for _ in range(20):
        await asyncio.sleep(0)
    paper.closed["1"].set()
    await asyncio.wait_for(sender.idle(), 5)
    stop.set()
    await running
    assert len(paper.lines) == 3
    assert paper.most_at_once == 1


async def test_a_stuck_chat_holds_no_other(store: Store) -> None:
    """A chat whose call hangs takes one worker, and stopping waits for its record."""
    told(store, 3, 2)
    paper, stop = Paper("1"), asyncio.Event()
    sender = Sender(store, {Channel.TELEGRAM: paper})
    running = asyncio.create_task(sender.run(stop))
    await due(store, sender)
    await paper.until(lambda: len(paper.lines) == 4)
    assert {address for address, _ in paper.lines} == {"2", "3"}
    stop.set()
    paper.closed["1"].set()
    await asyncio.wait_for(running, 5)
    with store.reading() as conn:
        states = conn.execute(select(deliveries.c.state).where(deliveries.c.subscriber_id == 1).order_by(deliveries.c.id)).scalars().all()
    assert states == [State.SENT, State.PENDING]


async def test_alerts_overtake_edits(store: Store) -> None:
    """While hundreds of messages are brought up to date, a new alert waits for the workers at hand and no more."""
    first = told(store, 200)
    with store.begin() as conn:
        conn.execute(update(deliveries).values(state=State.SENT, sent_revision=1, remote_ref="1"))
        assert route_alerts(conn, [retell(conn, 1, "spiegel.de")], NOW) == first
    paper, stop = Paper(), asyncio.Event()
    sender = Sender(store, {Channel.TELEGRAM: paper})
    await due(store, sender)
    with store.begin() as conn:
        of_the_last = route_alerts(conn, [tell(conn, "New")], NOW)[-1]
    sender.submit(await store.read(ledger.lanes, [of_the_last], datetime.now(UTC) + timedelta(seconds=1)))
    running = asyncio.create_task(sender.run(stop))
    await asyncio.wait_for(sender.idle(), 10)
    stop.set()
    await running
    alert = next(i for i, (address, edit) in enumerate(paper.lines) if not edit)
    assert alert < WORKERS
    assert len(paper.lines) == 201


async def test_a_pause_that_was_asked_for_since_the_slot_was_booked(store: Store) -> None:
    """What is told of a chat, or of all, between booking and sending is kept: the message goes out after it, once."""
    told(store, 2)
    paper, stop = Paper(), asyncio.Event()
    paper.pauses["1"] = 0.05
    sender = Sender(store, {Channel.TELEGRAM: paper})
    running = asyncio.create_task(sender.run(stop))
    await due(store, sender)
    await asyncio.wait_for(sender.idle(), 5)
    stop.set()
    await running
    assert [address for address, _ in paper.lines] == ["2", "1"]
