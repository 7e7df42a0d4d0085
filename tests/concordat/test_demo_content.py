"""The demo's file of past events, by what its readers take from it: outlets, feeds, and tellings that can be told to be of one event."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime, time
from itertools import groupby, pairwise

import pytest

from concordat.demo.host import render
from concordat.demo.plan import Telling, plan, read_events
from watcher.sources.feed import parse_feed

TELLINGS = read_events()
OUTLETS = sorted({t.outlet for t in TELLINGS})
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SEED = "openai-lanl-venado"


def _by_event() -> dict[str, list[Telling]]:
    events: dict[str, list[Telling]] = defaultdict(list)
    for telling in TELLINGS:
        if telling.event:
            events[telling.event].append(telling)
    return events


def test_names_are_short_slugs_and_an_outlet_ends_in_its_language() -> None:
    """Ids, events and outlets are plain slugs, fit for addresses; an outlet says in its name which language it writes."""
    names = [name for t in TELLINGS for name in (t.id, t.event, t.outlet) if name]
    assert [n for n in names if not SLUG.fullmatch(n) or len(n) > 40] == []
    assert [t.id for t in TELLINGS if not t.outlet.endswith(f"-{t.lang}")] == []
    assert len(OUTLETS) >= 12


def test_no_event_is_told_by_more_outlets_than_the_seed() -> None:
    """The seed has five tellings, every other event one to four."""
    told = {event: len(tellings) for event, tellings in _by_event().items()}
    assert told.pop(SEED) == 5
    assert max(told.values()) <= 4


def test_the_seed_names_laboratories_and_machine_in_every_language() -> None:
    """Each telling of the seed has OpenAI, Venado and its NVIDIA Grace Hopper chips, and the three laboratories."""
    latin = ("OpenAI", "Venado", "NVIDIA", "Livermore", "Sandia")
    japanese = ("OpenAI", "Venado", "NVIDIA Grace Hopper", "ロスアラモス", "リバモア", "サンディア")
    for t in _by_event()[SEED]:
        text = f"{t.title} {t.summary}"
        assert [name for name in (japanese if t.lang == "ja" else latin) if name not in text] == [], t.id
        assert re.search("Grace.Hopper", text), t.id


@pytest.mark.parametrize(
    ("event", "figure"),
    [
        ("kisti-6", r"382\.5|3825억"),
        ("openai-for-government", r"200|2億"),
        ("cdao-frontier-awards", "200"),
        ("openai-gsa-onegov", r"\$1\b|1 dólar|1달러"),
        ("gemini-gsa", r"0[.,]47"),
        ("xai-gsa", r"0[.,]42"),
        ("lux-discovery", r"\$1 billion|un milliard|10亿"),
        ("solstice-equinox", r"100,000|10만"),
        ("nvidia-korea", r"260,000|26만|260 tysięcy"),
        ("genesis-mous", "24"),
        ("dawn-expansion", "36"),
    ],
)
def test_an_amount_is_the_same_in_every_telling(event: str, figure: str) -> None:
    """Where an event has an amount, every outlet that tells it gives that amount in its own way of writing."""
    assert [t.id for t in _by_event()[event] if not re.search(figure, f"{t.title} {t.summary}")] == []


@pytest.mark.parametrize("outlet", OUTLETS)
def test_a_feed_of_all_that_an_outlet_wrote_is_read_back_whole(outlet: str) -> None:
    """An outlet's feed parses without a warning, in its language, to the same ids, words and days that went in."""
    told = [t for t in TELLINGS if t.outlet == outlet]
    parsed = parse_feed(render(outlet, told), {"content-type": "application/rss+xml; charset=utf-8"}, f"https://{outlet}.example/feed.xml")
    assert (parsed.title, parsed.lang, parsed.dropped, parsed.warning) == (outlet, told[0].lang, 0, "")
    assert [(e.entry_id, e.title, e.summary) for e in parsed.entries] == [(t.id, t.title, t.summary) for t in told]
    assert [e.published for e in parsed.entries] == [datetime.combine(t.on, time(12), UTC) for t in told]


@pytest.mark.parametrize("seconds", [0.5, 90.0])
def test_the_plan_keeps_the_order_of_the_file_within_its_seconds(seconds: float) -> None:
    """Releases follow the file, day by day, from second 0 to before the end; the other news lies between the events."""
    steps = plan(TELLINGS, seconds)
    assert [s.telling for s in steps] == list(TELLINGS)
    assert steps[0].at == 0
    assert steps[-1].at < seconds
    assert all(a.at < b.at for a, b in pairwise(steps))
    assert sum(1 for _ in groupby(steps, key=lambda s: bool(s.telling.event))) > 60
