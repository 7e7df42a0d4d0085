"""A post of a social network as an entry: no title, its links in full, what it quotes and the page it shows kept in its text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from watcher.errors import FetchError
from watcher.sources.entry import CONTENT_LIMIT, SUMMARY_LIMIT, Entry
from watcher.text import clean, cut, language, one_line, visible
from watcher.urls import absolute, canonical

PAGES_MOST = 5  # of one reading that catches up; a first reading takes one
TOO_MUCH = f"more was posted than {PAGES_MOST} pages hold; the oldest of it is left out"
TAGS_MOST = 30


@dataclass(slots=True)
class Found:
    """What the pages had: entries, the number from which the next reading goes on, what was odd, what ended it early."""

    newest: str
    entries: list[Entry] = field(default_factory=list)
    warning: str = ""
    error: FetchError | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What a post quotes, and who wrote that."""

    author: str
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """The page that a post shows under its text."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Post:
    """A post as its network gives it; every text may still hold markup. `heading` is what stands above it: a content warning."""

    id: str
    url: str
    text: str
    heading: str = ""
    author: str = ""
    published: datetime | None = None
    lang: str = ""
    tags: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()
    cards: tuple[Card, ...] = field(default=())

    def entry(self) -> Entry | None:
        """The entry, or None for a post that says nothing."""
        text = post_text(self.text, self.quotes, self.cards, self.heading)
        if not text or not (self.id or self.url):
            return None
        summary = cut(text, SUMMARY_LIMIT)
        return Entry(
            entry_id=clean(self.id or self.url, 2_000),
            url=absolute(self.url, ""),
            summary=summary,
            content="" if summary == text else cut(text, CONTENT_LIMIT),
            published=self.published,
            lang=language(self.lang),
            tags=tuple(t for tag in self.tags[:TAGS_MOST] if (t := one_line(tag, 80))),
            author=one_line(visible(self.author), 200),
        )


def post_text(text: str, quotes: Iterable[Quote] = (), cards: Iterable[Card] = (), heading: str = "") -> str:
    """The whole of what a reader sees: the text, each quotation on lines that begin with `>`, each page's title and address.

    Each piece is made visible by itself, so that none can hide the next.
    """
    parts = [visible(heading), visible(text)]
    for quote in quotes:
        words = visible(quote.text)
        if words:
            said = f"{one_line(visible(quote.author))}: {words}" if quote.author else words
            parts.append("\n".join(f"> {line}" for line in said.splitlines()))
    for card in cards:
        parts.append(_shown(card, parts))
    return "\n".join(p for p in parts if p)


def _shown(card: Card, parts: Iterable[str]) -> str:
    """The card's line, without what the text says already."""
    title, address = one_line(visible(card.title), 300), absolute(card.url, "")
    said = "\n".join(parts)
    known = {canonical(word) for word in said.split() if word.startswith(("http://", "https://"))} if address else set()
    return " ".join(p for p in ("" if title in said else title, "" if canonical(address) in known else address) if p)


def link_in_full(shown: str, address: str) -> str:
    """What to write for a link: its address where the text shows a shortened one, both where it shows words."""
    address = absolute(address, "")
    if not address or not shown.strip() or canonical(shown.strip()) == canonical(address):
        return address or shown
    looks_short = shown.rstrip().endswith(("…", "...")) or ("." in shown and not re.search(r"\s", shown.strip()))
    return address if looks_short else f"{shown} ({address})"


def named(name: str, handle: str) -> str:
    """Who wrote it, as `Name (@handle)`, or as much of it as is known."""
    name, handle = one_line(visible(name), 120), one_line(handle.lstrip("@"), 120)
    return f"{name} (@{handle})" if name and handle and name != handle else name or (f"@{handle}" if handle else "")
