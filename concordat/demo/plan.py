"""What the demo replays, and when: the file of past events, and a plan of moments. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources

from watcher.yamlfile import parse

FILE = "events.yaml"


@dataclass(frozen=True, slots=True)
class Telling:
    """One outlet's entry about an event of the past; `event` is empty for what is no partnership at all."""

    id: str
    event: str
    outlet: str
    lang: str
    on: date
    title: str
    summary: str


@dataclass(frozen=True, slots=True)
class Release:
    """A telling and the second of the replay at which its outlet publishes it."""

    at: float
    telling: Telling


def read_events() -> tuple[Telling, ...]:
    """The tellings of the packaged file, in its order."""
    text = (resources.files("concordat.demo") / FILE).read_text(encoding="utf-8")
    return tuple(
        Telling(
            id=e["id"], event=e.get("event") or "", outlet=e["outlet"], lang=e["lang"], on=date.fromisoformat(e["date"]),
            title=e["title"], summary=e["summary"],
        )
        for e in parse(text, FILE).data["tellings"]
    )  # fmt: skip


def plan(tellings: Sequence[Telling], seconds: float) -> tuple[Release, ...]:
    """The tellings in the order of their days, spread evenly over `seconds`."""
    ordered = sorted(tellings, key=lambda t: t.on)
    step = seconds / max(len(ordered), 1)
    return tuple(Release(i * step, t) for i, t in enumerate(ordered))
