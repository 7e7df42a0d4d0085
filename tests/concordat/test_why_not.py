"""Promises of `concordat why` and `why-not` on a home: what rules met and missed, copies of a page, and pages that were never read."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from notifier.claims import take
from notifier.ledger import bury, sent
from notifier.routing import route_alerts
from tests.concordat.desk import NOW, Told, concordat, item_row, make_home, opened
from tests.notifier.world import join
from watcher.state import Health, SourceState
from watcher.store.sources import save_states
from watcher.store.tables import items

SOURCES = """
sources:
  - {id: example-org, url: https://news.example.org/feed.xml}
  - {id: quiet-org, url: https://other.example.org/feed.xml, enabled: false}
  - {id: far-away, url: https://example.net/feed.xml}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with sources, one of which is broken, and a reader of everything."""
    home = make_home(tmp_path / "home")
    (home / "sources").mkdir()
    (home / "sources" / "own.yaml").write_text(SOURCES, encoding="utf-8")
    store = opened(home)
    with store.begin() as conn:
        join(conn, 7)
        state = SourceState(
            "example-org", "https://news.example.org/feed.xml", health=Health.BROKEN, health_reason="no answer in 15 seconds",
            last_polled_at=NOW - timedelta(hours=2), next_at=NOW + timedelta(hours=1), failures=4,
        )  # fmt: skip
        save_states(conn, [state])
    store.close()
    return home


def shown(home: Path, *words: str) -> tuple[int, str]:
    """How a command ends and what it says, its lines unfolded."""
    said = concordat(home, *words)
    return said.exit_code, " ".join(said.stdout.split())


def test_a_near_miss_says_what_was_missing(home: Path) -> None:
    """`why` names the clause that a rule missed, in a line; `why-not` shows each clause, of the rules that are asked for."""
    code, said = shown(home, "why", "6")
    assert code == 0
    assert "parsed as feed, en, published" in said
    assert "near signs, 2 short: words: ministr*: missed; words: sign*: missed" in said
    code, said = shown(home, "why-not", "https://example.org/6", "--rule", "signs")
    assert (code, "words: Acme, Globex: met [Acme] words: ministr*: missed" in said) == (0, True)
    assert "visits: fires" not in said
    unknown = concordat(home, "why-not", "6", "--rule", "sings")
    assert (unknown.exit_code, "did you mean 'signs'?" in unknown.output) == (2, True)


def test_an_edit_since_then_is_told(home: Path) -> None:
    """What rules miss is asked of them as they stand, so it is said when they are not those that decided; mistakes cost only that part."""
    own = home / "rules" / "own.yaml"
    own.write_text(own.read_text(encoding="utf-8").replace('"visit*"', '"praise*"'), encoding="utf-8")
    code, said = shown(home, "why", "6")
    assert (code, "rule visits: normal" in said, "rules they were of version" in said) == (0, True, True)
    assert "near visits, 1 short: words: praise*: missed" in said
    own.write_text("rules: [", encoding="utf-8")
    code, said = shown(home, "why", "6")
    assert (code, "rule visits: normal" in said, "the rules cannot be read" in said) == (0, True, True)


def test_the_same_page_of_another_source_is_named(home: Path) -> None:
    """An item whose page another source had as well says so, and the address gives both."""
    store = opened(home)
    with store.begin() as conn:
        copy = {**item_row(7, Told("The king visits Acme", 2)), "source_id": "far-away", "canonical_url": "example.org/6"}
        conn.execute(insert(items).values(**copy))
    store.close()
    found = json.loads(concordat(home, "why", "https://example.org/6", "--json").stdout)
    assert [(e["item"]["id"], [c["source_id"] for c in e["copies"]]) for e in found] == [(6, ["far-away"]), (7, ["example-org"])]
    assert "same page item 7 from far-away" in shown(home, "why", "6")[1]


def test_what_the_channel_answered_is_shown(home: Path) -> None:
    """A message that was taken has the channel's number and the moment; one that was given up has its dead letter."""
    store = opened(home)
    with store.begin() as conn:
        first, second = (route_alerts(conn, [alert], NOW)[0] for alert in (1, 2))
        job = take(conn, first, NOW)
        assert job
        sent(conn, job, "50", NOW)
        job = take(conn, second, NOW)
        assert job
        bury(conn, job, "Bad Request: chat not found", NOW)
    store.close()
    assert f"subscriber 1: sent {NOW:%Y-%m-%d %H:%M} UTC as the channel's 50, follows everything" in shown(home, "why", "1")[1]
    said = shown(home, "why", "3")[1]
    assert "subscriber 1: dead, Bad Request: chat not found" in said
    assert "dead Bad Request: chat not found" in said


def test_a_page_that_was_never_read_names_who_could_have_had_it(home: Path) -> None:
    """Sources of its host or site, on or off, with their health and what they brought of it; none for a site that nobody reads."""
    code, said = shown(home, "why-not", "https://news.example.org/never")
    assert code == 1
    assert "source example-org: broken, no answer in 15 seconds" in said
    assert "5 items of this site came by it, the last" in said
    assert "source quiet-org: off" in said
    assert "far-away" not in said
    code, said = shown(home, "why-not", "https://elsewhere.example/x")
    assert (code, "no source reads its site" in said) == (1, True)
    assert shown(home, "why", "999")[0] == 1
    assert "near no rule" in shown(home, "why-not", "2")[1]
    (home / "sources" / "own.yaml").unlink()
    said = shown(home, "why-not", "https://news.example.org/never")[1]
    assert "source example-org: off, it stands in no file any more" in said


def test_programs_read_who_could_have_had_it(home: Path) -> None:
    """The same as JSON."""
    told = json.loads(concordat(home, "why", "https://news.example.org/never", "--json").stdout)
    assert (told["seen"], [s["source"] for s in told["sources"]]) == (False, ["example-org", "quiet-org"])
