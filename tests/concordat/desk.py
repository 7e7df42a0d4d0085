"""A home for the tests of the operator's desk: three rules of its own, and an archive that the production record wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from typer.testing import CliRunner, Result

from concordat.cli.app import app
from concordat.runtime import open_store, settings_for
from rules.drafts import Decided
from rules.load import load_ruleset
from rules.matcher import Matcher
from rules.records import pending, record
from rules.stories import StoryIndex
from watcher.store import Store
from watcher.store.tables import items

NOW = datetime.now(UTC).replace(microsecond=0)
RULES = """
rules:
  - id: signs
    topics: [partnerships]
    severity: high
    when:
      within: sentence
      all: [{words: [Acme, Globex]}, {words: "ministr*"}, {words: "sign*"}]
    cases: [{fires: Acme signs with the ministry.}, {quiet: Acme sings.}]
  - id: visits
    topics: [policy]
    when: {within: sentence, all: [{words: Acme}, {words: "visit*"}]}
    cases: [{fires: The king visits Acme.}, {quiet: Acme sings.}]
"""


@dataclass(frozen=True)
class Told:
    """A stored item in short: its title, how many days ago it was read, and why it may ring nobody."""

    title: str
    days: float
    quiet: str | None = None
    outlet: str = "example.org"


ARCHIVE = (
    Told("Acme signs with the ministry of fish", 40),
    Told("The weather stays as it is", 20),
    Told("Acme signs an agreement with the ministry of rivers about boats", 15),
    Told("Agreement about boats on rivers: Acme signs with the ministry of rivers", 14.9, outlet="example.net"),
    Told("Globex signs with the ministry of hats and gloves", 8, "first_poll"),
    Told("The king visits Acme in the mountains to look at snow", 3),
)


def make_home(folder: Path, rules: str = RULES, archive: Sequence[Told] = ARCHIVE) -> Path:
    """A home with these rules and none built in, and these items decided on by them as they were read."""
    (folder / "rules").mkdir(parents=True)
    (folder / "concordat.yaml").write_text("builtin_rules: false\nbuiltin_entities: false\nbuiltin_sources: false\n", encoding="utf-8")
    (folder / "rules" / "own.yaml").write_text(rules, encoding="utf-8")
    store = opened(folder)
    matcher = Matcher(load_ruleset(folder / "rules", builtin_rules=False, builtin_entities=False))
    index = StoryIndex.of(matcher.ruleset)
    for number, told in enumerate(archive, 1):
        with store.begin() as conn:
            conn.execute(insert(items).values(**item_row(number, told)))
            decided = [Decided(p, matcher.match(p.item)) for p in pending(conn, [number])]
            record(conn, decided, index, NOW - timedelta(days=told.days), matcher.ruleset.version)
    store.close()
    return folder


def item_row(number: int, told: Told) -> dict[str, Any]:
    """The columns of a stored item."""
    at, url = NOW - timedelta(days=told.days), f"https://{told.outlet}/{number}"
    return {
        "id": number, "source_id": told.outlet.replace(".", "-"), "kind": "feed", "entry_id": f"entry-{number}", "url": url,
        "canonical_url": url.removeprefix("https://"), "outlet": told.outlet, "title": told.title, "summary": "", "content": "",
        "lang": "en", "tags": [], "author": "", "published_at": at, "seen_at": at, "facts": None, "quiet": told.quiet,
    }  # fmt: skip


def opened(home: Path) -> Store:
    """The store of a home, as commands open it."""
    return open_store(settings_for(home, quiet=True))


def concordat(home: Path, *words: str) -> Result:
    """What a command of the program says, and how it ends."""
    return CliRunner().invoke(app, [*words, "--home", str(home)])
