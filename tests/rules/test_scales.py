"""What authors may say beside words and names: shared conditions, order, exceptions, scales of signals, and what does not count."""

from __future__ import annotations

import pytest

from rules.explain import explain
from rules.files import Text
from rules.load import build
from rules.matcher import Matcher, judge
from tests.rules.packs import SMALL, fired
from watcher.errors import OperatorError
from watcher.model import Facts, Item

SCALE = """
conditions:
  - {id: party, when: {any: [{entity: ai_org}, {words: the maker of models}]}}
signals:
  - {id: start, scale: fair, title: where every item starts, weight: -1}
  - {id: title, scale: fair, title: the headline speaks of it, weight: 2, when: {within: title, any: [{words: fair}]}}
  - {id: rides, scale: fair, title: a fair of another kind, weight: -3, when: {words: rides}}
  - {id: register, scale: fair, title: a register says so, weight: 1.5, where: {stage: award}}
rules:
  - id: fairs
    scale: fair
    at_least: 0.6
    when: {all: [{condition: party}]}
    cases: [{fires: OpenAI at the fair}, {quiet: OpenAI takes rides at the fair}]
"""
FAIR = Matcher(build([Text("small.yaml", SMALL, builtin=True), Text("own.yaml", SCALE)]))


def said(title: str, summary: str = "", **facts: str) -> float | None:
    """The score of the rule `fairs`; None when it stays quiet."""
    item = Item(id="1", title=title, summary=summary, facts=Facts(**facts))  # type: ignore[arg-type]  # plain text stands for a stage
    found = judge(FAIR.ruleset.rules[-1], FAIR.read(item))
    return found.score if found else None


def test_a_score_is_the_probability_that_the_weights_come_to() -> None:
    """Signals that hold add up in log-odds; a rule fires from `at_least` on; a signal may ask what the source states."""
    assert said("OpenAI at the fair") == pytest.approx(0.731, abs=0.001)
    assert said("The maker of models at the fair") == said("OpenAI at the fair")
    assert said("OpenAI", "At the fair") is None
    assert said("OpenAI", stage="award") == pytest.approx(0.622, abs=0.001)
    assert said("OpenAI takes rides at the fair") is None


def test_the_parts_of_a_weighed_score_sum_to_it_and_are_explained_when_the_rule_is_quiet_too() -> None:
    """Whoever asks why sees each signal with its share, and that the score is what is missing."""
    rule = FAIR.ruleset.rules[-1]
    told = explain(rule, FAIR.read(Item(id="1", title="OpenAI takes rides at the fair")))
    assert told.score == pytest.approx(sum(p.value for p in told.contributions))
    assert (told.fires, told.too_low, told.missing) == (False, True, 1)
    text = "\n".join(told.lines())
    assert "score 0.12, below the 0.6 that the rule asks for" in text
    assert text.index("a fair of another kind") < text.index("the headline speaks of it")


def test_an_item_without_signals_has_even_odds() -> None:
    """A scale that says nothing of an item leaves it at one half."""
    rules = SCALE.replace("{id: start, scale: fair, title: where every item starts, weight: -1}", "{id: s, scale: fair, weight: 0}")
    small = Matcher(build([Text("small.yaml", SMALL, builtin=True), Text("own.yaml", rules.replace("at_least: 0.6", "at_least: 0.5"))]))
    found = judge(small.ruleset.rules[-1], small.read(Item(id="1", title="OpenAI")))
    assert found is not None
    assert found.score == 0.5


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("when: {condition: nobody}", "there is no condition 'nobody'"),
        ("when: {words: x}, scale: none", "no signal is on a scale 'none'"),
        ("when: {words: x}, at_least: 0.5", "at_least needs the scale"),
        ("when: {all: [{words: x}], order: true}", "write two or more"),
        ("when: {entity: ai_org, except: nobody}", "there is no entity 'nobody'"),
        ("when: {entity: {role: nobody}}", "no entity has the role 'nobody'"),
    ],
)
def test_mistakes_are_told(rule: str, problem: str) -> None:
    """Names that lead nowhere and keys that need another are mistakes of the file."""
    own = f"rules:\n  - {{id: r, {rule}, cases: [{{fires: x}}, {{quiet: y}}]}}\n"
    with pytest.raises(OperatorError) as caught:
        build([Text("small.yaml", SMALL, builtin=True), Text("own.yaml", own)])
    assert problem in str(caught.value)


