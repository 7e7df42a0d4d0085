"""The small pack of the tests, and rules put beside it."""

from __future__ import annotations

from pathlib import Path

from rules.files import Text
from rules.load import build
from rules.matcher import Matcher
from watcher.model import Item

SMALL = (Path(__file__).parent.parent / "data" / "rules" / "small.yaml").read_text(encoding="utf-8")


def matcher(*rules: str) -> Matcher:
    """A matcher of the small pack and of rules r0, r1, … whose `when` (and what else) is given in YAML's flow style."""
    own = "".join(f"  - {{id: r{i}, {rule}, cases: [{{fires: x}}, {{quiet: y}}]}}\n" for i, rule in enumerate(rules))
    return Matcher(build([Text("small.yaml", SMALL, builtin=True), Text("own.yaml", f"rules:\n{own}" if own else "")]))


def fired(rule: str, item: Item) -> bool:
    """Whether a rule, in YAML's flow style without its braces, fires on an item."""
    return "r0" in {m.rule for m in matcher(rule).match(item).matches}


def named(text: str, **fields: object) -> dict[str, list[str]]:
    """Entity id → the words that name it, in a text read with the small pack."""
    item = Item(id="1", title=text, **fields)  # type: ignore[arg-type]  # fields are checked where they are written
    return {e.id: [getattr(item, field)[start:end] for field, start, end in e.spans] for e in matcher().match(item).entities}
