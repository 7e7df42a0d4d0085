"""The world of a simulated day: ten thousand sources at two and a half thousand sites, each host with its ways and its memory.

Everything above the client is the product: visits, claims in a real Redis, turns, decisions, a real database. The hosts are made up, and so
is the time.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, cast

from tests.watcher.virtual import RealBus, VirtualLoop
from watcher.ask import Reach
from watcher.bus.due import DueSet
from watcher.decide import Policy
from watcher.errors import FetchError, FetchReason
from watcher.fetch import Client, Fetched, HostGate, NotModified, Request
from watcher.heed import Heed
from watcher.model import Source
from watcher.poll import Committer
from watcher.sources.feed import FeedSource
from watcher.store import Store
from watcher.visits import Visits

SOURCES, SITES = 10_000, 2_500
HOUR, DAY, TICK, HOLD = 3600.0, 86_400.0, 30.0, 65.0
END = DAY + 1.5 * HOUR  # a redirect is believed after a day
BEGIN = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
CROWDED = 200  # sources of one slow site
SKIPPED = frozenset(range(1, 5))
RETRY_AFTER = 900.0
FLUSH, DEATH = 12 * HOUR, 15 * HOUR
# who behaves how, in parts of a hundred
WAYS = (
    ["well"] * 5 + ["cached"] * 20 + ["slowly"] * 44 + ["ttl"] * 14 + ["every"] * 4 + ["dead"] * 3 + ["skips"] * 3 + ["moved"] * 2
    + ["gone"] * 2 + ["flaky"] * 2 + ["guarded"]
)  # fmt: skip


@dataclass
class Place:
    """A source as its host knows it: how it answers, and when it was asked."""

    source: Source
    site: str
    way: str
    rng: random.Random
    news: float  # chance that a reading finds something new
    asked: list[float] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    served: int = 0


def places() -> list[Place]:
    """Everybody; always the same."""
    rng = random.Random(20260302)
    made = []
    for n in range(SOURCES):
        site = f"site-{n % SITES}.example" if n % (SOURCES // CROWDED) else "crowded.example"
        way = {"crowded.example": "slow", "site-7.example": "limits", "site-8.example": "breaks", "site-9.example": "refuses"}.get(site)
        way = way or rng.choice(WAYS)
        more: dict[str, Any] = {"every": "2h"} if way == "every" else {}
        source = FeedSource(id=f"s{n}", url=f"https://{site}/{n}", **more)
        made.append(Place(source, site, way, random.Random(n), rng.choice([0.0, 0.0, 0.02, 0.2])))
    return made


class World:
    """The hosts, and what they remember of us."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.places = {p.source.url: p for p in places()}
        self.spans: dict[str, list[tuple[float, float]]] = defaultdict(list)  # by site, from asking to answer
        self.pauses: dict[str, list[tuple[float, float]]] = defaultdict(list)  # by site, when it wanted to be left alone
        self.refusals: dict[str, list[float]] = defaultdict(list)

    async def fetch(self, request: Request) -> Fetched | NotModified:
        """One request, as the client makes it."""
        place = self.places[request.url.replace("new.", "")]
        begun = self.loop.time()
        place.asked.append(begun)
        place.urls.append(request.url)
        took = self._takes(place)
        try:
            await asyncio.sleep(took)
            return self._answer(place, request)
        finally:
            self.spans[place.site].append((begun, begun + took))

    def _takes(self, place: Place) -> float:
        """In steps, so that many answers come at one moment: they are written together, and the day passes quickly."""
        return 30.0 if place.way == "dead" else float(place.rng.randint(1, 6)) if place.way == "slow" else place.rng.choice([0.25, 0.5])

    def _answer(self, place: Place, request: Request) -> Fetched | NotModified:
        now = self.loop.time()
        match place.way:
            case "limits" if 6 * HOUR <= now < 7 * HOUR or FLUSH - 1.5 * HOUR <= now < FLUSH:
                wait = RETRY_AFTER if now < 7 * HOUR else 2 * HOUR  # the second reaches beyond the moment at which Redis is emptied
                self.pauses[place.site].append((now, now + wait))
                raise FetchError(FetchReason.RATE_LIMITED, "slow down", retry_after=wait, status=429)
            case "breaks" if 8 * HOUR < now < 12 * HOUR:
                self.pauses[place.site].append((now, now + 10))
                raise FetchError(FetchReason.RATE_LIMITED, "unavailable", status=503)
            case "refuses" if 10 * HOUR < now < 11 * HOUR:
                self.refusals[place.site].append(now)
                raise FetchError(FetchReason.BLOCKED, "refused", status=403)
            case "dead":
                raise FetchError(FetchReason.TIMEOUT, "no answer")
            case "gone" if place.served:
                raise FetchError(FetchReason.GONE, "gone", permanent=True, status=410)
            case "flaky" if place.rng.random() < 0.3:
                raise FetchError(FetchReason.CONNECTION, "reset")
        if place.served and place.rng.random() >= place.news:
            return NotModified(_headers(place))
        place.served += 1
        return self._served(place, request, now)

    def _served(self, place: Place, request: Request, now: float) -> Fetched:
        at = datetime.fromtimestamp(BEGIN + now, UTC)
        entries = [{"id": f"{n}", "title": f"News {n}", "date_published": at.isoformat()} for n in range(place.served)]
        if place.way in {"ttl", "skips"}:
            hours = "".join(f"<hour>{h}</hour>" for h in SKIPPED)
            said = "<ttl>150</ttl>" if place.way == "ttl" else f"<skipHours>{hours}</skipHours>"
            item = f"<item><title>News {place.served}</title></item>"
            body = f"<rss version='2.0'><channel><title>T</title>{said}{item}</channel></rss>".encode()
        else:
            body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": entries[-3:]}).encode()
        moved = request.url.replace("https://", "https://new.") if place.way == "moved" and "new." not in request.url else None
        return Fetched(request.url, 200, _headers(place), body, moved)


