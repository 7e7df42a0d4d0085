"""Weights learnt from labelled items, and what of rules and packs their cases reach."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from concordat.cli.proofs import junit
from concordat.cli.rules import rules_app
from rules.cases import run
from rules.files import Text
from rules.load import build
from rules.matcher import Matcher
from rules.teach import Lesson, learn, lessons_of_cases, marks, marks_apart, reweighed

RUN = CliRunner()
RULES = """
lexicons: [{id: fairs, words: {en: [fair, market], fr: [foire]}}]
signals:
  - {id: start, scale: fair, weight: 0}
  - {id: said, scale: fair, prior: 0.5, weight: 0.25, when: {lexicon: fairs}}
  - id: ride
    scale: fair
    weight: -0.5
    when: {words: ride}
rules:
  - id: fairs
    scale: fair
    at_least: 0.55
    when: {any: [{words: town}, {words: village}]}
    cases: [{fires: A fair in town}, {fires: fair and town}, {quiet: A fair ride in town}, {quiet: A ride in town}]
"""


def held(*signals: str, label: bool, candidate: bool = True) -> Lesson:
    """A lesson in which `signals` hold."""
    return Lesson(frozenset(signals), candidate, label)


def test_weights_move_to_where_they_tell_true_from_false() -> None:
    """What only true items show rises, what only false ones show falls, what no item shows stays."""
    lessons = [held("a", label=True)] * 20 + [held("a", "b", label=False)] * 20 + [held("b", label=True, candidate=False)] * 50
    learnt = learn(lessons, {"a": 0.0, "b": 0.0, "c": 0.7}, pull=1.0)
    assert learnt["a"] > 1
    assert learnt["a"] + learnt["b"] < -1
    assert learnt["c"] == 0.7
    assert (marks(lessons[:40], learnt).f1, marks(lessons[:40], {"a": 0.1, "b": 0.0}).precision) == (1.0, 0.5)
    assert marks_apart(lessons[:40], {"a": 0.0, "b": 0.0}, pull=1.0).f1 == 1.0


@given(st.lists(st.tuples(st.sets(st.sampled_from("abcd")), st.booleans()), max_size=30), st.floats(0.1, 10))
def test_a_pull_holds_weights_near_their_priors(rows: list[tuple[set[str], bool]], pull: float) -> None:
    """Whatever the items, learning ends, gives the same twice, and moves no weight further than its items can push it."""
    lessons = [held(*signals, label=label) for signals, label in rows]
    priors = {"a": 0.5, "b": -2.0, "c": 0.0, "d": 3.0}
    learnt = learn(lessons, priors, pull)
    assert learnt == learn(lessons, priors, pull)
    for name, prior in priors.items():
        assert abs(learnt[name] - prior) <= sum(name in x.signals for x in lessons) / pull + 1e-6


def test_the_cases_of_rules_teach() -> None:
    """An item on which a rule of the scale must fire is true, the others are not."""
    lessons = lessons_of_cases(Matcher(build([Text("f.yaml", RULES)])), "fair")
    assert [(sorted(x.signals), x.candidate, x.label) for x in lessons] == [
        (["said", "start"], True, True), (["said", "start"], True, True), (["ride", "said", "start"], True, False),
        (["ride", "start"], True, False),
    ]  # fmt: skip


def test_a_file_gets_new_weights_and_nothing_else_changes() -> None:
    """Numbers are replaced in place, in both ways of writing an entry; priors and other signals stay."""
    changed = reweighed(RULES, {"said": 1.234, "ride": -2.0})
    assert changed == RULES.replace("weight: 0.25", "weight: 1.23").replace("weight: -0.5", "weight: -2.00")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with these rules and nothing built in."""
    (tmp_path / "concordat.yaml").write_text("builtin_rules: false\nbuiltin_entities: false\n", encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.yaml").write_text(RULES, encoding="utf-8")
    return tmp_path


def test_the_command_learns_shows_and_writes(home: Path) -> None:
    """Labelled items are learnt from or only judged; weights go into the file of the signals, or as overrides into a new one."""
    items = home / "items.jsonl"
    lines = ['{"id": "1", "title": "The market of a town", "label": true}', "", '{"id": "2", "title": "Town", "label": false}']
    items.write_text("\n".join(lines), encoding="utf-8")
    arguments = ["teach", str(items), "--scale", "fair", "--home", str(home), "--test", str(items), "--json"]
    told = json.loads(RUN.invoke(rules_app, [*arguments, "--write", str(home / "rules" / "own.yaml")]).stdout)
    assert (told["items"], told["test after"]["f1"]) == (6, 1.0)
    assert f"prior: 0.5, weight: {told['weights']['said']:.2f}" in (home / "rules" / "own.yaml").read_text(encoding="utf-8")
    new = home / "new.yaml"
    assert "learnt" not in RUN.invoke(rules_app, [*arguments[:-1], "--write", str(new)]).stdout
    assert "- {id: ride, override: true, weight: " in new.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "wrong"),
    [('{"id": "1", "title": "x"}', "`label` is neither"), ("{", "not a labelled item"), ('{"id": "1", "label": true, "title": 3}', "item")],
)
def test_a_line_that_is_no_labelled_item_is_told_with_its_place(home: Path, line: str, wrong: str) -> None:
    """Exit 2, and which line of which file."""
    items = home / "items.jsonl"
    items.write_text(f"\n{line}\n", encoding="utf-8")
    found = RUN.invoke(rules_app, ["teach", str(items), "--scale", "fair", "--home", str(home)])
    assert found.exit_code == 2
    assert f"{items}:2: " in found.stderr
    assert wrong in found.stderr
    assert RUN.invoke(rules_app, ["teach", "--scale", "none", "--home", str(home)]).exit_code == 2


def test_coverage_names_what_no_case_reaches(home: Path) -> None:
    """Words, names and signals by file; the command says how much, lists all on request, and stays short otherwise."""
    report = run(Matcher(build([Text("f.yaml", RULES)])))
    assert [(r.kind, r.file, r.total, r.unreached) for r in report.reach] == [
        ("signals", "fair", 3, ()), ("words", "f.yaml", 3, ("fairs: market (en)", "fairs: foire (fr)")),
    ]  # fmt: skip
    short = RUN.invoke(rules_app, ["test", "--home", str(home)]).stdout.splitlines()
    assert short[-1].startswith("4 of 4 cases, 0 of 0 traps passed; reached: 1 of 2 clauses, 100 % of signals, ")
    assert len(short) == 2
    long = RUN.invoke(rules_app, ["test", "--home", str(home), "--packs", "--unreached"]).stdout
    assert "no case or trap reaches fairs: foire (fr)" in long
    assert f" 33 %  words    1 of 3  {home / 'rules' / 'own.yaml'}" in long


def test_junit_counts_and_names_failures(home: Path) -> None:
    """Build servers read which case failed, and why; a control character in a text breaks nothing."""
    broken = RULES.replace("{quiet: A ride in town}", '{quiet: "fair\\x01 town"}')
    (home / "rules" / "own.yaml").write_text(broken, encoding="utf-8")
    file = home / "junit.xml"
    assert RUN.invoke(rules_app, ["test", "--home", str(home), "--junit", str(file)]).exit_code == 1
    root = ET.fromstring(file.read_bytes())
    assert [(s.get("name"), s.get("tests"), s.get("failures")) for s in root] == [("cases", "4", "1"), ("traps", "0", "0")]
    assert [f.get("message") for f in root.iter("failure")] == ["fairs fired on: fair  town"]
    assert junit(run(Matcher(build([Text("f.yaml", RULES)])))).startswith(b"<?xml")
