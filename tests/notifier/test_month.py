"""A month of digests: twelve zones, both changes of the clock, a mail server that fails, an address that nobody reads, and three kill -9.

The notifier is a process of its own whose clock the test sets; everything else is real: its database, its lanes and its mails.
"""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, update

from notifier import subscribers
from notifier.model import Channel, Standing, State
from notifier.subscribers import FIRST_WINDOW, Wish
from notifier.tables import deliveries, digests
from notifier.wishes import Wishes
from rules.tables import stories
from tests.fakes.smtp import MailServer, Received
from tests.notifier.world import ring, tell
from watcher.store import Store

HOUR = timedelta(hours=1)
LATE = timedelta(seconds=7)
# clocks go forward in America on 9 March and in Europe on the 30th; in April they go back in Chile and the South Pacific
BEGIN, END = datetime(2025, 3, 7, 0, 0, tzinfo=UTC), datetime(2025, 4, 8, 0, 0, tzinfo=UTC)
READERS: dict[str, tuple[str, str, tuple[int, ...]]] = {
    "utc@example.org": ("UTC", "08:00", ()),
    "paris@example.org": ("Europe/Paris", "08:00", ()),
    "night@example.org": ("Europe/Paris", "02:30", (5, 6)),  # an hour that one night does not have
    "newyork@example.org": ("America/New_York", "07:30", (0, 1, 2, 3, 4)),
    "stjohns@example.org": ("America/St_Johns", "08:00", (6, 0)),
    "santiago@example.org": ("America/Santiago", "23:30", (5, 6)),  # an hour that one night has twice
    "sydney@example.org": ("Australia/Sydney", "08:00", (0,)),
    "lordhowe@example.org": ("Australia/Lord_Howe", "02:00", (6, 2)),
    "chatham@example.org": ("Pacific/Chatham", "08:00", (6, 3)),
    "kolkata@example.org": ("Asia/Kolkata", "06:45", (0, 3)),
    "jerusalem@example.org": ("Asia/Jerusalem", "08:00", (4, 6)),
    "casablanca@example.org": ("Africa/Casablanca", "08:00", (6, 0)),
    "honolulu@example.org": ("Pacific/Honolulu", "18:00", (1, 4)),
}
NOBODY = "gone@example.org"


@dataclass
class Told:
    """A story as the world had it: when a reader of digests first has to be told of it."""

    title: str
    at: datetime


@dataclass
class World:
    """What happens in the month, moment by moment."""

    store: Store
    stories: list[Told] = field(default_factory=list)
    later: list[tuple[datetime, Callable[[Connection], None]]] = field(default_factory=list)

    def until(self, now: datetime) -> None:
        """Write what happens up to this moment: a story every seven hours, of which some are loud only a day after."""
        with self.store.begin() as conn:
            while (at := BEGIN - FIRST_WINDOW + HOUR + len(self.stories) * 7 * HOUR + timedelta(minutes=7)) <= now:
                self._begins(conn, len(self.stories), at)
            for _, happens in [due for due in self.later if due[0] <= now]:
                happens(conn)
            self.later = [due for due in self.later if due[0] > now]

    def _begins(self, conn: Connection, number: int, at: datetime) -> None:
        title, loud = f"Story number {number:03} of the month", at + 29 * HOUR
        if number % 9 == 4:  # what a new source held, which rings when another source tells it as news
            tell(conn, title, at=at, rung_at=None, published_at=at - timedelta(days=40))
            self.later.append((loud, lambda c: _change(c, title, updated_at=loud, rung_at=loud)))
        elif number % 9 == 7:  # too quiet for our readers, until it rises
            tell(conn, title, at=at, severity="low")
            self.later.append((loud, lambda c: _rises(c, title, loud)))
        else:
            tell(conn, title, at=at)
            loud = at
        self.stories.append(Told(title, loud))


def _change(conn: Connection, title: str, **values: object) -> None:
    conn.execute(update(stories).where(stories.c.title == title).values(revision=2, **values))


def _rises(conn: Connection, title: str, at: datetime) -> None:
    _change(conn, title, severity="high", updated_at=at)
    ring(conn, conn.execute(select(stories.c.id).where(stories.c.title == title)).scalar_one(), 1, "rise", "high", at)


class Life:
    """The process, from its start to its kill."""

    def __init__(self, store: Store, mail: MailServer) -> None:
        self.command = (sys.executable, "-m", "tests.notifier.lives", str(store.engine.url), mail.url)
        self.process: asyncio.subprocess.Process | None = None

    async def tick(self, moment: datetime, word: str = "") -> str:
        """Let it live through one moment; what it answered, or nothing when it died."""
        pipe = asyncio.subprocess.PIPE
        if self.process is None:
            self.process = await asyncio.create_subprocess_exec(*self.command, stdin=pipe, stdout=pipe)
            assert await self._line() == "ready"
        assert self.process.stdin
        self.process.stdin.write(f"{moment.isoformat()} {word}\n".encode())
        return await self._line()

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        assert self.process
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)

    async def buried(self) -> None:
        """Ask it no more, and wait until it has ended."""
        assert self.process
        assert self.process.stdin
        self.process.stdin.close()
        await asyncio.wait_for(self.process.wait(), 30)
        self.process = None

    async def _line(self) -> str:
        assert self.process
        assert self.process.stdout
        return (await asyncio.wait_for(self.process.stdout.readline(), 60)).decode().strip()


