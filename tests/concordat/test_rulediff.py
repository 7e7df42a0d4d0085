"""Promises of `concordat rules diff`: what an edit would change on past items, and for whom."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from concordat.cli.app import app
from tests.concordat.desk import RULES, concordat, make_home, opened
from tests.notifier.world import join

SOFTER = RULES.replace("severity: high", "severity: low").replace('"visit*"', '"praise*"')
WIDER = RULES.replace("words: Acme}", 'words: [Acme, weather]}').replace('"visit*"', '["visit*", stays]')


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose rules were edited since, with a reader of everything that is at least normal and one of policy."""
    home = make_home(tmp_path / "home")
    store = opened(home)
    with store.begin() as conn:
        join(conn, 7)
        join(conn, 8, topics=("policy",))
    store.close()
    return home


def diff(home: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """How the command ends, and what it says as JSON."""
    said = concordat(home, "rules", "diff", *words, "--since", "60d", "--json")
    assert said.exit_code in {0, 1}, said.output
    return said.exit_code, json.loads(said.stdout)


def folder(path: Path, rules: str) -> str:
    """A folder with these rules."""
    path.mkdir()
    (path / "own.yaml").write_text(rules, encoding="utf-8")
    return str(path)


def test_an_edit_is_told_by_its_alerts_and_its_readers(home: Path, tmp_path: Path) -> None:
    """What rings no more, what rings otherwise, and how many people hear less of it."""
    code, found = diff(home, str(home), folder(tmp_path / "draft", SOFTER))
    assert (code, found["differs"], found["gained"]) == (1, True, [])
    assert [(s["title"], s["hear_less"], s["hear_more"]) for s in found["lost"]] == [
        ("The king visits Acme in the mountains to look at snow", 2, 0)
    ]
    assert [(s["severity_was"], s["severity"], s["items"], s["hear_less"]) for s in found["changed"]] == [
        ("high", "low", [3, 4], 1), ("high", "low", [1], 1),
    ]  # fmt: skip
    assert found["matches"] == {"visits": {"more": 0, "less": 1}}
    assert found["subscribers"] == {"active": 2, "hear_more": 0, "hear_less": 2}
    shown = concordat(home, "rules", "diff", str(home / "rules"), str(tmp_path / "draft"), "--since", "60d")
    assert "alerts: 0 gained, 1 lost, 2 changed; of 2 subscribers 0 hear more, 2 less" in " ".join(shown.stdout.split())


def test_what_is_gained_is_told(home: Path, tmp_path: Path) -> None:
    """A wider rule rings for more, and more people hear of it."""
    draft = folder(tmp_path / "draft", WIDER)
    code, found = diff(home, str(home / "rules"), draft)
    assert (code, [s["title"] for s in found["gained"]], found["lost"]) == (1, ["The weather stays as it is"], [])
    assert found["subscribers"]["hear_more"] == 2


def test_an_event_that_rings_by_another_report_is_not_lost(home: Path, tmp_path: Path) -> None:
    """The alert of a story stays where the new rules pass over its first report and take the second."""
    later = RULES.replace('{words: "sign*"}]', '{words: "sign*"}]\n      none: [{words: rivers about boats}]')
    code, found = diff(home, str(home), folder(tmp_path / "draft", later))
    assert (code, found["gained"], found["lost"], found["changed"]) == (1, [], [], [])
    assert found["matches"] == {"signs": {"more": 0, "less": 1}}


def test_no_difference_ends_with_0(home: Path) -> None:
    """The home against itself, and against itself as it stands."""
    assert diff(home, str(home), str(home))[0] == 0
    assert diff(home, str(home / "rules"))[0] == 0


def git(folder: Path, *words: str) -> None:
    """Run git in a folder, whoever the machine says that it is."""
    who = ("-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def test_revisions_are_read_without_a_checkout(home: Path) -> None:
    """A revision's rules, or the whole of its home, against what stands there now; links out of the repository are not followed."""
    (home / "rules" / "link.yaml").symlink_to("/etc/hostname")
    git(home, "init", "-q")
    git(home, "add", "rules")
    git(home, "commit", "-qm", "one")
    (home / "rules" / "link.yaml").unlink()
    (home / "rules" / "own.yaml").write_text(SOFTER, encoding="utf-8")
    git(home, "add", "rules")
    git(home, "commit", "-qm", "two")
    for old in ("HEAD~1:rules", "HEAD~1:"):
        code, found = diff(home, old)
        assert (code, len(found["lost"]), len(found["changed"])) == (1, 1, 2), old
    assert diff(home, "HEAD:./rules")[0] == 0
    (home / "rules" / "own.yaml").write_text("rules: [", encoding="utf-8")
    broken = concordat(home, "rules", "diff", "HEAD:rules")
    assert (broken.exit_code, "own.yaml:" in broken.output) == (2, True)


@pytest.mark.parametrize("given", ["nowhere", "HEAD~9:rules", "--output=x:rules", "HEAD:rules/own.yaml", "HEAD:rules\n"])
def test_what_names_nothing_is_refused(home: Path, given: str) -> None:
    """A folder or revision that is none ends with a line and exit code 2, and is never taken for an option of git."""
    git(home, "init", "-q")
    git(home, "add", "rules")
    git(home, "commit", "-qm", "one")
    refused = CliRunner().invoke(app, ["rules", "diff", "--home", str(home), "--", given])
    assert refused.exit_code == 2, refused.output
    assert "is no folder" in refused.output
