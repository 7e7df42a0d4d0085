"""How fast the archive is replayed through the built-in rules, beside the matcher alone; both in one run, so that the ratio can be trusted.

    python -m bench.backtest [--items 100000] [--jobs N]

Stored are items of a headline and 30 to 120 words: one in twenty is a labelled item of bench/quality, with its number in the title so that
no two are one page; the words of the others are drawn from all of those. The matcher's own rate is that of `Matcher.match` on the first
items, in one process, in rounds before and after. Prints items a second for each core, by the wall and by processor time, and the aim, met
or missed: at most twice the matcher's time for an item. Leaves with 1 when it is missed.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert

import notifier.tables  # noqa: F401  every storey's tables stand on the one metadata
from bench.quality.labels import read
from rules.archive import read as stored
from rules.backtest import Past, backtest, cores
from rules.load import Recipe
from rules.matcher import Matcher
from rules.replay import Replayed
from watcher.model import Item
from watcher.store import Store, metadata
from watcher.store.tables import items

AIM = 2.0
START = datetime(2026, 1, 5, tzinfo=UTC)
EVERY = timedelta(seconds=26)  # between two items: 100,000 are thirty days
REAL = 0.05
ALONE = 2000  # items of one round of the matcher alone
FILES = ("known.jsonl", "practice.jsonl")


def texts(seed: int) -> Iterator[tuple[str, str, str]]:
    """Titles, summaries and languages without end."""
    r = random.Random(seed)
    real = [i for name in FILES for i in read(Path(__file__).parent / "quality" / name)]
    words = [w for i in real if i.lang in {"", "en"} for w in f"{i.title} {i.summary}".split() if w.islower()]
    n = 0
    while True:
        n += 1
        if r.random() < REAL:
            item = r.choice(real)
            yield f"{item.title} ({n})", item.summary, item.lang
        else:
            yield " ".join(r.choices(words, k=9)).capitalize(), " ".join(r.choices(words, k=r.randint(30, 120))) + ".", "en"


def fill(store: Store, count: int) -> None:
    """Store so many items."""
    with store.begin() as conn:
        metadata.create_all(conn)
    made = enumerate(islice(texts(1), count), 1)
    while batch := list(islice(made, 2000)):
        with store.begin() as conn:
            conn.execute(insert(items), [_row(n, *text) for n, text in batch])


def _row(n: int, title: str, summary: str, lang: str) -> dict[str, Any]:
    at = START + EVERY * n
    return {
        "id": n, "source_id": "bench", "kind": "feed", "entry_id": str(n), "url": f"https://example.org/{n}",
        "canonical_url": f"example.org/{n}", "outlet": "example.org", "title": title, "summary": summary, "content": "", "lang": lang,
        "tags": [], "author": "", "published_at": at, "seen_at": at,
    }  # fmt: skip


def alone(matcher: Matcher, sample: Sequence[Item]) -> float:
    """Seconds of processor time that the matcher takes for an item."""
    began = time.process_time()
    for item in sample:
        matcher.match(item)
    return (time.process_time() - began) / len(sample)


def _spent() -> float:
    """Seconds of processor time of this process and those that it began and that ended."""
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def measure(count: int, jobs: int) -> dict[str, Any]:
    """Fill, replay, compare."""
    recipe = Recipe()
    ruleset = recipe.build()
    matcher = Matcher(ruleset)
    gc.freeze()  # as the processes of the replay do
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'bench.db'}")
        fill(store, count)
        past = Past.of(store, START)
        with store.reading() as conn:
            sample = [p.item for part in past.parts[: ALONE // past.parts[0].count + 1] for p in stored(conn, part, START)]
        rates = [alone(matcher, sample) for _ in range(2)]
        began, spent = time.perf_counter(), _spent()
        replayed: Replayed = backtest(past, recipe, ruleset, processes=jobs)
        wall, spent = time.perf_counter() - began, _spent() - spent
        rates += [alone(matcher, sample) for _ in range(2)]
        store.close()
    match = sorted(rates)[len(rates) // 2]
    return {
        "items": replayed.items, "matched": len(replayed.seen), "stories": len(replayed.stories), "alerts": len(replayed.rings),
        "processes": jobs, "wall_s": round(wall, 1), "cpu_s": round(spent, 1), "items_per_s": round(count / wall),
        "matcher_items_per_s": round(1 / match), "per_core_wall": round(count / wall / jobs), "per_core_cpu": round(count / spent),
        "times_the_matcher_cpu": round(spent / count / match, 2), "times_the_matcher_wall": round(wall * jobs / count / match, 2),
    }  # fmt: skip


def main() -> int:
    """Measure and print; 1 when the aim is missed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--items", type=int, default=100_000)
    options.add_argument("--jobs", type=int, default=cores())
    given = options.parse_args()
    figures = measure(given.items, given.jobs)
    print(json.dumps(figures, indent=2))
    times = figures["times_the_matcher_cpu"]
    met = times <= AIM
    print(f"{'met   ' if met else 'MISSED'}  {times:.2f} times the matcher's processor time for an item, at most {AIM:g}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
