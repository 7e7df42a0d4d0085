"""Sitemaps as sources: news sitemaps, plain ones, and indexes of them.

An address that was not there before is an entry. A news sitemap has a title and a moment for it; a plain one has no words, so that such
an entry goes out without any, and its page is asked for them before it is written (`watcher/fulltext.py`). Of an index only the children
that changed are read, a few each time. What was seen is remembered by eight bytes an address; what a reading has no room for is not
marked as seen, and comes with the next.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from pydantic import field_validator

from watcher.apart import APART, SMALL
from watcher.errors import FetchError, FetchReason
from watcher.fetch.exchange import Fetched
from watcher.model import Source
from watcher.sources.entry import Entry, Parsed
from watcher.sources.headlines import title_in_address
from watcher.sources.page import checked_expression
from watcher.sources.sitemapxml import MARK, Found, Place, mark, unseen
from watcher.sources.steps import Ask, Reading, Situation, Steps

ACCEPT = {"accept": "application/xml, text/xml;q=0.9, application/gzip;q=0.8, */*;q=0.1"}
CHILDREN, BY_AGE = 5, 2  # sitemaps of an index that one reading asks for, and how many of them for having waited longest
WORDLESS = 10  # entries without words that go out at once: each is a request for its page
REBUILT = 100  # more new addresses than this without words are a site built anew: their titles are read out of them
FIRST, MOST = 100, 1_000  # entries of a first reading, and of any
SEEN_MOST = 100_000  # addresses that are remembered
SKEW = timedelta(hours=6)


class SitemapSource(Source):
    """A sitemap or an index of sitemaps; `match` is an RE2 expression that an article's address must hold."""

    kind: Literal["sitemap"] = "sitemap"
    match: str = ""

    @field_validator("match")
    @classmethod
    def _matches(cls, value: str) -> str:
        return checked_expression(value)


@dataclass(slots=True)
class _Child:
    """What is remembered of one sitemap of an index: its lastmod as of the last reading of it, and the number of that reading."""

    changed: str = ""
    turn: int = 0


@dataclass(slots=True)
class _Memory:
    """What is remembered between readings."""

    first: bool
    seen: bytes
    turn: int = 1
    since: datetime | None = None
    again: bool = False  # something was left for the next reading, which must not end at "nothing changed"
    children: dict[str, _Child] = field(default_factory=dict)

    @classmethod
    def of(cls, situation: Situation) -> _Memory:
        memo = situation.memo
        children = {key: _Child(*said) for key, said in memo.get("children", {}).items()}
        since = datetime.fromisoformat(memo["at"]) if "at" in memo else None
        return cls(situation.first, situation.seen, int(memo.get("turn", 0)) + 1, since, bool(memo.get("again")), children)

    def as_memo(self, now: datetime, *, again: bool) -> Mapping[str, Any]:
        children = {key: [child.changed, child.turn] for key, child in self.children.items()}
        return {"at": now.isoformat(), "turn": self.turn, "again": again, **({"children": children} if children else {})}


@dataclass(slots=True)
class _Gathered:
    """What one reading found in all its documents."""

    fresh: list[Place] = field(default_factory=list)
    marks: list[bytes] = field(default_factory=list)
    count: int = 0
    notes: list[str] = field(default_factory=list)
    error: FetchError | None = None
    again: bool = False
    keep: set[str] = field(default_factory=set)  # children that are read again because something of them is left

    def add(self, found: Found, fresh: Iterable[Place]) -> None:
        self.fresh += fresh
        self.marks.append(found.marks)
        self.count += found.count
        if found.damaged:
            self.notes.append("a part of it is damaged and was passed over")


def read(source: SitemapSource, situation: Situation) -> Steps:
    """One conditional request, and for an index one for each child that is read."""
    memory = _Memory.of(situation)
    got = yield Ask(source.url, headers=ACCEPT, conditional=not memory.again)
    top = _unseen(got, source, memory.seen)
    gathered = _Gathered()
    owner: dict[str, str] = {}
    if top.index:
        yield from _read_children(source, memory, top.children, gathered, owner)
    else:
        gathered.add(top, top.fresh)
    out, left = _chosen(gathered.fresh, first=situation.first)
    for place in left:
        gathered.again = True
        if place.url in owner:
            memory.children[owner[place.url]].changed = ""
    seen = _remembered(memory.seen, gathered.marks, left)
    memo = memory.as_memo(situation.now, again=gathered.again)
    return Reading(Parsed(out, warning=_warning(source, gathered, seen)), memo, seen, gathered.error)


