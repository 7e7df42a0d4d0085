"""How fast items are matched and rules loaded, beside what was aimed at; everything in one run, so that ratios can be trusted.

    python -m bench.matching [--rules 1000] [--entities 2000] [--documents 500]

Synthetic and seeded: entities of five names each, rules of three clauses in one sentence, documents of 1 to 3 KB in five languages.
Prints microseconds a document of folding, folding and scanning, everything, and of a loop of compiled regular expressions, one for
each phrase (timed on a few documents only); the same with ten times the rules; the seconds that the built-in packs take to load, and
to load again after an edit of an operator's file; and each aim, met or missed. Leaves with 1 when one is missed.

Times are of the processor, medians of rounds in which the variants take turns, for machines are shared.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rules.files import Text
from rules.fold import fold
from rules.load import build, load_ruleset
from rules.matcher import Matcher
from watcher.model import Item

SEED = 20250130
ROUNDS = 5
NAIVE = 3  # documents for the loop
FOLD, SCAN, ALL, LOOP = "fold", "fold and scan", "everything", "loop of compiled re"
LETTERS = {
    "en": ("abcdefghilmnoprstuw", 0.6),
    "fr": ("abcdeéèêfghilmnoprstuvàç", 0.15),
    "de": ("abcdeäöüßfghiklmnoprstuwz", 0.1),
    "es": ("abcdeáéíóñfghilmnoprstuv", 0.1),
    "ja": ("国立研究所提携連契約締結導入政府省庁計算機企業", 0.05),
}


def words(rng: random.Random, letters: str, count: int) -> list[str]:
    """Made-up words of a language."""
    shortest, longest = (2, 4) if "国" in letters else (4, 10)  # shorter Latin words would be names by accident
    return ["".join(rng.choices(letters, k=rng.randint(shortest, longest))) for _ in range(count)]


def pack(rng: random.Random, vocabulary: dict[str, list[str]], rules: int, entities: int) -> tuple[str, list[str]]:
    """A rule file, and every name in it."""
    names, lines = [], ["entities:"]
    types = ("ai_org", "gov_body", "national_lab", "supercomputer")
    for i in range(entities):
        aliases = [" ".join(w.capitalize() for w in rng.choices(vocabulary["en"], k=rng.choice((1, 2, 2, 3)))) for _ in range(5)]
        names += aliases
        lines.append(f"  - {{id: e{i}, name: '{aliases[0]}', type: {types[i % 4]}, aliases: {aliases[1:]}}}")
    lines.append("rules:")
    for i in range(rules):
        chosen = ", ".join(f"{{id: e{n}}}" for n in rng.sample(range(entities), 5))
        verbs = rng.sample(vocabulary["en"], 3) + rng.sample(vocabulary["fr"], 2)
        lines.append(
            f"  - {{id: r{i}, when: {{all: [{{entity: [{chosen}]}}, {{entity: [gov_body, national_lab]}}, {{words: {verbs}}}],"
            " within: sentence}, cases: [{fires: a}, {quiet: b}]}"
        )
    return "\n".join(lines), names


def documents(rng: random.Random, vocabulary: dict[str, list[str]], names: Sequence[str], count: int) -> list[Item]:
    """Items of 1 to 3 KB; one word in fifty is a name."""
    items = []
    for i in range(count):
        lang = rng.choices(list(LETTERS), [share for _, share in LETTERS.values()])[0]
        size, text = rng.randint(1000, 3000), ""
        while len(text.encode()) < size:
            word = rng.choice(names) if rng.random() < 0.02 else rng.choice(vocabulary[lang])
            text += word + ("。" if lang == "ja" else ". " if rng.random() < 0.06 else " ")
        items.append(Item(id=str(i), title=text[:80], summary=text[80:400], content=text[400:], lang=lang))
    return items


def timed(variants: Mapping[str, Callable[[Item], object]], items: Sequence[Item], rounds: int = ROUNDS) -> dict[str, float]:
    """Microseconds an item of each variant: medians of rounds in which they take turns."""
    results: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, work in variants.items():
            results[name].append(_seconds(lambda work=work: [work(item) for item in items]) / len(items) * 1e6)  # type: ignore[misc]
    return {name: statistics.median(times) for name, times in results.items()}


def _joined(item: Item) -> str:
    return f"{item.title} \0 {item.summary} \0 {item.content}"


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


@dataclass(frozen=True)
class Figures:
    """What one size of rule set came to."""

    micros: Mapping[str, float]
    loaded: float  # seconds


def measure(rules: int, entities: int, count: int, *, naive: bool) -> Figures:
    """Build, measure, print."""
    rng = random.Random(SEED)
    vocabulary = {lang: words(rng, letters, 20_000) for lang, (letters, _) in LETTERS.items()}
    text, names = pack(rng, vocabulary, rules, entities)
    items = documents(random.Random(SEED), vocabulary, names, count)
    began = time.process_time()
    ruleset = build([Text("bench.yaml", text)])
    loaded = time.process_time() - began
    matcher = Matcher(ruleset)

    def folded(item: Item) -> object:
        return fold(_joined(item))

    def scanned(item: Item) -> object:
        return ruleset.automaton.scan(fold(_joined(item)))

    micros = timed({FOLD: folded, SCAN: scanned, ALL: matcher.match}, items)
    if naive:
        expressions = [re.compile(rf"\b{re.escape(p.text)}\b", re.IGNORECASE) for p in ruleset.phrases]
        micros |= timed({LOOP: lambda i: [e.search(f"{i.title}\n{i.summary}\n{i.content}") for e in expressions]}, items[:NAIVE], 1)
    size = statistics.mean(len(_joined(i).encode()) for i in items)
    readings = [matcher.read(i) for i in items]
    hits, named = (statistics.mean(len(x) for x in found) for found in zip(*((r.document.hits, r.entities) for r in readings), strict=True))
    matches = statistics.mean(len(matcher.match(i).matches) for i in items)
    print(f"\n{rules} rules, {len(names)} aliases, {len(ruleset.phrases)} phrases, built in {loaded:.2f} s")
    print(f"{count} documents of {size:.0f} bytes; in each {hits:.1f} phrases, {named:.1f} entities, {matches:.2f} matches")
    for name, value in micros.items():
        print(f"  {name:22} {value:10.1f} µs/document {1e6 / value:10.0f}/s")
    return Figures(micros, loaded)


def reloads() -> tuple[float, float]:
    """Seconds that the built-in packs take to load, and to load again with an operator's rule that has changed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mine.yaml"
        again = []
        for turn in range(ROUNDS + 1):
            rule = f"{{id: mine, when: {{words: word{turn}}}, cases: [{{fires: word{turn}}}, {{quiet: x}}]}}"
            file.write_text(f"rules: [{rule}]\n", encoding="utf-8")
            again.append(_seconds(lambda: load_ruleset(Path(folder))))
        return again[0], statistics.median(again[1:])