def outage(moment: datetime) -> str | None:
    """How the mail server answers every message at this moment: six hours and then more than two days of trouble."""
    if datetime(2025, 3, 12, 5, tzinfo=UTC) <= moment < datetime(2025, 3, 12, 11, tzinfo=UTC):
        return "451 4.3.0 the disk is full"
    if datetime(2025, 3, 20, 7, tzinfo=UTC) <= moment < datetime(2025, 3, 22, 19, tzinfo=UTC):
        return "421 4.3.2 closed for repairs"
    return None


def ticks() -> list[datetime]:
    """Every moment that is somebody's hour, and some between them, a few seconds late: nobody wakes on the second."""
    hours = {hour for wished in READERS.values() for hour in hours_of(*wished)}
    between = {BEGIN + n * 12 * HOUR for n in range((END - BEGIN) // (12 * HOUR))}
    return [moment + LATE for moment in sorted(hours | between)]


def hours_of(tz: str, at: str, days: tuple[int, ...]) -> Iterator[datetime]:
    """Every moment of the month that a reader's clock shows their hour on their weekdays, reckoned day by day."""
    day, zone = date(2025, 3, 5), ZoneInfo(tz)
    while day < date(2025, 4, 10):
        moment = datetime.combine(day, time.fromisoformat(at), zone).astimezone(UTC)
        if BEGIN < moment < END and (not days or day.weekday() in days):
            yield moment
        day += timedelta(days=1)


def titles(mail: Received) -> list[str]:
    """The stories that a mail tells, in its text."""
    part = mail.message.get_body(("plain",))
    assert part
    return re.findall(r"Story number \d{3} of the month", " ".join(part.get_content().split()))


async def the_month(world: World, life: Life, mail: MailServer) -> list[datetime]:
    """Live through it; the moments at which the notifier was there and planned."""
    lived: list[datetime] = []
    kills = {  # the moment, how it comes to its end, and how long nobody starts it again
        datetime(2025, 3, 9, 7, tzinfo=UTC): ("wait-planning", 5 * HOUR),
        datetime(2025, 3, 16, 8, tzinfo=UTC): ("wait-planned", timedelta(0)),
        datetime(2025, 3, 30, 6, tzinfo=UTC): ("in-sending", 27 * HOUR),
    }
    away = BEGIN
    for moment in ticks():
        world.until(moment)
        if moment < away:
            continue
        mail.answer = outage(moment)
        how, pause = kills.pop(moment - LATE, ("", timedelta(0)))
        if how == "in-sending":
            mail.on_recipient = life.kill
        said = await life.tick(moment, how if how.startswith("wait") else "")
        assert said == {"wait-planning": "planning", "wait-planned": "planned", "in-sending": ""}.get(how, "done")
        if how:
            life.kill()
            mail.on_recipient = None
            await life.buried()
            away = moment + pause
        if how != "wait-planning":
            lived.append(moment)
    assert not kills
    return lived


async def test_a_month_of_digests(store: Store) -> None:
    """Each reader gets each digest once, at their hour, and every story once, whatever fails; who is gone gets nothing and hurts nobody."""
    world = World(store)
    with store.begin() as conn:
        for address, (tz, at, days) in READERS.items():
            subscribers.add(conn, Wish(Channel.EMAIL, address, wishes=Wishes(alerts=False, digest_at=at, digest_days=days, tz=tz)), BEGIN)
        subscribers.add(conn, subscribers.by_email(NOBODY), BEGIN)
    async with MailServer() as mail:
        mail.recipients[NOBODY] = "550 5.1.1 no such user"
        life = Life(store, mail)
        lived = await the_month(world, life, mail)
        await life.buried()
    with store.reading() as conn:
        rows = conn.execute(select(digests, deliveries.c.state).join(deliveries, deliveries.c.digest_id == digests.c.id)).all()
        people = {s.address: s for s in subscribers.everyone(conn)}
    assert people[NOBODY].state is Standing.GONE
    assert not mail.to(NOBODY)
    for address, wished in READERS.items():
        mine = [r for r in rows if r.subscriber_id == people[address].id]
        # the first moment of the notifier's life at or after each hour; hours that fell into its absence share one
        expected = {min(m for m in lived if m >= hour) for hour in hours_of(*wished) if hour <= lived[-1]}
        assert {r.to_at for r in mine} == expected, address
        assert Counter(r.state for r in mine if r.told_by is None) == {State.SENT: len([r for r in mine if r.told_by is None])}, address
        got = mail.to(address)
        assert len(got) == len({m.message["Message-ID"] for m in got}) == len([r for r in mine if r.told_by is None]), address
        told = Counter(t for m in got for t in titles(m))
        last = max(r.to_at for r in mine)
        assert told == {s.title: 1 for s in world.stories if s.at <= last}, address
    assert any(r.told_by for r in rows), "no digest was given up in the long outage, so that taking over is not tried"
