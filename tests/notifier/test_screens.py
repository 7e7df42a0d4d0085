"""The documents show what people see: every screen in them is one that a talk shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.notifier.talks import TALKS, agrees, read

DOCS = Path(__file__).parent.parent.parent / "docs"


def _shown() -> list[str]:
    """Every screen of every talk, without the word on the button and the note that it changed."""
    every = [shown for path in TALKS.glob("*.txt") for _, shown in read(path)[1] if shown]
    return [re.sub(r"^(= .*\n\n)?(\(changed\)\n)?", "", shown).replace("{code}", "482913") for shown in every]


def _blocks(page: str, heading: str) -> list[str]:
    """The screens below a heading, up to the next of its rank or higher."""
    text = (DOCS / page).read_text(encoding="utf-8")
    start = text.index(f"\n{heading}\n") if heading else 0
    rank = len(heading) - len(heading.lstrip("#"))
    end = re.compile(rf"\n#{{1,{rank}}} ").search(text, start + 1) if rank else None
    return re.findall(r"```text\n(.*?)\n```", text[start : end.start() if end else None], re.DOTALL)


@pytest.mark.parametrize(("page", "heading", "least"), [("subscribers.md", "", 25), ("operations.md", "### The operator's chat", 5)])
def test_screens_of_the_documents_are_real(page: str, heading: str, least: int) -> None:
    """Each is what the bot says in some talk, word for word, times aside."""
    shown, blocks = _shown(), _blocks(page, heading)
    assert len(blocks) >= least
    assert [b for b in blocks if not any(agrees(s, b) for s in shown if s.strip("…. \n"))] == []
