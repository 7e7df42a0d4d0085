"""Promises of `concordat rules backtest`: the past through the rules as they stand, with nothing written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from concordat.cli.backtest import plot
from notifier import feedback
from notifier.routing import route_alerts
from rules.archive import Stretch
from rules.backtest import CannotReplayError, Past
from rules.backtest import backtest as backtest_past
from rules.files import Text
from rules.load import Recipe, build
from rules.tables import alerts, matches, stories, story_items
from tests.concordat.desk import NOW, RULES, concordat, make_home, opened
from tests.notifier.world import join
from watcher.store import Store
from watcher.store.tables import items


def backtest(home: Path, *words: str) -> dict[str, Any]:
    """What the command says as JSON."""
    said = concordat(home, "rules", "backtest", "--json", *words)
    assert said.exit_code == 0, said.output
    found: dict[str, Any] = json.loads(said.stdout)
    return found


def contents(home: Path) -> dict[str, list[Any]]:
    """Everything that the rules stage writes, and the items."""
    store = opened(home)
    with store.reading() as conn:
        found = {t.name: [tuple(r) for r in conn.execute(select(t))] for t in (items, matches, stories, story_items, alerts)}
    store.close()
    return found


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_past_comes_out_as_it_was_recorded(tmp_path: Path, jobs: str) -> None:
    """With the rules that were in force, the replay rings for the very items that rang, in one process and in two; nothing changes."""
    home = make_home(tmp_path / "home")
    before = contents(home)
    found = backtest(home, "--since", "60d", "--jobs", jobs)
    assert contents(home) == before
    store = opened(home)
    with store.reading() as conn:
        rang = conn.scalar(select(func.count()).select_from(alerts).where(alerts.c.kind != "update"))
        told = conn.scalar(select(func.count()).select_from(stories))
    store.close()
    assert (found["items"], found["matched"], found["alerts"], found["stories"]) == (6, 5, rang, told)
    assert [(s["title"][:9], s["severity"], s["items"]) for s in found["would_ring"]] == [
        ("The king ", "normal", [6]), ("Acme sign", "high", [3, 4]), ("Acme sign", "high", [1]),
    ]  # fmt: skip


def test_rules_are_counted_by_week_with_samples_and_votes(tmp_path: Path) -> None:
    """An alert stands in the week of the item that set it off; quiet items match and ring nobody; votes stand beside the rule."""
    home = make_home(tmp_path / "home")
    store = opened(home)
    with store.begin() as conn:
        join(conn, 7)
        (delivery,) = route_alerts(conn, [2], NOW)
        feedback.vote(conn, delivery, 1, 1, "", ["signs"], NOW)
    store.close()
    found = backtest(home)
    signs, visits = found["rules"]
    assert (signs["items"], signs["stories"], [w["alerts"] for w in signs["weeks"]]) == (3, 2, [0, 0, 1, 0, 0])
    assert [w["alerts"] for w in visits["weeks"]] == [0, 0, 0, 0, 1]
    assert [(s["item"], s["quiet"]) for s in signs["samples"]] == [(5, "first_poll"), (4, None), (3, None)]
    assert (signs["precision"]["votes"], signs["precision"]["share"], visits["precision"]["votes"]) == (1, None, 0)


def test_one_rule_is_tried_as_if_alone(tmp_path: Path) -> None:
    """Named rules count, the others are as if they were not; a name that is none is refused with the nearest."""
    home = make_home(tmp_path / "home")
    found = backtest(home, "visits")
    assert ([r["rule"] for r in found["rules"]], found["matched"], found["alerts"]) == (["visits"], 1, 1)
    refused = concordat(home, "rules", "backtest", "visit")
    assert (refused.exit_code, "did you mean 'visits'?" in refused.output) == (2, True)


def test_an_edit_is_tried_before_it_is_saved(tmp_path: Path) -> None:
    """Rules of another folder are tried on the archive of the home; people read a table, titles and a sum."""
    home = make_home(tmp_path / "home")
    (tmp_path / "draft").mkdir()
    (tmp_path / "draft" / "own.yaml").write_text(RULES.replace("[Acme, Globex]", "[Initech]"), encoding="utf-8")
    shown = concordat(home, "rules", "backtest", "--rules", str(tmp_path / "draft")).stdout
    assert "The king visits Acme" in shown
    assert "30d: 5 items, 1 match, 1 stories, 1 alerts of 1 stories; 1 rules match nothing" in " ".join(shown.split())


def test_a_process_that_dies_is_told_in_words(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Where a process of the replay ends too soon, as it does without memory, the error says what to try."""
    store = Store(f"sqlite:///{tmp_path}/none.db")
    store.url = make_url("nonsense:///x")  # no process can begin with it
    with pytest.raises(CannotReplayError, match="try --jobs 1"):
        backtest_past(Past(store, NOW, (Stretch(1, 1, 1),)), Recipe(), build([Text("own.yaml", RULES)]), processes=2)
    store.close()
    assert "CONCORDAT_DATABASE_URL cannot be used" in capfd.readouterr().err  # what the process itself said


def test_bars_grow_with_numbers() -> None:
    """The highest bar is full, the least is seen, and none is a dot."""
    assert plot([0, 1, 50, 100]) == "·▁▄█"
    assert plot([0, 0]) == "··"
    assert plot([]) == ""