def test_conditions_that_lead_back_to_themselves_are_told() -> None:
    """Two that name each other cannot be judged."""
    conditions = "conditions: [{id: a, when: {condition: b}}, {id: b, when: {condition: a}}]\n"
    own = conditions + "rules: [{id: r, when: {condition: a}, cases: [{fires: x}, {quiet: y}]}]\n"
    with pytest.raises(OperatorError, match="leads back to itself"):
        build([Text("own.yaml", own)])


def test_order_asks_for_one_after_the_other() -> None:
    """Who sues whom is a matter of order; a later mention that fits will do."""
    rule = "when: {order: true, all: [{words: police}, {words: [sue, sues]}, {entity: ai_org}]}"
    assert fired(rule, Item(id="1", title="Police sue OpenAI"))
    assert fired(rule, Item(id="1", title="OpenAI: police sue OpenAI"))
    assert not fired(rule, Item(id="1", title="OpenAI sues police"))


def test_entities_can_be_left_out() -> None:
    """A type, but for one of its members."""
    rule = "when: {entity: ai_org, except: openai}"
    assert not fired(rule, Item(id="1", title="OpenAI"))
    assert fired(rule, Item(id="1", title="Firma AI"))


def test_entities_are_meant_by_the_part_they_play() -> None:
    """A supervisor is no ministry, though both are public bodies."""
    own = """
entities:
  - {id: supervisor, name: "Supervisor of {country}", type: gov_body}
  - {id: dpa, name: Data Watch, type: gov_body, role: supervisor}
"""
    rule = "rules: [{id: r, when: {entity: {type: gov_body, role: supervisor}}, cases: [{fires: x}, {quiet: y}]}]\n"
    reader = Matcher(build([Text("small.yaml", SMALL, builtin=True), Text("own.yaml", own + rule)]))
    assert [[m.rule for m in reader.match(Item(id="1", title=t)).matches] for t in ("Data Watch", "DOE")] == [["r"], []]


ASIDE = """
lexicons:
  - {id: boilerplate, words: {en: [appeared first on]}}
  - {id: end-of-story, words: {en: [Related articles, About OpenAI]}}
"""


@pytest.mark.parametrize(
    ("summary", "fires"),
    [
        ("OpenAI met LANL.", True),
        ("A museum opened. The post A museum appeared first on LANL and OpenAI Daily.", False),
        ("A museum opened. The post appeared first on Daily. OpenAI met LANL.", True),
        ("A museum opened. About OpenAI: it works with LANL.", False),
        ("A museum opened. Related articles. OpenAI meets LANL. Rain.", False),
        ("We worry about OpenAI, which met LANL.", True),
    ],
)
def test_boilerplate_does_not_count_for_rules(summary: str, fires: bool) -> None:
    """A sentence of boilerplate is passed over, and all that follows a heading which ends the story; names there are still named."""
    rule = "rules: [{id: r, when: {within: sentence, all: [{entity: ai_org}, {entity: {id: lanl}}]}, cases: [{fires: x}, {quiet: y}]}]\n"
    reader = Matcher(build([Text("small.yaml", SMALL, builtin=True), Text("own.yaml", ASIDE + rule)]))
    found = reader.match(Item(id="1", title="News", summary=summary))
    assert ("r" in {m.rule for m in found.matches}) is fires
    assert {"openai", "lanl"} <= {e.id for e in found.entities}
