"""The house stands as it is drawn: imports point down, rooms stay small, pure modules are pure, one module reads the environment."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STOREYS = ("watcher", "rules", "notifier", "concordat")  # from the ground up; each may import itself and what is below
MOST_LINES = 400
IMPURE = {"os", "socket", "sqlalchemy", "redis", "pycurl", "asyncio", "time", "random"}
ENVIRONMENT = {  # who touches the environment, and what for
    "watcher/settings.py",  # the settings
    "watcher/bus/embedded.py",  # XDG_RUNTIME_DIR
    "notifier/channels/telegram.py",  # a switch of its library
}
MODULES = sorted(path for storey in STOREYS for path in (ROOT / storey).rglob("*.py"))
EVERYTHING = [*MODULES, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "bench").rglob("*.py"))]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), _name(path))


def _imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every module that is imported, at the top or inside a function, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            yield node.module or "", node.lineno


def _reads_environment(tree: ast.Module) -> list[int]:
    """Lines that name os.environ, os.getenv and their like, however they were imported."""
    names = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
    nodes = list(ast.walk(tree))
    used = [n for n in nodes if isinstance(n, ast.Attribute) and n.attr in names and isinstance(n.value, ast.Name) and n.value.id == "os"]
    imported = [n for n in nodes if isinstance(n, ast.ImportFrom) and n.module == "os" and names & {a.name for a in n.names}]
    return [*(n.lineno for n in used), *(n.lineno for n in imported)]


def _pure() -> list[Path]:
    """Modules whose docstring calls them pure."""
    return [path for path in MODULES if re.search(r"\bPure\b", ast.get_docstring(_tree(path)) or "")]


@pytest.mark.parametrize("storey", STOREYS)
def test_imports_point_down(storey: str) -> None:
    """No module imports from a storey above its own, or from the tests."""
    above = {*STOREYS[STOREYS.index(storey) + 1 :], "tests", "bench"}
    wrong = [
        f"{_name(path)}:{line}: {module}"
        for path in MODULES
        if path.relative_to(ROOT).parts[0] == storey
        for module, line in _imports(_tree(path))
        if module.split(".")[0] in above
    ]
    assert wrong == []


def test_no_module_is_long() -> None:
    """A module that grows beyond what one can hold in mind is two modules."""
    lengths = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in EVERYTHING}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES} == {}


def test_every_module_says_what_it_is_for() -> None:
    """Each file of Python begins with a docstring, migrations among them."""
    assert [_name(path) for path in EVERYTHING if not ast.get_docstring(_tree(path))] == []


def test_pure_modules_do_no_io() -> None:
    """What calls itself pure imports nothing that reads a clock, draws a number, waits, or reaches outside."""
    wrong = [
        f"{_name(path)}:{line}: {module}" for path in _pure() for module, line in _imports(_tree(path)) if module.split(".")[0] in IMPURE
    ]
    assert wrong == []


def test_the_core_is_pure() -> None:
    """The modules that decide call themselves pure, so that the test above holds them to it."""
    deciders = {"watcher/decide.py", "watcher/identity.py", "watcher/yamlfile.py", "rules/matcher.py", "rules/stories.py"}
    assert deciders <= {_name(path) for path in _pure()}


def test_few_modules_read_the_environment() -> None:
    """A setting that some far module read by itself would be in no list and in no document."""
    assert {_name(path) for path in MODULES if _reads_environment(_tree(path))} <= ENVIRONMENT
