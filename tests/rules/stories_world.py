"""What the tests of stories share: items with the entities they name, read from tests/data/stories or made on the spot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from rules.model import EntityHit, MatchResult
from watcher.model import Item

START = datetime(2025, 11, 3, tzinfo=UTC)
DATA = Path(__file__).parent.parent / "data" / "stories"


@dataclass(frozen=True, slots=True)
class Known:
    """An entity of the test world: what the index asks of a rule set's, and the forms it is found by."""

    id: str
    type: str
    parent: str | None
    country: str | None
    role: tuple[str, ...]
    forms: tuple[str, ...]


def known_entities() -> dict[str, Known]:
    """The entities of tests/data/stories/events.yaml."""
    raw: dict[str, dict[str, Any]] = yaml.safe_load((DATA / "events.yaml").read_text("utf-8"))["entities"]
    return {
        k: Known(k, v["type"], v.get("parent"), v.get("country", "INT"), tuple(v.get("role", ())), tuple(v["forms"]))
        for k, v in raw.items()
    }


def labelled_items() -> list[tuple[Item, str]]:
    """The items of tests/data/stories/events.yaml in order of time, each with its event."""
    events = yaml.safe_load((DATA / "events.yaml").read_text("utf-8"))["events"]
    pairs = [
        (at(i["at"], i["title"], i["summary"], id=f"{event['id']}-{n}", lang=i["lang"]), str(event["id"]))
        for event in events for n, i in enumerate(event["items"])
    ]
    return sorted(pairs, key=lambda pair: (pair[0].published or START, pair[0].id))


def at(hours: float, title: str, summary: str = "", **more: Any) -> Item:
    """An item published so many hours after the start of the week."""
    more.setdefault("id", f"{hours}-{title}-{summary[:20]}")
    more.setdefault("lang", "en")
    return Item(title=title, summary=summary, published=START + timedelta(hours=hours), **more)


def read(item: Item, known: Mapping[str, Known]) -> MatchResult:
    """What the matcher would find, by plain search for the forms."""
    hits = []
    for entity in known.values():
        spans = [
            (field, start, start + len(form))
            for field in ("title", "summary") for form in entity.forms if (start := getattr(item, field).find(form)) >= 0
        ]
        if spans:
            hits.append(EntityHit(entity.id, entity.forms[0], entity.type, tuple(spans)))
    return MatchResult(tuple(hits), ())


def b_cubed(mine: Sequence[str], gold: Sequence[str]) -> tuple[float, float]:
    """B-cubed precision and recall of a partition against the true one, item by item."""
    n = len(gold)
    pairs = range(n)
    both = [sum(mine[i] == mine[j] and gold[i] == gold[j] for j in pairs) for i in pairs]
    precision = sum(both[i] / sum(mine[i] == mine[j] for j in pairs) for i in pairs) / n
    recall = sum(both[i] / sum(gold[i] == gold[j] for j in pairs) for i in pairs) / n
    return precision, recall
