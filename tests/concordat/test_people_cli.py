"""Promises of `subscribers invite`, `subscribers role` and `rules precision`: codes that let in, and votes that count."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from concordat.cli.delivery import subscribers_app
from concordat.cli.rules import rules_app
from concordat.runtime import open_store, settings_for
from notifier import feedback, invitations, subscribers
from notifier.model import Role
from notifier.routing import route_alerts
from tests.notifier.world import join, tell
from watcher.store import Store


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home."""
    (tmp_path / "data").mkdir()
    return tmp_path


def opened(home: Path) -> Store:
    """The store of a home, as commands open it."""
    return open_store(settings_for(home, quiet=True))


def test_an_invitation_lets_in_as_many_as_it_says(home: Path) -> None:
    """The code that is printed is good for two admins, and for no third."""
    said = CliRunner().invoke(subscribers_app, ["invite", "--uses", "2", "--admin", "--for", "ever", "--json", "--home", str(home)])
    assert said.exit_code == 0, said.output
    code = json.loads(said.output)["code"]
    store, now = opened(home), datetime.now(UTC)
    with store.begin() as conn:
        assert [invitations.use(conn, code, now) for _ in range(3)] == [Role.ADMIN, Role.ADMIN, None]
    store.close()
    assert CliRunner().invoke(subscribers_app, ["invite", "--for", "long", "--home", str(home)]).exit_code == 2


def test_precision_is_shown_with_its_sample(home: Path) -> None:
    """Seven votes say nothing, eight say a share and between what it lies; old news and duplicates do not count."""
    store, now = opened(home), datetime.now(UTC)
    with store.begin() as conn:
        people = [join(conn, chat) for chat in range(10, 20)]
        ids = route_alerts(conn, [tell(conn)], now)
        for n, (id_, person) in enumerate(zip(ids, people, strict=True)):
            up = n < 6
            feedback.vote(conn, id_, person.id, 1 if up else -1, "" if up else ["noise", "noise", "old", "duplicate"][n - 6], ["ai-x"], now)
        feedback.vote(conn, ids[0], people[0].id, 1, "", ["ai-x", "ai-y"], now)
    store.close()
    said = CliRunner().invoke(rules_app, ["precision", "--json", "--home", str(home)])
    assert said.exit_code == 0, said.output
    first, second = json.loads(said.output)
    assert (first["rule"], first["votes"], first["share"], first["between"]) == ("ai-x", 8, "75%", "41% to 93%")
    assert first["whys"] == "duplicate 1, noise 2, old 1"
    assert (second["rule"], second["share"]) == ("ai-y", "below 8 votes")


def test_a_role_is_given_and_taken(home: Path) -> None:
    """Somebody who is here becomes an admin and is one no more; nobody is made up."""
    store = opened(home)
    with store.begin() as conn:
        join(conn, 7)
    for role in (Role.ADMIN, Role.SUBSCRIBER):
        said = CliRunner().invoke(subscribers_app, ["role", "--telegram", "7", str(role), "--home", str(home)])
        assert said.exit_code == 0, said.output
        with store.reading() as conn:
            assert [s.role for s in subscribers.everyone(conn)] == [role]
    assert CliRunner().invoke(subscribers_app, ["role", "--telegram", "8", "admin", "--home", str(home)]).exit_code == 1
    store.close()
