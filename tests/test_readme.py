"""The README: its two commands are the ones that CI runs and the project can obey, and its links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from concordat.cli.app import COMMANDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SET_UP = (
    "python3.11 -m venv .venv && .venv/bin/pip install -q --require-hashes -r {lock} "
    "&& .venv/bin/pip install -q --no-deps --no-build-isolation . && {then}"
)
DEMO = SET_UP.format(lock="requirements.lock", then=".venv/bin/concordat demo")
TESTS = SET_UP.format(lock="requirements-dev.lock", then=".venv/bin/python -m pytest")
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("command", [DEMO, TESTS])
def test_each_command_stands_on_a_line_of_its_own(command: str) -> None:
    """Both can be copied whole, and stand there once."""
    assert README.splitlines().count(command) == 1


def test_ci_runs_the_test_command() -> None:
    """CI proves the very line that readers are told to type."""
    assert TESTS in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("command", [DEMO, TESTS])
def test_the_files_of_a_command_are_there(command: str) -> None:
    """Its lock file has hashes and names no index; so nothing but the public index and Python is needed."""
    (lock,) = re.findall(r"-r (\S+)", command)
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if line.startswith("-") or "://" in line]
    pinned = [i for i, line in enumerate(lines) if line and not line.startswith((" ", "#"))]
    assert pinned
    assert all("==" in lines[i] and "--hash=sha256:" in lines[i + 1] for i in pinned)


def test_the_locks_hold_what_the_project_asks_for() -> None:
    """With --no-deps nothing is fetched later: each dependency, and the builder, stands in both locks."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    names = {_normal(re.split(r"[\[<>=;~! ]", entry, maxsplit=1)[0]) for entry in asked}
    for lock in ("requirements.lock", "requirements-dev.lock"):
        pinned = {_normal(m) for m in re.findall(r"(?m)^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", (ROOT / lock).read_text(encoding="utf-8"))}
        assert names - pinned == set(), lock


def test_the_command_is_installed_under_its_name() -> None:
    """`concordat` is a script of the project, and `demo` is one of its commands."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"]["concordat"] == "concordat.cli:main"
    assert "demo" in COMMANDS


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_relative_links_resolve(page: Path) -> None:
    """Each link to a file finds it, and each link to a heading finds the heading."""
    broken = []
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in _anchors(file)):
            broken.append(target)
    assert broken == []


def _anchors(page: Path) -> set[str]:
    """The names that headings are linked by: small letters, spaces as dashes, other signs left out."""
    outside = re.sub(r"(?ms)^```.*?^```", "", page.read_text(encoding="utf-8"))
    headings = re.findall(r"(?m)^#{1,6} +(.+?) *$", outside)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
