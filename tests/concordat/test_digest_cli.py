"""`digest` and `subscribers add` as commands: a look at anybody's digest, and what would be sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fast_mail_parser import parse_email
from typer.testing import CliRunner

from concordat.cli.delivery import subscribers_app
from concordat.cli.digest import digest_app
from concordat.runtime import open_store
from notifier import digests
from tests.notifier.world import TITLE, tell
from watcher.settings import Settings

NOW = datetime.now(UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two readers, of whom one was sent a digest two days ago, and a story of now and of then."""
    run(subscribers_app, "add", "--email", "ada@example.org", "--tz", "Europe/Paris", "--days", "mon-fri", home=tmp_path)
    run(subscribers_app, "add", "--telegram", "7", "--at", "09:00", home=tmp_path)
    store = open_store(Settings(home=tmp_path))
    with store.begin() as conn:
        tell(conn, "Of long ago", at=NOW - timedelta(days=2, hours=1))
        digests.plan_all_now(conn, NOW - timedelta(days=2), ["ada@example.org"])
        tell(conn, at=NOW - timedelta(hours=1))
    store.close()
    return tmp_path


def run(app: Any, *args: str, home: Path, code: int = 0) -> str:
    """What a command says."""
    result = CliRunner().invoke(app, [*args, "--home", str(home)])
    assert result.exit_code == code, result.output
    return result.output


def test_the_exact_mail_is_written(home: Path) -> None:
    """An .eml holds the whole message, as a parser of others reads it; HTML shows its picture by itself; text is printed."""
    run(digest_app, "preview", "--to", "ada@example.org", "--out", str(home / "x.eml"), home=home)
    mail = parse_email((home / "x.eml").read_bytes())
    assert TITLE in " ".join(mail.text_plain[0].split())
    assert mail.headers["Message-ID"]
    run(digest_app, "preview", "--to", "1", "--out", str(home / "x.html"), home=home)
    assert "data:image/png;base64," in (home / "x.html").read_text()
    assert TITLE in " ".join(run(digest_app, "preview", "--to", "ada@example.org", home=home).split())


def test_a_day_shows_what_was_sent_then(home: Path) -> None:
    """The digest of a day is the one that was planned then."""
    day = f"{NOW - timedelta(days=2):%Y-%m-%d}"
    then = digests_of(home, day)
    assert "Of long ago" in then
    assert TITLE not in then
    assert "such as 2026-11-23" in run(digest_app, "preview", "--to", "1", "--date", "tomorrow", home=home, code=2)


def digests_of(home: Path, day: str) -> str:
    """The text of Ada's digest of a day, on her clock; the day after where her clock is there already."""
    texts = [run(digest_app, "preview", "--to", "ada@example.org", "--date", d, home=home) for d in (day, _next(day))]
    return next((" ".join(t.split()) for t in texts if "Of long ago" in t), "")


def _next(day: str) -> str:
    return f"{datetime.fromisoformat(day) + timedelta(days=1):%Y-%m-%d}"


def test_a_dry_run_sends_nothing(home: Path) -> None:
    """It says who would be sent what, and plans nothing: asked again, it says the same."""
    first, again = (json.loads(run(digest_app, "send", "--now", "--dry-run", "--json", home=home)) for _ in range(2))
    assert [(r["address"], r["digest"]) for r in first] == [("ada@example.org", "1 story"), ("7", "1 story")]
    assert first == again


def test_a_webhook_is_given_its_key(home: Path) -> None:
    """The key that posts are signed with is told once; the list shows no more of an address than may be seen."""
    added = json.loads(run(subscribers_app, "add", "--webhook", "https://h.example/s3cret", "--json", home=home))
    assert len(added["signing_key"]) > 20
    assert "s3cret" not in run(subscribers_app, "list", home=home)
    run(subscribers_app, "remove", "--webhook", "https://h.example/s3cret", home=home)


@pytest.mark.parametrize(
    "wrong", [["--webhook", "ftp://x"], ["--apprise", "nothing-of-the-kind"], ["--email", "a@b.c", "--telegram", "7"], []]
)  # fmt: skip
def test_mistakes_are_told(home: Path, wrong: list[str]) -> None:
    """One address of a kind that there is."""
    result = CliRunner().invoke(subscribers_app, ["add", *wrong, "--home", str(home)])
    assert result.exit_code != 0
