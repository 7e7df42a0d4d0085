"""What an item costs the story index as the window grows, and what the record of the rules stage writes a second.

    python -m bench.stories [--windows 1000 10000 50000]

Items are a headline and forty words: a third are edited copies of a remembered one, two thirds new, all about one of 60 companies
and one of 200 public bodies, drawn unevenly. Prints JSON; ratios hold across machines, microseconds only on yours.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import insert

import notifier.tables  # noqa: F401  every storey's tables stand on the one metadata
from rules.drafts import Decided
from rules.hints import Hints
from rules.load import load_ruleset
from rules.model import EntityHit, MatchResult, RuleMatch
from rules.records import pending, record
from rules.stories import StoryIndex
from watcher.model import Item
from watcher.store import Store, metadata
from watcher.store.tables import items

START = datetime(2026, 1, 5, tzinfo=UTC)
_BEGINNINGS, _ENDINGS = ("ra", "to", "mi", "se", "lu", "ko", "be", "fa"), ("vel", "nor", "tas", "qui", "den", "lis")
WORDS = [a + b + c + d for a in _BEGINNINGS for b in _ENDINGS for c in _BEGINNINGS for d in ("", *_ENDINGS)]
COMPANIES = [f"Company{n}" for n in range(60)]
BODIES = [f"Agency{n}" for n in range(200)]
COUNTRIES = ("US", "GB", "FR", "DE", "JP", "KR", "IN", "EE", "GR", "CA", "AU", "PL", "BR", "AE", "SA", "IT", "ES", "NL", "SE", "FI")
WINDOWS = (1_000, 10_000, 50_000)


@dataclass(frozen=True)
class Known:
    """What an index asks of an entity."""

    type: str
    country: str
    parent: str | None = None
    role: tuple[str, ...] = ()


KIN = {c.lower(): Known("ai_org", "US") for c in COMPANIES} | {
    b.lower(): Known("gov_body", COUNTRIES[n % len(COUNTRIES)]) for n, b in enumerate(BODIES)
}


def stream(seed: int) -> Iterator[tuple[Item, MatchResult]]:
    """Items without end, half a minute apart, with the entities found in them."""
    r = random.Random(seed)
    told: list[tuple[str, str, list[str]]] = []
    n = 0
    while True:
        if told and r.random() < 0.35:
            company, body, words = r.choice(told[-2000:])
            words = [w if r.random() > 0.2 else _word(r) for w in words]
        else:
            company, body = COMPANIES[int(r.paretovariate(0.8)) % 60], BODIES[int(r.paretovariate(0.6)) % 200]
            words = [_word(r) for _ in range(47)]
        told.append((company, body, words))
        title = f"{company} signs with {body}: {' '.join(words[:7])}"
        price = f"${r.randint(1, 900)} million" if r.random() < 0.3 else "an undisclosed sum"
        summary = f"{' '.join(words[7:])} for {price}."
        item = Item(id=str(n), title=title, summary=summary, lang="en", published=START + timedelta(seconds=30 * n))
        spans = (("title", 0, len(company)),), (("title", title.index(body), title.index(body) + len(body)),)
        hits = EntityHit(company.lower(), company, "ai_org", spans[0]), EntityHit(body.lower(), body, "gov_body", spans[1])
        yield item, MatchResult(hits, (RuleMatch("deal", "normal", ("partnerships",), 0.9, (), (), ()),))
        n += 1


def _word(r: random.Random) -> str:
    return WORDS[min(int(r.paretovariate(0.7)) - 1, len(WORDS) - 1)]


def per_item(windows: Sequence[int], hints: Hints, measured: int = 1000) -> dict[int, dict[str, float]]:
    """Microseconds of processor time of find + add with so many items remembered: mean, median and 99th percentile.

    One index grows from window to window, so that all are measured in one run.
    """
    index, source, found, known = StoryIndex(kin=KIN, hints=hints), stream(1), {}, 0
    for window in windows:
        for item, result in islice(source, max(0, window - known)):
            index.assign(item, result)
        costs = [_cost(index, item, result) for item, result in islice(source, measured)]
        known = window + measured
        p99 = sorted(costs)[int(0.99 * len(costs))]
        found[window] = {
            "mean_us": round(statistics.fmean(costs), 1), "median_us": round(statistics.median(costs), 1), "p99_us": round(p99, 1),
            "stories": len(index),
        }  # fmt: skip
    return found


def _cost(index: StoryIndex, item: Item, result: MatchResult) -> float:
    began = time.thread_time()
    index.assign(item, result)
    return (time.thread_time() - began) * 1e6


def recorded(batches: int = 30, size: int = 300, matching: float = 0.05) -> float:
    """Items a second through `record` on SQLite, so many of them with a match."""
    r, source, index = random.Random(2), stream(3), StoryIndex()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'bench.db'}")
        with store.begin() as conn:
            metadata.create_all(conn)
        spent = 0.0
        for batch in range(batches):
            made = {batch * size + n + 1: next(source) for n in range(size)}
            with store.begin() as conn:
                conn.execute(insert(items), [_row(n, item) for n, (item, _) in made.items()])
                waiting = pending(conn, list(made))
            nothing = MatchResult((), ())
            decided = [Decided(p, made[int(p.item.id)][1] if r.random() < matching else nothing) for p in waiting]
            began = time.perf_counter()
            with store.begin() as conn:
                record(conn, decided, index, START, "bench")
            spent += time.perf_counter() - began
        store.close()
    return round(batches * size / spent)


def _row(n: int, item: Item) -> dict[str, object]:
    return {
        "id": n, "source_id": "bench", "kind": "feed", "entry_id": str(n), "url": f"https://example.org/{n}",
        "canonical_url": f"example.org/{n}", "outlet": "example.org", "title": item.title, "summary": item.summary, "content": "",
        "lang": item.lang, "tags": [], "author": "", "published_at": item.published, "seen_at": START,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, nargs="+", default=WINDOWS)
    hints = Hints.of(load_ruleset())
    gc.collect()
    gc.freeze()  # the packs' memory is not the stories' to look through
    figures = per_item(sorted(parser.parse_args().windows), hints)
    first, last = min(figures), max(figures)
    growth = round(figures[last]["mean_us"] / figures[first]["mean_us"], 2)
    print(json.dumps({"assign": figures, f"{last} against {first}": growth, "record_items_per_second": recorded()}, indent=2))


if __name__ == "__main__":
    main()
