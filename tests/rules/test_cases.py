"""Cases, traps, coverage and explanations: what authors of rules are told."""

from __future__ import annotations

import pytest

from rules.cases import run
from rules.explain import State, explain
from rules.files import Text
from rules.load import build
from rules.matcher import Matcher
from tests.rules.packs import matcher
from watcher.model import Item

LAB = "ai-company-national-lab"

RULES = """
rules:
  - id: signs
    when:
      any: [{words: signs}, {words: inks}]
    where: {tags: press}
    cases:
      - fires: {text: He signs, tags: press}
      - fires: He signs without a tag
      - quiet: He sings
"""


def test_the_cases_of_the_small_pack_pass() -> None:
    """What the tests stand on holds."""
    report = run(matcher())
    assert report.passed
    assert (len(report.cases), len(report.traps)) == (2, 2)


def test_a_failing_case_is_told_with_its_place_and_an_unreached_branch_is_named() -> None:
    """Authors learn which case failed, where it is written, and which clause nothing proves."""
    report = run(Matcher(build([Text("f.yaml", RULES)])))
    failed = [c for c in report.cases if not c.passed]
    assert not report.passed
    assert [(str(c.place), c.wanted, c.fired) for c in failed] == [("f.yaml:9:9", True, False)]
    assert [c.unreached for c in report.coverage] == [("words: inks",)]


def test_a_trap_tells_what_was_missed_and_what_was_mistaken() -> None:
    """Both ways of misreading a name are told apart."""
    pack = "entities: [{id: a, name: Alpha, type: ai_org}, {id: b, name: Beta, type: ai_org}]\ntraps: [{text: Alpha, is: b, not: a}]\n"
    trap = run(Matcher(build([Text("f", pack)]))).traps[0]
    assert (trap.passed, trap.missing, trap.mistaken) == (False, ("b",), ("a",))


def test_only_the_named_rules_are_run() -> None:
    """`rules test RULE` runs that rule's cases and no traps."""
    report = run(matcher("when: {words: signs}"), [LAB])
    assert ({c.rule for c in report.cases}, report.traps) == ({LAB}, ())


def test_an_explanation_tells_a_missing_word_from_one_in_another_sentence() -> None:
    """A near miss shows the clause that failed and where its words were found."""
    small = matcher()
    rule = small.ruleset.rule(LAB)
    assert rule is not None
    told = explain(rule, small.read(Item(id="1", title="News", summary="OpenAI met LANL. A new MoU was signed.")))
    assert (told.fires, told.missing, told.place) == (False, 1, "OpenAI met LANL")
    assert [(c.state, c.words) for c in told.clauses[:3]] == [
        (State.MET, ("OpenAI",)), (State.MET, ("LANL",)), (State.ELSEWHERE, ("MoU",)),
    ]
    told = explain(rule, small.read(Item(id="1", title="OpenAI sues its partner LANL")))
    assert [c.state for c in told.clauses[3:]] == [State.BLOCKS, State.CLEAR]


def test_an_explanation_of_a_match_has_nothing_missing() -> None:
    """What fires is told to fire, with the parts of its score."""
    small = matcher()
    rule = small.ruleset.rule(LAB)
    assert rule is not None
    told = explain(rule, small.read(Item(id="1", title="OpenAI partners with LANL")))
    assert (told.fires, told.missing, told.where) == (True, 0, None)
    assert any(line.startswith("  score 0.") for line in told.lines())
    assert told.score == pytest.approx(sum(p.value for p in told.contributions))


def test_an_explanation_names_the_part_of_where_that_failed() -> None:
    """A rule that never looked at the item says so."""
    reader = Matcher(build([Text("f.yaml", RULES)]))
    told = explain(reader.ruleset.rules[0], reader.read(Item(id="1", title="He signs")))
    assert (told.where, told.fires, told.missing) == ("tags", False, 1)


def test_an_explanation_shows_a_place_of_several_fields() -> None:
    """The lead is the title and what stands below it; both are shown."""
    lead = matcher("when: {all: [{words: a1}, {words: b1}], within: lead}")
    told = explain(next(r for r in lead.ruleset.rules if r.id == "r0"), lead.read(Item(id="1", title="An a1.", summary="And b1?")))
    assert told.fires
    assert told.place == "An a1 And b1"