def _headers(place: Place) -> dict[str, str]:
    """With 304 as with 200 (RFC 9110 15.4.5)."""
    said = {
        "cached": {"cache-control": "public, max-age=10800"},
        "slowly": {"date": "Mon, 02 Mar 2026 00:00:00 GMT", "expires": "Mon, 02 Mar 2026 04:00:00 GMT"},
    }
    return {"etag": f'"{place.served}"', **said.get(place.way, {})}


class Day:
    """Watchers in the world: two at any time, one of which dies and is replaced; a Redis that is emptied at noon."""

    def __init__(self, loop: VirtualLoop, redis: str, store: Store) -> None:
        self.loop, self.store = loop, store
        self.world = World(loop)
        self.buses = [RealBus(redis, loop) for _ in range(3)]

    def now(self) -> datetime:
        """The clock of this world."""
        return datetime.fromtimestamp(BEGIN + self.loop.time(), UTC)

    def policy(self, source: Source) -> Policy:
        """What the service would say; one way stands for the kinds that have a floor."""
        guarded = self.world.places[source.url].way == "guarded"
        return Policy(timedelta(hours=48), source.every, timedelta(minutes=30) if guarded else timedelta(0))

    async def run(self) -> None:
        """From midnight on."""
        await self.buses[0].redis.flushall()
        first = asyncio.create_task(self._watch("one", self.buses[0], 0.0, DEATH))
        second = asyncio.create_task(self._watch("two", self.buses[1], TICK / 2, END))
        third = asyncio.create_task(self._watch("three", self.buses[2], DEATH + 600, END))
        await asyncio.sleep(FLUSH - self.loop.time())
        await self.buses[1].redis.flushall()
        await asyncio.gather(first, second, third)
        for bus in self.buses:
            await bus.close()

    async def _watch(self, who: str, bus: RealBus, begin: float, end: float) -> None:
        """One watcher, from its start to its sudden end."""
        due = DueSet(bus, who=who, hold=HOLD)
        committer = Committer(self.store, bus, due, self.policy, self.now)
        gate = HostGate()
        reach = Reach(cast(Client, self.world), gate, now=self.now, heed=Heed(due, gate, self.now))
        visits = Visits(self.store, due, reach, committer, self.now)
        visits.follow(p.source for p in self.world.places.values())
        await asyncio.sleep(begin - self.loop.time())
        await visits.reconcile()
        while self.loop.time() < end:
            await visits.tick()
            await asyncio.sleep(TICK)
        await visits.finish(0.0)


def gaps(place: Place) -> list[float]:
    """Seconds between its readings."""
    return [b - a for a, b in pairwise(place.asked)]


def overlaps(spans: Sequence[tuple[float, float]], longest: float) -> list[tuple[float, float]]:
    """Requests that began while an earlier one still had its turn, which ends after `longest` seconds at the latest."""
    ordered = sorted(spans)
    return [b for a, b in pairwise(ordered) if b[0] < min(a[1], a[0] + longest) - 1e-6]
