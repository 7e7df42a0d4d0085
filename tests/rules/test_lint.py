"""Promises of rules.lint and rules.implies: what `rules check` warns of, with its place, and what it leaves alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.files import Text
from rules.implies import shadows
from rules.lint import lint
from rules.load import build
from rules.matcher import Matcher, judge
from tests.rules.packs import SMALL
from watcher.model import Item, Source

SOURCES = [Source(id="ministry", kind="feed", tags=("government",)), Source(id="ted", kind="ted")]
KINDS = ("feed", "page", "ted")
CASES = "cases: [{fires: Acme x}, {quiet: y}]"


def warnings(text: str) -> list[str]:
    """What is warned of in one file beside the small pack, as `line:column: what`."""
    texts = [Text("small.yaml", SMALL, builtin=True), Text("own.yaml", text)]
    found = lint(texts, build(texts), SOURCES, KINDS, ["ted"])
    assert all(p.place.file == "own.yaml" for p in found)
    return [f"{p.place.line}:{p.place.column}: {p.what}" for p in found]


def rule(when: str, more: str = "", name: str = "r") -> str:
    """A rule in one line, with a topic."""
    return f"  - {{id: {name}, topics: [t], {more} when: {when}, {CASES}}}\n"


@pytest.mark.parametrize(("text", "said"), [
    ("rules:\n" + rule("{all: [{words: a}, ¶{words: b}], none: [{words: b}]}"), "asked for and refused in one group"),
    ("rules:\n" + rule("{any: [{words: a}, {words: c}, ¶{words: a}]}"), "this stands twice under any"),
    ("rules:\n" + rule("{entity: ¶{type: chip_vendor, country: FR}}"), "no entity is all of this"),
    ("rules:\n" + rule("{within: 2, all: [{words: ¶one two three}, {words: a}]}"), "none of these phrases fits into 2 words"),
    ("rules:\n" + rule("{words: a}", "where: {source: ¶ministri},"), "there is no source 'ministri'"),
    ("rules:\n" + rule("{words: a}", "where: {kind: ¶fead},"), "there is no kind of source 'fead'"),
    ("rules:\n" + rule("{words: a}", "where: {tags: [¶lab]},"), "there is no source with the tag 'lab'"),
    ("rules:\n" + rule("{words: a}", "where: {source: ministry, kind: ¶ted},"), "these sources are of the kind feed"),
    ("rules:\n" + rule("{words: a}", "where: {kind: feed, amount: ¶'> 5'},"), "state no amount"),
    ("rules:\n" + rule("{words: a}", "scale: s, at_least: ¶0.9,") + "signals: [{id: q, scale: s, weight: 1, when: {words: c}}]\n",
     "never come to more than 0.73"),
    ("rules:\n  - ¶" + rule("{words: a}").replace("topics: [t], ", "").removeprefix("  - "), "rule 'r' has no topic"),
    ("entities: [{id: e, name: ¶Orange, type: ai_org}]", "'Orange' is an everyday word"),
    ("entities: [{id: e, name: Example Co, type: ai_org, aliases: [Q7, ¶XY]}]", "'XY' is shorter than 3 letters"),
    ("lists: {nobodys: ¶[a]}", "nothing uses the list 'nobodys'"),
    ("lexicons: [¶{id: nobodys, words: {en: [a]}}]", "nothing uses the lexicon 'nobodys'"),
    ("conditions: [¶{id: nobodys, when: {words: a}}]", "nothing uses the condition 'nobodys'"),
    ("signals: [{id: q, scale: ¶nobodys, weight: 1}]", "no rule is weighed on the scale 'nobodys'"),
])  # fmt: skip
def test_what_is_probably_not_meant_is_told_with_its_place(text: str, said: str) -> None:
    """Each kind of warning, once, at the value that it is about (marked here)."""
    before = text.partition("¶")[0]
    (found,) = warnings(text.replace("¶", ""))
    assert found.startswith(f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: "), found
    assert said in found


@pytest.mark.parametrize("text", [
    "rules:\n" + rule("{within: 3, all: [{words: [one two three four, a]}, {within: item, all: [{words: far away from all of this}]}]}"),
    "rules:\n" + rule("{words: a}", "where: {source: [ted, ministry], amount: '> 5'},"),
    "rules:\n" + rule("{words: {list: mine}}") + "lists: {mine: [a]}",
    "lists: {name-stops: [a]}",
    "entities: [{id: e, name: Orange, type: ai_org, aliases: [{text: Orange, case: exact}, {text: Apple, needs: [phone]}, Zyxxy]}]",
    "rules:\n" + rule("{words: a}", "scale: s, at_least: 0.7,") + "signals: [{id: q, scale: s, weight: 1, when: {words: c}}]\n",
])  # fmt: skip
def test_what_may_well_be_meant_is_left_alone(text: str) -> None:
    """No warning where an item can satisfy the rule, a name has context, or a list is used."""
    assert warnings(text) == []


def test_a_rule_that_adds_nothing_names_the_one_that_does_it_all() -> None:
    """It fires wherever another fires, is no louder, and has no topic of its own; of two alike the later one is told."""
    wide, narrow = rule("{words: [a, b]}", name="wide"), rule("{within: title, all: [{words: a}, {words: c}]}", name="narrow")
    (found,) = warnings("rules:\n" + narrow + wide)
    assert found.startswith("2:5: rule 'narrow' adds nothing to 'wide' (own.yaml:3:5)")
    (found,) = warnings("rules:\n" + rule("{words: a}", name="one") + rule("{words: a}", name="two"))
    assert found.startswith("3:5: rule 'two' adds nothing to 'one'")
    for louder, told in (("severity: high,", 0), ("severity: low,", 1), ("where: {lang: [en]},", 1)):
        own = rule("{words: a}", louder, "narrow")
        assert len(warnings("rules:\n" + rule("{words: [a, b]}", name="wide") + own)) == told, louder


WORDS = ("aa", "bb", "cc")
LEAVES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=2, unique=True).map(lambda w: f"{{words: [{', '.join(w)}]}}")


def _group(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    some = st.lists(parts, max_size=2).map(", ".join)
    widths = ("item", "title", "lead", "sentence", "2", "5")
    within = st.sampled_from(["", *(f"within: {w}, " for w in widths)])
    return st.tuples(within, st.lists(parts, min_size=1, max_size=2).map(", ".join), some, some).map(
        lambda g: f"{{{g[0]}all: [{g[1]}]{f', any: [{g[2]}]' if g[2] else ''}{f', none: [{g[3]}]' if g[3] else ''}}}"
    )


CONDITIONS = _group(LEAVES | _group(LEAVES))
TEXTS = st.lists(st.sampled_from([*WORDS, "xx", "xx.", "Yy"]), max_size=9).map(" ".join)


PAIRS = st.tuples(CONDITIONS, CONDITIONS) | st.tuples(CONDITIONS, CONDITIONS).map(lambda p: (p[0], f"{{all: [{p[0]}, {p[1]}]}}"))


@given(PAIRS, st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8))
def test_a_shadowed_rule_never_fires_alone(pair: tuple[str, str], texts: list[tuple[str, str]]) -> None:
    """What is said to be shadowed fires on no item on which the other one does not."""
    matcher = Matcher(build([Text("own.yaml", "rules:\n" + rule(pair[0], name="one") + rule(pair[1], name="two"))]))
    first, second = matcher.ruleset.rules
    for one, other in ((first, second), (second, first)):
        if shadows(one, other):
            for title, summary in texts:
                reading = matcher.read(Item(id="1", title=title, summary=summary))
                assert judge(other, reading) is None or judge(one, reading) is not None, (pair, title, summary)
