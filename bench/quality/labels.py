"""Labelled items: their shape, reading them, and what of them the matcher may see. Decides nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

HERE = Path(__file__).parent
KNOWN = HERE / "known.jsonl"  # to tune on
PRACTICE = HERE / "practice.jsonl"  # to tune on too; it has no kept half
KEPT = HERE / "kept.jsonl"  # to learn what tuning is worth elsewhere
ALL = (KNOWN, PRACTICE, KEPT)
SHOWN = {"id", "lang", "kind", "source", "published", "title", "summary"}  # everything else is the answer


class Labelled(BaseModel):
    """An item and what a person says about it; the label policy is in bench/README.md."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    lang: str
    kind: Literal["news", "press", "blog", "social", "notice"]
    source: str = ""
    published: str | None = None
    title: str = ""
    summary: str = ""
    label: bool
    entities: tuple[str, ...] = ()
    why: str = ""
    difficulty: Literal["easy", "hard"]
    story: str

    def question(self) -> str:
        """The line that the matcher gets: the item without its label."""
        return json.dumps(self.model_dump(include=SHOWN), ensure_ascii=False)


def read(path: Path) -> list[Labelled]:
    """The items of a file, one JSON object a line; a line that is none ends the program with its place."""
    items = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                items.append(Labelled.model_validate_json(line))
            except ValidationError as e:
                raise SystemExit(f"{path}, line {number}: {e}") from None
    return items
