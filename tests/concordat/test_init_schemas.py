"""Promises of `concordat init` for editors: each example names a schema that is there, and the schema takes what the program takes."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from concordat.cli.app import app
from tests.concordat.desk import ARCHIVE, RULES, concordat, make_home
from watcher.yamlfile import parse

LINE = re.compile(r"# yaml-language-server: \$schema=(\S+)")


def init(folder: Path) -> None:
    """Write a home."""
    said = CliRunner().invoke(app, ["init", str(folder)])
    assert said.exit_code == 0, said.output


@pytest.mark.parametrize("kind", ["rules", "entities"])
def test_the_examples_name_a_schema_that_takes_them(tmp_path: Path, kind: str) -> None:
    """The first line leads from the file to its schema, which takes the example with its comments taken off, and no unknown key."""
    init(tmp_path)
    file = tmp_path / kind / f"my-{kind}.yaml"
    text = file.read_text(encoding="utf-8")
    named = LINE.match(text)
    assert named, text
    schema = parse((file.parent / named[1]).read_text(encoding="utf-8"), "schema").data  # JSON is YAML
    entry = text.split(f"{kind}: []\n")[1].replace("#  ", "  ")
    jsonschema.validate(parse(f"{kind}:\n{entry}", str(file)).data, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({kind: [{"id": "a", "titel": "x"}]}, schema)


def test_another_init_renews_the_schemas_alone(tmp_path: Path) -> None:
    """What an operator wrote stays; a schema of another version is replaced."""
    init(tmp_path)
    (tmp_path / "rules" / "my-rules.yaml").write_text("rules: []\n", encoding="utf-8")
    before = (tmp_path / "schemas" / "rules.json").read_text(encoding="utf-8")
    (tmp_path / "schemas" / "rules.json").write_text("{}", encoding="utf-8")
    init(tmp_path)
    assert (tmp_path / "schemas" / "rules.json").read_text(encoding="utf-8") == before
    assert (tmp_path / "rules" / "my-rules.yaml").read_text(encoding="utf-8") == "rules: []\n"


def test_a_stored_item_is_explained(tmp_path: Path) -> None:
    """`rules explain` takes an item by number or address; neither text nor item, or an item that is none, is a mistake."""
    home = make_home(tmp_path / "home", RULES, ARCHIVE[:1])
    for what in ("1", "https://example.org/1"):
        said = concordat(home, "rules", "explain", "signs", "--item", what)
        assert (said.exit_code, "words: sign*: met [signs]" in said.stdout) == (0, True), said.output
    assert concordat(home, "rules", "explain", "visits", "--url", "https://example.org/1").exit_code == 1
    assert concordat(home, "rules", "explain", "signs", "--item", "9").exit_code == 2
    assert concordat(home, "rules", "explain", "signs").exit_code == 2
