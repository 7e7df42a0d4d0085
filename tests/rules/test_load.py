"""Packs and operators' files become one rule set."""

from __future__ import annotations

import json
import time
from pathlib import Path

import jsonschema
import pytest

from rules.files import Text
from rules.load import build, load_ruleset
from rules.matcher import Matcher
from rules.ruleset import RuleSet
from rules.spec import schema
from tests.rules.packs import SMALL
from watcher.errors import OperatorError
from watcher.model import Item
from watcher.yamlfile import parse

BASE = Text("small.yaml", SMALL, builtin=True)
LAB = "ai-company-national-lab"


def with_own(text: str) -> RuleSet:
    """The small pack with an operator's file over it."""
    return build([Text("own.yaml", text), BASE])


def test_a_patch_changes_the_given_keys_only() -> None:
    """`override: true` keeps what it does not name, cases too."""
    rule = with_own(f"rules: [{{id: {LAB}, override: true, severity: low}}]").rule(LAB)
    assert rule is not None
    assert (rule.severity, rule.topics, len(rule.cases)) == ("low", ("partnerships", "labs"), 2)


def test_an_entry_of_the_same_id_replaces() -> None:
    """An operator's whole entry stands in for the built-in one."""
    ruleset = with_own("entities: [{id: openai, name: Closed AI, type: ai_org}]")
    assert [e.name for e in Matcher(ruleset).match(Item(id="1", title="OpenAI and Closed AI")).entities] == ["Closed AI"]


def test_what_is_switched_off_is_gone_and_may_still_be_named() -> None:
    """`enabled: false` needs nothing but the id, and breaks no rule that refers to it."""
    ruleset = with_own(f"entities: [{{id: lanl, enabled: false}}]\nrules: [{{id: {LAB}, enabled: false}}]")
    assert "lanl" not in ruleset.entities
    assert ruleset.rules == ()


def test_the_same_files_have_the_same_version_and_an_edit_another() -> None:
    """A version names a rule set."""
    assert with_own("").version == with_own("").version != with_own("lists: {a: [b]}").version


def test_built_in_parts_can_be_left_out() -> None:
    """Rules and entities of the packs go separately; lexicons and lists stay, for operators' rules use them."""
    own = Text("own.yaml", "rules: [{id: mine, when: {lexicon: partnership}, cases: [{fires: a deal}, {quiet: rain}]}]")
    ruleset = build([BASE, own], builtin_rules=False, builtin_entities=False)
    assert ([r.id for r in ruleset.rules], len(ruleset.entities)) == (["mine"], 0)
    assert [m.rule for m in Matcher(ruleset).match(Item(id="1", title="It teams up")).matches] == ["mine"]


def test_folders_are_read_and_a_missing_one_holds_nothing(tmp_path: Path) -> None:
    """Files of both suffixes count; hidden and other files do not."""
    (tmp_path / "a.yaml").write_text("lists: {a: [b]}", encoding="utf-8")
    (tmp_path / "b.yml").write_text("rules: [{id: own-b, when: {words: {list: a}}, cases: [{fires: b}, {quiet: c}]}]", encoding="utf-8")
    (tmp_path / ".hidden.yaml").write_text("nonsense", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("nonsense", encoding="utf-8")
    ruleset = load_ruleset(tmp_path, tmp_path / "none", builtin_rules=False, builtin_entities=False)
    assert [r.id for r in ruleset.rules] == ["own-b"]


def test_a_file_that_is_no_text_is_a_problem_with_its_name(tmp_path: Path) -> None:
    """Unreadable files are told like any other mistake."""
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(OperatorError, match=r"a\.yaml:1:1: cannot be read"):
        load_ruleset(tmp_path, None)


def test_the_packs_load() -> None:
    """The built-in files have no mistakes."""
    assert load_ruleset().phrases


def test_the_schema_accepts_what_the_loader_accepts() -> None:
    """Editors that check files by the schema agree with `rules check`."""
    data = parse(SMALL, "small.yaml").data
    rules = {k: v for k, v in data.items() if k in ("lists", "lexicons", "rules")}
    entities = {k: v for k, v in data.items() if k in ("entities", "traps")}
    jsonschema.validate(rules, schema("rules"))
    jsonschema.validate(entities, schema("entities"))
    jsonschema.validate({"rules": [{"id": "x", "override": True}]}, schema("rules"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"rules": [{"id": "x", "severty": "low"}]}, schema("rules"))
    json.dumps(schema("rules"))


def test_a_thousand_entities_load_in_seconds_even_on_a_slow_machine() -> None:
    """A reload is over before the operator looks up; the bound is ten times what it takes."""
    lines = [
        f"  - {{id: e{i}, name: Entity {i}, type: ai_org, aliases: [" + ", ".join(f"alias {i} {j}" for j in range(9)) + "]}"
        for i in range(1000)
    ]
    began = time.perf_counter()
    ruleset = build([Text("big.yaml", "entities:\n" + "\n".join(lines))])
    assert len(ruleset.phrases) == 10_000
    assert time.perf_counter() - began < 12
