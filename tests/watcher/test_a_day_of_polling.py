"""A day of 10,000 sources: two watchers on one Redis, hosts of every kind, and every rule of manners kept, as the hosts saw it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import select

from tests.watcher.day import DAY, DEATH, END, FLUSH, HOLD, HOUR, SKIPPED, TICK, Day, Place, gaps, overlaps
from tests.watcher.virtual import VirtualLoop
from watcher.bus.due import AT_SITE
from watcher.bus.embedded import EmbeddedRedis
from watcher.cadence import FASTEST, FIRST_JITTER, JITTER, SLOWEST
from watcher.fetch.hosts import PATIENCE
from watcher.manners import BURST, FIRST_PAUSE
from watcher.state import Health, SourceState
from watcher.store import Store, metadata
from watcher.store.sources import load_states
from watcher.store.tables import notices
from watcher.visits import LEASE

SLACK = 300.0  # seconds: ticks, turns at a crowded site, a Redis that was emptied


@pytest.fixture(scope="module")
def day(redis_server: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The day, over."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('day') / 'day.db'}")
    with store.begin() as conn:
        metadata.create_all(conn)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        day = Day(loop, redis_server.url, store)
        runner.run(day.run())
    structlog.reset_defaults()
    yield day
    store.close()


def those(day: Day, *ways: str) -> list[Place]:
    """The places that behave so."""
    found = [p for p in day.world.places.values() if p.way in ways]
    assert found
    return found


def states(day: Day) -> dict[str, SourceState]:
    """What is remembered of the sources in the end."""
    with day.store.reading() as conn:
        return load_states(conn)


pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_everybody_is_read_and_nobody_is_forgotten(day: Day) -> None:
    """Whoever answers well is read at its pace all day, also where two hundred share a slow site, and through an emptied Redis."""
    assert sum(len(p.asked) for p in day.world.places.values()) > 60_000
    hour = SLOWEST.total_seconds()
    usual = {"well": hour, "slow": hour, "moved": hour, "every": 2 * HOUR, "ttl": 2.5 * HOUR, "cached": 3 * HOUR, "slowly": 4 * HOUR}
    for way, seconds in usual.items():
        for place in those(day, way):
            first, *later = gaps(place)
            assert first <= seconds * (1 + FIRST_JITTER) + SLACK, (way, place.source.id)
            assert max(later) <= seconds * (1 + JITTER) + LEASE + SLACK, (way, place.source.id)


def test_a_site_is_asked_one_by_one(day: Day) -> None:
    """No request begins while another of its site has its turn, whichever watcher asks; a slow host has three at the most."""
    assert {site: found for site, spans in day.world.spans.items() if (found := overlaps(spans, PATIENCE))} == {}
    for site, spans in day.world.spans.items():
        moments = sorted([(a, 1) for a, _ in spans] + [(b, -1) for _, b in spans], key=lambda m: (m[0], m[1]))
        here = most = 0
        for _, step in moments:
            here += step
            most = max(most, here)
        assert most <= AT_SITE, site


def test_pauses_hold_for_the_whole_site_and_every_watcher(day: Day) -> None:
    """Nobody asks a site that wanted to be left alone, for as long as it said, through an emptied Redis too."""
    assert any(a < FLUSH < b for a, b in day.world.pauses["site-7.example"])
    for site, pauses in day.world.pauses.items():
        assert pauses, site
        starts = [a for a, _ in day.world.spans[site]]
        assert [(a, p) for p in pauses for a in starts if p[0] + 1e-6 < a < p[1] - 1e-3] == [], site


def test_a_burst_of_refusals_is_a_pause(day: Day) -> None:
    """Four sources of one site, and an hour in which it refuses everybody: after three of them the fourth is not asked at once."""
    refusals = day.world.refusals["site-9.example"]
    assert len(refusals) >= BURST
    starts = sorted(a for a, _ in day.world.spans["site-9.example"])
    third = refusals[BURST - 1]
    assert [a for a in starts if third < a < third + FIRST_PAUSE - 1] == []


def test_what_a_source_asks_for_is_kept(day: Day) -> None:
    """Nothing comes before its time: ttl, max-age, Expires, `every`, the floor of a kind, and never faster than the fastest pace."""
    fastest = FASTEST.total_seconds()
    least = {"well": fastest, "guarded": 0.5 * HOUR, "every": 2 * HOUR, "ttl": 2.5 * HOUR, "cached": 3 * HOUR, "slowly": 4 * HOUR}
    for way, seconds in least.items():
        early = {p.source.id: min(gaps(p)) for p in those(day, way) if gaps(p) and min(gaps(p)) < seconds - 1}
        assert early == {}, way


def test_hours_without_visits_are_kept(day: Day) -> None:
    """Nobody comes in the hours that a feed wants for itself, once it has said so."""
    asked = [a % DAY / HOUR for p in those(day, "skips") for a in p.asked[1:]]
    assert any(a < min(SKIPPED) for a in asked)
    late = SLACK / HOUR  # who was due a moment before comes a moment later
    assert [a for a in asked if min(SKIPPED) + late < a < max(SKIPPED) + 1] == []


def test_failures_back_off_and_never_stop(day: Day) -> None:
    """A dead host is asked less and less, all day, and its operator is told once."""
    for place in those(day, "dead"):
        assert 4 <= len(place.asked) <= 10
        assert gaps(place) == sorted(gaps(place)) or min(gaps(place)) > 600
    dead, known = {p.source.id for p in those(day, "dead")}, states(day)
    assert {known[i].health for i in dead} == {Health.BROKEN}
    assert set(told(day, dead).values()) == {1}


def told(day: Day, ids: set[str]) -> Counter[str]:
    """How many notices there are of each."""
    with day.store.reading() as conn:
        return Counter(s for s in conn.scalars(select(notices.c.subject)) if s in ids)


def test_gone_is_gone_with_one_notice(day: Day) -> None:
    """After a 410 the address is left alone for days, and its operator is told once."""
    gone, known = those(day, "gone"), states(day)
    assert {len(p.asked) for p in gone} == {2}
    assert {known[p.source.id].health for p in gone} == {Health.GONE}
    assert set(told(day, {p.source.id for p in gone}).values()) == {1}


def test_permanent_redirects_are_learned(day: Day) -> None:
    """The new address is asked after a day of repetition, not before."""
    moved, known = those(day, "moved"), states(day)
    for place in moved:
        assert all("new." not in url for url, at in zip(place.urls, place.asked, strict=True) if at < DAY)
    after = [[("new." in url) for url in p.urls] for p in moved if known[p.source.id].learned]
    assert any(map(any, after))
    assert [p for p in after if p != sorted(p)] == [], "the old address was asked again"


def test_there_is_no_rush_hour(day: Day) -> None:
    """Though everybody began at once, no minute stands out by far, and a watcher that died left no hole."""
    minutes = Counter(int(a // 60) for p in day.world.places.values() for a in p.asked)
    emptied = range(int(FLUSH // 60), int((FLUSH + HOLD + TICK) // 60) + 1)  # what came due while nobody was read comes then
    counts = [minutes[m] for m in range(6 * 60, int(END // 60)) if m not in emptied]
    usual = sum(counts) / len(counts)
    assert max(counts) <= 2.5 * usual  # of the ten thousand that were first read within a quarter of an hour most ask for the same pause
    assert max(minutes[m] for m in emptied) <= usual * (1 + (HOLD + TICK) / 60) * 2
    died = range(int(DEATH // 60), int(DEATH // 60) + 10)
    assert min(minutes[m] for m in died) >= 0.3 * usual
