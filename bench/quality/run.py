"""Asks the production matcher, through the very function behind `concordat match`, with the built-in packs alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import StringIO

from bench.quality.labels import Labelled
from bench.quality.scoring import Answer, Score, score
from concordat.cli.match import match_lines
from rules.ruleset import RuleSet


def answers(items: Sequence[Labelled], ruleset: RuleSet) -> dict[str, Answer]:
    """What the matcher says about each item, stories formed over all of them in their order."""
    out, wrong = StringIO(), StringIO()
    if not match_lines((item.question() for item in items), out, wrong, ruleset):
        raise ValueError(wrong.getvalue())
    lines = map(json.loads, out.getvalue().splitlines())
    return {line["id"]: Answer.of(line) for line in lines}


def measure(items: Sequence[Labelled], ruleset: RuleSet) -> Score:
    """Match and compare."""
    return score(items, answers(items, ruleset))
