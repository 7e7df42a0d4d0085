"""The rules' language judged word by word, slowly and plainly, to compare the matcher with. Knows texts of plain words only.

A text is fields of sentences of words; a place in it is the number of a word, and a window a range of those. A condition is the data
that its YAML stands for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Range = tuple[int, int]
LEAD = 80


@dataclass(frozen=True)
class PlainText:
    """The words of an item: title, summary and content, each of sentences."""

    title: list[list[str]]
    summary: list[list[str]]
    content: list[list[str]]

    @property
    def fields(self) -> list[list[list[str]]]:
        """The title is one sentence whatever stops it holds."""
        return [[[w for s in self.title for w in s]] if self.title else [], self.summary, self.content]

    @property
    def words(self) -> list[str]:
        """Every word."""
        return [w for field in self.fields for sentence in field for w in sentence]

    @property
    def sentences(self) -> list[Range]:
        """Where each sentence is."""
        out, at = [], 0
        for sentence in (s for field in self.fields for s in field):
            out.append((at, at + len(sentence)))
            at += len(sentence)
        return out

    @property
    def ends(self) -> list[int]:
        """Where each field ends."""
        sizes = [sum(map(len, field)) for field in self.fields]
        return [sum(sizes[: i + 1]) for i in range(len(sizes))]

    @property
    def headline(self) -> Range:
        """The title, or the first sentence of a text without one."""
        return (0, self.ends[0]) if self.ends[0] else next(iter(self.sentences), (0, 0))

    @property
    def lead(self) -> Range:
        """The title and the first words of the first field below it that has any."""
        begins = self.ends[0]
        end = next((e for e in self.ends[1:] if e > begins), begins)
        return 0, min(begins + LEAD, end)


def fires(when: Any, text: PlainText) -> bool:
    """Whether a rule of this condition fires."""
    return holds(when, text, (0, len(text.words)))


def holds(when: Any, text: PlainText, window: Range) -> bool:
    """Whether a condition holds in a window."""
    if "words" in when or "regex" in when:
        return bool(places(when, text, window))
    return any(_here(when, text, w) for w in _windows(when, text, window))


def places(when: Any, text: PlainText, window: Range) -> list[int]:
    """Where a leaf is found in a window."""
    wanted = when.get("words") or when["regex"]
    return [i for i in range(*window) if text.words[i] in wanted]


def leaves(when: Any) -> Iterator[Any]:
    """The leaves that speak for a condition."""
    if "words" in when or "regex" in when:
        yield when
    for child in (*when.get("all", ()), *when.get("any", ())):
        yield from leaves(child)


def _windows(when: Any, text: PlainText, outer: Range) -> list[Range]:
    within = when.get("within")
    if within is None:
        return [outer]
    if within == "item":
        return [(0, len(text.words))]
    if within in ("title", "lead"):
        return [text.headline if within == "title" else text.lead]
    if within == "sentence":
        return [s for s in text.sentences if s[0] < outer[1] and outer[0] < s[1]]
    starts = sorted({at for leaf in leaves(when) for at in places(leaf, text, outer)})
    return [(at, min(at + within, next(e for e in text.ends if e > at))) for at in starts]


def _here(when: Any, text: PlainText, window: Range) -> bool:
    parts = [holds(c, text, window) for c in when.get("all", ())]
    met = sum(holds(c, text, window) for c in when.get("any", ()))
    against = any(holds(c, text, window) for c in when.get("none", ()))
    enough = met >= when.get("min", 1) if when.get("any") else True
    return all(parts) and enough and not against and (not when.get("order") or _in_order(when, text, window))


def _in_order(when: Any, text: PlainText, window: Range) -> bool:
    at = window[0]
    for part in when["all"]:
        later = [i for leaf in leaves(part) for i in places(leaf, text, window) if i >= at]
        if not later:
            return False
        at = min(later) + 1
    return True
