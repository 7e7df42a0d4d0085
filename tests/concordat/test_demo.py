"""The demo: what it tells, when, over which feeds, and that the real pipeline hears the seed event in five languages
as one.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import aiohttp
import pytest

from concordat.demo.host import DemoHost
from concordat.demo.plan import Release, Telling, plan, read_events
from concordat.demo.play import play

if TYPE_CHECKING:
    from pathlib import Path

    from notifier.model import Story

SEED = "openai-lanl-venado"


@pytest.fixture(scope="module")
def tellings() -> tuple[Telling, ...]:
    """The packaged file."""
    return read_events()


def test_the_past_is_rich_enough(tellings: tuple[Telling, ...]) -> None:
    """There are 45 events and more, in ten languages and more, between sixty other items and more."""
    assert len({t.event for t in tellings if t.event}) >= 45
    assert len({t.lang for t in tellings if t.event}) >= 10
    noise = [t for t in tellings if not t.event]
    assert len(noise) >= 60
    assert len({t.lang for t in noise}) >= 10


def test_tellings_are_well_formed(tellings: tuple[Telling, ...]) -> None:
    """Ids are unique, days run forward and are past, an outlet writes in one language, and every telling says
    something.
    """
    assert len({t.id for t in tellings}) == len(tellings)
    assert all(a.on <= b.on for a, b in pairwise(tellings))
    assert date(2024, 7, 1) <= tellings[0].on <= tellings[-1].on <= date(2026, 7, 31)
    assert all(t.title and t.summary for t in tellings)
    tongues: dict[str, set[str]] = defaultdict(set)
    for t in tellings:
        tongues[t.outlet].add(t.lang)
    assert all(len(langs) == 1 for langs in tongues.values())


def test_an_event_is_of_one_day_and_told_once_a_language_and_outlet(tellings: tuple[Telling, ...]) -> None:
    """Tellings of an event share its day; there are at most five, each by another outlet."""
    events: dict[str, list[Telling]] = defaultdict(list)
    for t in tellings:
        if t.event:
            events[t.event].append(t)
    for told in events.values():
        assert len({t.on for t in told}) == 1
        assert len({t.outlet for t in told}) == len(told) <= 5


def test_the_seed_event_is_told_in_five_languages(tellings: tuple[Telling, ...]) -> None:
    """OpenAI and Los Alamos, 30 January 2025, Venado: in French, English, Spanish, German and Japanese."""
    seed = [t for t in tellings if t.event == SEED]
    assert {t.lang for t in seed} == {"fr", "en", "es", "de", "ja"}
    assert {t.on for t in seed} == {date(2025, 1, 30)}
    assert all("Venado" in t.title + t.summary and "OpenAI" in t.title for t in seed)


def test_the_plan_spreads_all_tellings_over_the_time(tellings: tuple[Telling, ...]) -> None:
    """Every telling is released once, in the order of days, evenly and within the seconds given."""
    steps = plan(tuple(reversed(tellings)), 60)
    assert {s.telling.id for s in steps} == {t.id for t in tellings}
    assert all(a.telling.on <= b.telling.on and a.at < b.at for a, b in pairwise(steps))
    assert (steps[0].at, steps[-1].at < 60) == (0, True)
    assert plan((), 60) == ()


def test_the_host_serves_what_is_released_and_304_until_more_is() -> None:
    """A feed holds the entries released so far, markup escaped, each with the day it is from; unchanged, it answers
    304.
    """
    told = Telling("x-en", "x", "wire", "en", date(2025, 1, 30), "R&D <b>", "Summary")

    async def run() -> None:
        async with DemoHost(["wire"]) as host, aiohttp.ClientSession() as client:
            heard: list[Telling] = []
            await host.release([Release(0, told)], heard.append)
            assert heard == [told]
            async with client.get(host.feeds["wire"]) as answer:
                tag, body = answer.headers["ETag"], await answer.read()
            async with client.get(host.feeds["wire"], headers={"If-None-Match": tag}) as again:
                assert again.status == 304
            async with client.get(host.feeds["wire"].replace("wire", "nobody")) as nothing:
                assert nothing.status == 404
        assert b"R&amp;D &lt;b&gt;" in body
        assert b"Thu, 30 Jan 2025 12:00:00 +0000" in body

    asyncio.run(run())


def test_the_pipeline_hears_the_seed_once(tellings: tuple[Telling, ...], tmp_path: Path) -> None:
    """Five languages ring one alert that gathers five reports; a deer, and the same parties' deal of July 2024, are
    apart.
    """
    wanted = {SEED, "openai-lanl-bioscience"}
    part = [t for t in tellings if t.event in wanted or t.id == "other-001"]
    reports: dict[int, int] = {}

    def rang(story: Story, _kind: str) -> None:
        reports[story.id] = story.item_count

    heard = asyncio.run(play(tmp_path, part, 1.0, told=lambda _: None, rang=rang))
    assert (heard.items, heard.rung) == (len(part), 2)
    assert sorted(reports.values()) == [3, 5]
