"""Following a country, from the entity files to the decision: the code goes with a story, also when people take it apart."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from notifier import stories
from notifier.wanting import concerns
from notifier.wishes import Follow, Of, Wishes
from rules.drafts import Decided
from rules.live import Folders, LiveRules
from rules.mend import Word, split
from rules.records import pending, record
from rules.stories import StoryIndex
from watcher.store import Store
from watcher.store.tables import items

NOW = datetime(2025, 1, 30, 14, 5, tzinfo=UTC)
ENTITIES = """
entities:
  - {id: mistral, name: Mistral AI, type: ai_org, country: FR, aliases: [Mistral AI]}
  - {id: luxdef, name: Ministry of Examples, type: gov_body, country: LU, aliases: [Ministry of Examples]}
"""
RULES = """
rules:
  - id: deal
    title: Deal
    topics: [partnerships]
    severity: high
    when: {all: [{entity: ai_org}, {entity: gov_body}]}
    cases: [{fires: Mistral AI and the Ministry of Examples}, {quiet: Mistral AI}]
"""


def test_a_country_goes_with_its_story(store: Store, tmp_path: Path) -> None:
    """Whoever follows Luxembourg or France hears of the deal, and whoever follows Spain does not; a split keeps it so."""
    for name, text in (("rules", RULES), ("entities", ENTITIES)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "own.yaml").write_text(text, encoding="utf-8")
    live = LiveRules(Folders(tmp_path / "rules", tmp_path / "entities", builtin_rules=False, builtin_entities=False))
    with store.begin() as conn:
        for n, title in enumerate(("Mistral AI signs with the Ministry of Examples", "Mistral AI signs with Ministry of Examples")):
            conn.execute(insert(items).values(
                source_id=f"s{n}", kind="feed", entry_id=str(n), url=f"https://x.example/{n}", canonical_url=f"https://x.example/{n}",
                outlet=f"o{n}.example", title=title, summary="", content="", lang="en", tags=[], author="", published_at=NOW, seen_at=NOW,
            ))  # fmt: skip
        decided = [Decided(p, live.matcher.match(p.item)) for p in pending(conn, [1, 2])]
        record(conn, decided, StoryIndex(kin=live.matcher.ruleset.entities), NOW, "1")
        assert stories.load(conn, [1, 2]).keys() == {1}
        split(conn, 1, [2], Word("test", "a test"), NOW)
        told = list(stories.load(conn, [1, 2]).values())
    assert len(told) == 2
    for story in told:
        heard = {c: concerns(Wishes(follows=(Follow(Of.COUNTRY, c),)), story, NOW).wanted for c in ("LU", "FR", "ES")}
        assert heard == {"LU": True, "FR": True, "ES": False}