def _unseen(got: Fetched, source: SitemapSource, seen: bytes) -> Found:
    given = (got.body, dict(got.headers), got.url, source.match, seen)
    return unseen(*given) if len(got.body) <= SMALL else cast(Found, APART.call(unseen, *given))


def _read_children(
    source: SitemapSource, memory: _Memory, listed: Iterable[Place], gathered: _Gathered, owner: dict[str, str]
) -> Generator[Ask, Fetched, None]:
    """Read the children that changed, the newest and those that waited longest; what is left over is read next time."""
    by_key = {mark(place.url).hex(): place for place in listed}
    before = memory.children
    memory.children = {key: before.get(key, _Child()) for key in by_key}
    waiting = [key for key, place in by_key.items() if not place.changed or memory.children[key].changed != place.changed.isoformat()]
    chosen = _next(waiting, memory.children)
    gathered.again = any(not by_key[key].changed for key in by_key) or (not memory.first and len(waiting) > len(chosen))
    asked = 0
    for key in chosen:
        place, child = by_key[key], memory.children[key]
        try:
            got = yield Ask(place.url, headers=ACCEPT)
            found = _unseen(got, source, memory.seen)
        except FetchError as e:
            gathered.notes.append(f"{place.url} was not read: {e}")
            gathered.error, gathered.again = e, True
            if e.reason in {FetchReason.RATE_LIMITED, FetchReason.BLOCKED}:
                break
            continue
        asked += 1
        recent = bool(key in before and not child.turn and not memory.first)  # it stood there unread: only what is new in it is news
        fresh = [p for p in found.fresh if not recent or (p.when and memory.since and p.when >= memory.since - SKEW)]
        gathered.add(found, fresh)
        owner.update((p.url, key) for p in fresh)
        memory.children[key] = _Child(place.changed.isoformat() if place.changed else "", memory.turn)
    if gathered.error is not None and not asked:
        raise gathered.error
    if gathered.error is not None and gathered.error.reason is not FetchReason.RATE_LIMITED:
        gathered.error = None  # one child is not the source; it is told of, and asked again
    if memory.first:  # what was not read now is read when it changes
        for key, place in by_key.items():
            if not memory.children[key].turn and key not in chosen:
                memory.children[key].changed = place.changed.isoformat() if place.changed else ""


def _next(waiting: list[str], children: Mapping[str, _Child]) -> list[str]:
    """`waiting` is in the order of age, the newest first; some of the turns go to those that were read longest ago."""
    newest = waiting[: CHILDREN - BY_AGE]
    patient = sorted(waiting[CHILDREN - BY_AGE :], key=lambda key: children[key].turn)
    return [*newest, *patient[:BY_AGE]]


def _chosen(fresh: list[Place], *, first: bool) -> tuple[tuple[Entry, ...], list[Place]]:
    """The entries of this reading, and the places that are left for the next."""
    fresh = sorted(fresh, key=lambda p: -p.when.timestamp() if p.when else 0.0)
    wordless = [place for place in fresh if not place.title]
    if first or len(wordless) > REBUILT:
        return tuple(_entry(place, titled=True) for place in fresh[: FIRST if first else MOST]), []
    titled = [place for place in fresh if place.title]
    left = [*wordless[WORDLESS:], *titled[MOST:]]
    return tuple(_entry(place, titled=False) for place in (*titled[:MOST], *wordless[:WORDLESS])), left


def _entry(place: Place, *, titled: bool) -> Entry:
    title = place.title or (title_in_address(place.url) if titled else "")
    return Entry("", place.url, title, published=place.when, lang=place.lang)


def _remembered(seen: bytes, marks: Iterable[bytes], left: Iterable[Place]) -> bytes:
    held = {mark(place.url) for place in left}
    now = dict.fromkeys(m for each in marks for i in range(0, len(each), MARK) if (m := each[i : i + MARK]) not in held)
    both = {**now, **dict.fromkeys(seen[i : i + MARK] for i in range(0, len(seen), MARK))}
    kept = both if len(both) <= SEEN_MOST else now
    return b"".join(sorted(list(kept)[:SEEN_MOST]))


def _warning(source: SitemapSource, gathered: _Gathered, seen: bytes) -> str:
    notes = list(dict.fromkeys(gathered.notes))[:3]
    if source.match and gathered.count and not any(gathered.marks):
        notes.append(f"none of its {gathered.count} addresses matches `match: {source.match}`")
    if len(seen) >= SEEN_MOST * MARK:
        notes.append(f"it has more than {SEEN_MOST} addresses; write `match:` so that only articles are watched")
    return "; ".join(notes)
