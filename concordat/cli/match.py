"""`concordat match`: items as JSON lines in, their entities, matches and stories as JSON lines out. No business logic."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any, TextIO

import typer
from pydantic import ValidationError

from concordat.cli.ruleset import EntitiesOption, HomeOption, RulesOption, load_for_cli
from rules.matcher import Matcher
from rules.model import MatchResult
from rules.ruleset import RuleSet
from rules.stories import StoryIndex
from watcher.model import Item, ItemLine


def match_command(rules: RulesOption = None, entities: EntitiesOption = None, home: HomeOption = None) -> None:
    """Match items, given as JSON lines on standard input, and write one JSON line for each."""
    ruleset = load_for_cli(home, rules, entities)
    for stream in (sys.stdin, sys.stdout):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # text streams of a process always can
    if not match_lines(sys.stdin, sys.stdout, sys.stderr, ruleset):
        raise typer.Exit(1)


def match_lines(lines: Iterable[str], out: TextIO, errors: TextIO, ruleset: RuleSet) -> bool:
    """Match each line and write its answer; a line that is no item is named on `errors`. Whether every line was one."""
    matcher = Matcher(ruleset)
    stories = StoryIndex.of(ruleset)
    good = True
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = ItemLine.model_validate_json(line).item()
        except ValidationError as e:
            errors.write(f"line {number}: not an item: {_say(e)}\n")
            good = False
            continue
        result = matcher.match(item)
        out.write(json.dumps(_answer(item, stories.assign(item, result), result), ensure_ascii=False) + "\n")
    return good


def _say(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else str(first["msg"])


def _answer(item: Item, story: str, result: MatchResult) -> dict[str, Any]:
    return {
        "id": item.id,
        "story": story,
        "entities": [{"id": e.id, "name": e.name, "type": e.type, "spans": e.spans} for e in result.entities],
        "matches": [
            {"rule": m.rule, "severity": m.severity, "topics": m.topics, "score": m.score, "evidence": m.evidence} for m in result.matches
        ],
    }
