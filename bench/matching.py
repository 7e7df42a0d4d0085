"""How fast items are matched, beside a loop of compiled regular expressions; everything in one run, so that ratios can be trusted.

    python bench/matching.py [--rules 1000] [--entities 2000] [--documents 500]

Synthetic and seeded: entities of five names each, rules of three clauses in one sentence, documents of 1 to 3 KB in five languages.
Prints microseconds a document (medians of several rounds): folding, folding and scanning, everything, and the naive loop, which is
timed on a few documents only.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import time
from collections.abc import Callable, Sequence

from rules.document import Document
from rules.files import Text
from rules.fold import fold
from rules.load import build
from rules.matcher import Matcher
from watcher.model import Item

SEED = 20250130
ROUNDS = 5
NAIVE_DOCUMENTS = 5
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


def timed(work: Callable[[Item], object], items: Sequence[Item], rounds: int = ROUNDS) -> float:
    """Microseconds an item, the median of the rounds."""
    results = []
    for _ in range(rounds):
        began = time.perf_counter()
        for item in items:
            work(item)
        results.append((time.perf_counter() - began) / len(items) * 1e6)
    return statistics.median(results)


def main() -> None:
    """Build, measure, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("rules", 1000), ("entities", 2000), ("documents", 500)):
        options.add_argument(f"--{name}", type=int, default=default)
    given = options.parse_args()
    rng = random.Random(SEED)
    vocabulary = {lang: words(rng, letters, 20_000) for lang, (letters, _) in LETTERS.items()}
    text, names = pack(rng, vocabulary, given.rules, given.entities)
    items = documents(rng, vocabulary, names, given.documents)
    began = time.perf_counter()
    ruleset = build([Text("bench.yaml", text)])
    loaded = time.perf_counter() - began
    matcher = Matcher(ruleset)
    expressions = [re.compile(rf"\b{re.escape(p.text)}\b", re.IGNORECASE) for p in ruleset.phrases]

    def folded(item: Item) -> object:
        return [fold(text) for text in (item.title, item.summary, item.content)]

    def scanned(item: Item) -> object:
        return Document(item, ruleset.automaton, ruleset.phrases)

    def naive(item: Item) -> object:
        whole = f"{item.title}\n{item.summary}\n{item.content}"
        return [e.search(whole) for e in expressions]

    results = {"fold": timed(folded, items), "fold and scan": timed(scanned, items), "everything": timed(matcher.match, items)}
    results["loop of compiled re"] = timed(naive, items[:NAIVE_DOCUMENTS], rounds=1)
    sizes = statistics.mean(len((i.title + i.summary + i.content).encode()) for i in items)
    hits = statistics.mean(len(matcher.read(i).document.hits) for i in items)
    matches = statistics.mean(len(matcher.match(i).matches) for i in items)
    print(f"{given.rules} rules, {len(names)} aliases, {len(ruleset.phrases)} phrases, loaded in {loaded:.2f} s")
    print(f"{given.documents} documents of {sizes:.0f} bytes, {hits:.1f} phrases and {matches:.2f} matches in each")
    for name, micros in results.items():
        print(f"{name:22} {micros:10.1f} µs/document {1e6 / micros:10.0f}/s {results['loop of compiled re'] / micros:10.1f}×")


if __name__ == "__main__":
    main()
