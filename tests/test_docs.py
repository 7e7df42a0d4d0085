"""The documents say what the program does: every setting, every example and every command in them is held against the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main

from concordat.cli.app import app
from rules.cases import run
from rules.files import PACKS, SECTIONS, Text, read_folder
from rules.load import build
from rules.matcher import Matcher
from watcher.settings import FILE_NAME, PREFIX, SECRETS, Settings, load_settings
from watcher.sources.load import load_sources
from watcher.yamlfile import parse

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"(?ms)^```(\w*)\n(.*?)^```$")
INLINE = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"(?:^|[\s/|(])concordat((?: [a-z][a-z-]*){1,2})")


@dataclass(frozen=True, slots=True)
class Example:
    """A block of YAML and where it stands."""

    place: str
    text: str
    sections: frozenset[str]


def _examples() -> list[Example]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            if match[1] in {"yaml", "yml"}:
                place = f"{page.relative_to(ROOT).as_posix()}:{text.count(chr(10), 0, match.start()) + 1}"
                data = parse(match[2], place).data
                assert isinstance(data, dict), f"{place}: an example is a whole file, with its top-level key"
                found.append(Example(place, match[2], frozenset(data)))
    return found


EXAMPLES = _examples()
RULE_FILES = [e for e in EXAMPLES if e.sections & set(SECTIONS)]
SOURCE_FILES = [e for e in EXAMPLES if "sources" in e.sections]
SETTINGS_FILES = [e for e in EXAMPLES if e not in RULE_FILES and e not in SOURCE_FILES]


def _commands(text: str) -> Iterator[tuple[str, ...]]:
    """Words after `concordat` in code, in blocks of a shell and between backticks."""
    code = [m[2] for m in FENCE.finditer(text) if m[1] in {"", "sh", "console", "text"}]
    code += INLINE.findall(FENCE.sub("", text))
    for piece in code:
        for line in piece.splitlines():
            for match in COMMAND.finditer(line):
                yield tuple(match[1].split())


def _tree() -> dict[str, tuple[str, ...]]:
    """Every command of the program with those inside it."""
    root: Any = typer.main.get_command(app)
    found = {name: root.get_command(None, name) for name in root.list_commands(None)}
    return {name: tuple(getattr(command, "commands", ())) for name, command in found.items()}


TREE = _tree()


def _exists(words: tuple[str, ...]) -> bool:
    """Whether these words, or the first of them where it takes arguments, are a command or a group of commands."""
    inner = TREE.get(words[0])
    return inner is not None and (not inner or len(words) == 1 or words[1] in inner)


def test_every_setting_has_a_heading() -> None:
    """docs/settings.md has a heading for each setting, named as the environment names it, and for no other."""
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert set(re.findall(rf"(?m)^### `({PREFIX}\w+)`$", text)) == {PREFIX + name.upper() for name in Settings.model_fields}


def test_every_secret_is_called_one() -> None:
    """Under the heading of each secret stands that it can come from a file."""
    parts = re.split(r"(?m)^### ", (ROOT / "docs" / "settings.md").read_text(encoding="utf-8"))
    by_name = {part.split("`")[1]: part for part in parts if part.startswith("`")}
    told = {name.removeprefix(PREFIX).lower() for name, part in by_name.items() if f"{name}_FILE" in part}
    assert told == SECRETS


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_settings_named_in_documents_exist(page: Path) -> None:
    """No page speaks of a setting that the program would pass over."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS}
    named = set(re.findall(rf"{PREFIX}[A-Z][A-Z_]*[A-Z]", page.read_text(encoding="utf-8")))
    assert named - known == set()


def test_there_are_examples_of_every_kind() -> None:
    """The documents show rules, entities, sources and settings, so that the tests below have something to hold."""
    assert {"rules", "entities"} <= {s for e in RULE_FILES for s in e.sections}
    assert SOURCE_FILES
    assert SETTINGS_FILES


def test_rules_and_entities_of_the_documents_load_and_pass() -> None:
    """Put into one home, on top of the built-in packs, the examples load without a mistake, and their cases and traps pass."""
    packs = read_folder(PACKS, builtin=True)
    matcher = Matcher(build([*packs, *(Text(e.place, e.text) for e in RULE_FILES)]))
    places = {e.place for e in RULE_FILES}
    report = run(matcher)
    assert [f"{c.place}: {c.rule}" for c in report.cases if c.place.file in places and not c.passed] == []
    assert [str(t.place) for t in report.traps if t.place.file in places and not t.passed] == []
    assert any(c.place.file in places for c in report.cases)


@pytest.mark.parametrize("example", SOURCE_FILES, ids=lambda e: e.place)
def test_sources_of_the_documents_load(example: Example, tmp_path: Path) -> None:
    """Each example of a source file loads on top of the built-in ones."""
    (tmp_path / "example.yaml").write_text(example.text, encoding="utf-8")
    ids = {entry["id"] for entry in parse(example.text, example.place).data["sources"]}
    assert ids <= {source.id for source in load_sources(tmp_path)}


@pytest.mark.parametrize("example", SETTINGS_FILES, ids=lambda e: e.place)
def test_settings_of_the_documents_load(example: Example, tmp_path: Path) -> None:
    """Each example of concordat.yaml loads."""
    (tmp_path / FILE_NAME).write_text(example.text, encoding="utf-8")
    assert load_settings(tmp_path, {})


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_commands_named_in_documents_exist(page: Path) -> None:
    """Each `concordat …` in code is a command of the program."""
    commands = set(_commands(page.read_text(encoding="utf-8")))
    assert [" ".join(words) for words in sorted(commands) if not _exists(words)] == []


def test_every_command_is_documented() -> None:
    """Each command of the program is named in some page, with its group."""
    named = {words for page in PAGES for words in _commands(page.read_text(encoding="utf-8"))}
    commands = {(name, i) for name, inner in TREE.items() for i in inner} | {(name,) for name, inner in TREE.items() if not inner}
    assert {c for c in commands if not any(words[: len(c)] == c for words in named)} == set()
