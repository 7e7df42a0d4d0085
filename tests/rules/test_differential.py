"""The matcher, with its index and short cuts, beside a plain reading of the same rules."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from rules.files import Text
from rules.load import build
from rules.matcher import Matcher
from tests.rules.reference import PlainText, fires
from watcher.model import Item

RULES, TEXTS = 60, 20  # of each seed
SEARCHED = ["alpha", "beta", "gamma", "delta", "omega", "kappa"]
WIDTHS = [None, None, "item", "lead", "title", "sentence", "sentence", "sentence", 2, 5, 12]


def condition(rng: random.Random, depth: int) -> dict[str, Any]:
    """A condition of leaves and groups, at most `depth` groups deep."""
    if depth == 0 or rng.random() < 0.3:
        return {rng.choice(["words", "words", "regex"]): rng.sample(SEARCHED, rng.choice((1, 1, 2)))}
    group: dict[str, Any] = {}
    for key, most in (("all", 3), ("any", 3), ("none", 1)):
        parts = [condition(rng, depth - 1) for _ in range(rng.randint(0, most))]
        if parts:
            group[key] = parts
    if not group.keys() & {"all", "any"}:
        return condition(rng, depth)
    if len(group.get("any", ())) > 1 and rng.random() < 0.4:
        group["min"] = rng.randint(2, len(group["any"]))
    if len(group.get("all", ())) > 1 and rng.random() < 0.2:
        group["order"] = True
    within = rng.choice(WIDTHS)
    return group if within is None else {**group, "within": within}


def text(rng: random.Random) -> PlainText:
    """Fields of a few sentences, or of none, with a word to be found every now and then; some longer than a lead."""
    common = rng.choice((0.1, 0.3, 0.6))

    def sentences(most: int) -> list[list[str]]:
        return [
            [rng.choice(SEARCHED) if rng.random() < common else "filler" for _ in range(rng.randint(1, 9))]
            for _ in range(rng.randint(0, most))
        ]

    return PlainText(sentences(1), sentences(4), sentences(rng.choice((0, 4, 14))))


def item(plain: PlainText) -> Item:
    """The text as an item, each sentence with a capital and a full stop."""
    title, summary, content = (
        " ".join(" ".join(s).capitalize() + "." for s in field) for field in (plain.title, plain.summary, plain.content)
    )
    return Item(id="1", title=title, summary=summary, content=content)


@pytest.mark.parametrize("seed", range(3))
def test_short_cuts_change_no_answer(seed: int) -> None:
    """Whatever rules ask for and texts say, the rules that fire are those of a plain reading, word by word."""
    rng = random.Random(seed)
    rules = [
        {"id": f"r{i}", "when": condition(rng, 2), "cases": [{"fires": "x"}, {"quiet": "y"}]} for i in range(RULES)
    ]
    matcher = Matcher(build([Text("own.yaml", json.dumps({"rules": rules}))]))
    answers = []
    for plain in (text(rng) for _ in range(TEXTS)):
        found = {m.rule for m in matcher.match(item(plain)).matches}
        expected = {r["id"] for r in rules if fires(r["when"], plain)}
        assert {i: next(r["when"] for r in rules if r["id"] == i) for i in found ^ expected} == {}, plain
        answers += [r["id"] in found for r in rules]
    assert 0.1 < sum(answers) / len(answers) < 0.9  # both answers were compared
