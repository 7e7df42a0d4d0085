"""`concordat match` and `concordat rules …`, run as their users run them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from concordat.cli.match import match_command, match_lines
from concordat.cli.rules import rules_app
from rules.files import Text
from rules.load import build
from tests.rules.packs import SMALL, matcher

LAB = "ai-company-national-lab"
RUN = CliRunner()


@pytest.fixture
def home(tmp_path: Path) -> str:
    """A home that holds the small pack and nothing built in."""
    (tmp_path / "concordat.yaml").write_text("builtin_rules: false\nbuiltin_entities: false\n", encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "small.yaml").write_text(SMALL, encoding="utf-8")
    return str(tmp_path)


def test_match_takes_the_facts_of_a_notice() -> None:
    """A line may state what a register states, and rules ask for it; a stage that there is none of is a mistake of the line."""
    rule = """
rules:
  - id: big
    when: {words: licences}
    where: {amount: '>= 1m', buyer: army, stage: award, vendor: OpenAI}
    cases:
      - fires: {text: licences, amount: 2000000, buyer: Army, stage: award, vendor: OpenAI}
      - quiet: licences
"""
    facts = '"amount": "1500000.00", "currency": "USD", "buyer": "US Army", "supplier": "Carahsoft", "vendor": "OpenAI"'
    lines = [f'{{"id": "1", "title": "Licences", {facts}, "stage": "award"}}', '{"id": "2", "title": "Licences", "amount": null}',
             f'{{"id": "3", "title": "Licences", {facts}, "stage": "sold"}}']  # fmt: skip
    out, errors = io.StringIO(), io.StringIO()
    assert not match_lines(lines, out, errors, build([Text("f.yaml", rule)]))
    assert [[m["rule"] for m in json.loads(line)["matches"]] for line in out.getvalue().splitlines()] == [["big"], []]
    assert errors.getvalue().startswith("line 3: not an item: stage: ")


def test_match_answers_each_item_in_the_agreed_form() -> None:
    """One line for each item, in order, in the form that others script against."""
    lines = ['{"id": 7, "title": "OpenAI partners with LANL", "summary": null}', "", '{"id": "b", "title": "Rain"}']
    out, errors = io.StringIO(), io.StringIO()
    assert match_lines(lines, out, errors, matcher().ruleset)
    first, second = map(json.loads, out.getvalue().splitlines())
    score = first["matches"][0].pop("score")
    assert 0 < score <= 1
    assert first.pop("story") != second.pop("story")
    assert first == {
        "id": "7",
        "entities": [
            {"id": "openai", "name": "OpenAI", "type": "ai_org", "spans": [["title", 0, 6]]},
            {"id": "lanl", "name": "Los Alamos National Laboratory", "type": "national_lab", "spans": [["title", 21, 25]]},
        ],
        "matches": [{
            "rule": LAB, "severity": "high", "topics": ["partnerships", "labs"],
            "evidence": [["title", 0, 6], ["title", 7, 15], ["title", 21, 25]],
        }],
    }
    assert second == {"id": "b", "entities": [], "matches": []}


def test_match_names_a_bad_line_and_reads_on() -> None:
    """One line that is no item costs no other its answer."""
    out, errors = io.StringIO(), io.StringIO()
    assert not match_lines(["nonsense", '{"title": "no id"}', '{"id": "c"}'], out, errors, matcher().ruleset)
    assert [line.split(":")[0] for line in errors.getvalue().splitlines()] == ["line 1", "line 2"]
    assert [json.loads(line)["id"] for line in out.getvalue().splitlines()] == ["c"]


def test_match_command_ends_with_1_after_a_bad_line_and_2_without_its_folder(home: str) -> None:
    """Exit codes tell scripts what happened."""
    app = typer.Typer()
    app.command()(match_command)
    assert RUN.invoke(app, ["--home", home], input='{"id": "a"}\n').exit_code == 0
    assert RUN.invoke(app, ["--home", home], input="nonsense\n").exit_code == 1
    refused = RUN.invoke(app, ["--home", home, "--rules", f"{home}/none"])
    assert (refused.exit_code, "is not a folder" in refused.stderr) == (2, True)


def test_check_counts_or_names_every_mistake(home: str) -> None:
    """A good home is counted; each mistake of a bad one is a line on standard error."""
    good = RUN.invoke(rules_app, ["check", "--home", home, "--json"])
    assert (good.exit_code, json.loads(good.stdout)["rules"]) == (0, 1)
    (Path(home) / "rules" / "bad.yaml").write_text("rulez: []\nlists: []\n", encoding="utf-8")
    bad = RUN.invoke(rules_app, ["check", "--home", home])
    assert bad.exit_code == 2
    assert [line.split("bad.yaml:")[1].split(":")[0] for line in bad.stderr.splitlines()] == ["1", "2"]


def test_test_passes_and_fails(home: str) -> None:
    """Exit 0 when every case passed, 1 when one did not, and the case is named."""
    assert RUN.invoke(rules_app, ["test", "--home", home]).exit_code == 0
    failing = "rules: [{id: r, when: {words: a}, cases: [{fires: b}, {quiet: c}]}]"
    (Path(home) / "rules" / "own.yaml").write_text(failing, encoding="utf-8")
    failed = RUN.invoke(rules_app, ["test", "--home", home])
    assert (failed.exit_code, "r did not fire on: b" in failed.stdout) == (1, True)
    told = json.loads(RUN.invoke(rules_app, ["test", "r", "--home", home, "--json"]).stdout)
    assert (told["passed"], len(told["cases"])) == (False, 2)


def test_explain_shows_clauses(home: str) -> None:
    """Exit 0 when the rule fires, 1 when not, 2 for a rule that is not there, with the nearest name."""
    fires = RUN.invoke(rules_app, ["explain", LAB, "--text", "OpenAI partners with LANL", "--home", home])
    assert (fires.exit_code, "lexicon: partnership: met [partners]" in fires.stdout) == (0, True)
    assert RUN.invoke(rules_app, ["explain", LAB, "--text", "Rain", "--home", home, "--json"]).exit_code == 1
    unknown = RUN.invoke(rules_app, ["explain", "ai-company-lab", "--text", "x", "--home", home])
    assert (unknown.exit_code, LAB in unknown.stderr) == (2, True)


def test_schema_prints_json() -> None:
    """Editors get a schema for either kind of file."""
    for kind in ("rules", "entities"):
        assert kind in json.loads(RUN.invoke(rules_app, ["schema", kind]).stdout)["properties"]
    assert RUN.invoke(rules_app, ["schema", "songs"]).exit_code == 2


def test_check_warns_and_is_strict_when_asked(home: str) -> None:
    """What is probably not meant is a line with its place and costs nothing, or with --strict what a mistake costs."""
    (Path(home) / "rules" / "odd.yaml").write_text("lists:\n  nobodys: [a]\n", encoding="utf-8")
    told = RUN.invoke(rules_app, ["check", "--home", home])
    assert (told.exit_code, "odd.yaml:2:12: warning: nothing uses the list 'nobodys', use it" in told.stderr) == (0, True)
    assert told.stdout.endswith(" warnings\n")
    strict = RUN.invoke(rules_app, ["check", "--strict", "--home", home])
    assert (strict.exit_code, strict.stdout, "odd.yaml:2:12: nothing uses" in strict.stderr) == (2, "", True)
    listed = json.loads(RUN.invoke(rules_app, ["check", "--json", "--home", home]).stdout)["warnings"]
    assert [(w["line"], w["column"], w["what"]) for w in listed if w["file"].endswith("odd.yaml")] == [
        (2, 12, "nothing uses the list 'nobodys'")
    ]