def main() -> int:
    """Measure all, print the aims; 1 when one is missed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("rules", 1000), ("entities", 2000), ("documents", 500)):
        options.add_argument(f"--{name}", type=int, default=default)
    given = options.parse_args()
    first, again = reloads()
    small = measure(given.rules, given.entities, given.documents, naive=True)
    large = measure(10 * given.rules, given.entities, given.documents, naive=False)
    whole = small.micros[ALL]
    aims = (
        ("times as fast as a loop of compiled re, at least", small.micros[LOOP] / whole, 200.0, True),
        ("times the cost of fold and scan, at most", whole / small.micros[SCAN], 3.0, False),
        ("documents a second on one core, at least", 1e6 / whole, 4000.0, True),
        ("times the cost with ten times the rules, at most", large.micros[ALL] / whole, 6.0, False),
        ("seconds to load the built-in packs, at most", first, 1.0, False),
        ("seconds to load them after an edit, at most", again, 0.5, False),
    )
    print()
    for what, reached, aim, least in aims:
        met = reached >= aim if least else reached <= aim
        print(f"{'met   ' if met else 'MISSED'}  {reached:10.2f} {what} {aim:g}")
    return int(any((reached < aim) if least else (reached > aim) for _, reached, aim, least in aims))


if __name__ == "__main__":
    sys.exit(main())
