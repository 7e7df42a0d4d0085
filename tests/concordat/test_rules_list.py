"""Promises of `concordat rules list`: each rule with its place, what it rang lately, and what readers said of that."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from notifier import feedback, silences
from notifier.routing import route_alerts
from tests.concordat.desk import NOW, concordat, make_home, opened
from tests.notifier.world import join


def test_a_rule_stands_beside_what_it_rang_and_what_was_said_of_it(tmp_path: Path) -> None:
    """Alerts of the span are counted, quiet items and older ones not; the precision comes with its sample; a silence with its end."""
    home = make_home(tmp_path / "home")
    store = opened(home)
    with store.begin() as conn:
        people = [join(conn, chat) for chat in range(10, 18)]
        ids = route_alerts(conn, [2], NOW)
        for n, (delivery, person) in enumerate(zip(ids, people, strict=True)):
            feedback.vote(conn, delivery, person.id, 1 if n < 6 else -1, "" if n < 6 else "noise", ["signs"], NOW)
        silences.silence(conn, "visits", NOW + timedelta(hours=4), "ann", NOW)
    store.close()
    said = concordat(home, "rules", "list", "--json")
    assert said.exit_code == 0, said.output
    signs, visits = json.loads(said.stdout)
    assert (signs["rule"], signs["topics"], signs["severity"], signs["builtin"]) == ("signs", ["partnerships"], "high", False)
    assert signs["place"] == f"{home}/rules/own.yaml:3:5"
    assert (signs["alerts"], visits["alerts"]) == (1, 1)
    assert (signs["precision"]["share"], signs["precision"]["votes"], visits["precision"]["share"]) == (0.75, 8, None)
    assert (signs["silenced"], visits["silenced"]) == (False, True)
    assert visits["silenced_until"] == f"{NOW + timedelta(hours=4):%Y-%m-%dT%H:%M:%SZ}"
    assert len(signs["version"]) == 16
    shown = concordat(home, "rules", "list", "--topic", "partnerships", "--since", "60d").stdout
    assert "own.yaml:3" in shown
    assert "6 of 8 worth it" in " ".join(shown.split())
    assert "visits" not in shown


def test_a_span_that_is_none_is_refused(tmp_path: Path) -> None:
    """A mistake in an option is a line and exit code 2."""
    home = make_home(tmp_path / "home", archive=())
    refused = concordat(home, "rules", "list", "--since", "long")
    assert (refused.exit_code, "--since: 'long' is not a duration" in refused.output) == (2, True)
