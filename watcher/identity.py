"""Which entries are the same one: several keys each, because publishers change any of them. Pure.

An entry is known by its id, by its address, and by its title and day. Any single one may lie: ids are repeated or renewed, addresses
follow the headline, titles are edited. In doubt an entry is new: a lost item is lost, while a repeated one joins the story of the
first and rings nobody.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from watcher.sources.entry import Entry
from watcher.urls import canonical

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Keys:
    """16-byte digests, or None where the entry does not have the thing or shares it with its neighbours."""

    id: bytes | None
    url: bytes | None
    title: bytes | None
    dated: bool = True  # the title key holds the day; without one, equal titles are a weak sign

    def all(self) -> tuple[bytes, ...]:
        """Those that there are."""
        return tuple(k for k in (self.id, self.url, self.title) if k is not None)


def digest(kind: str, text: str) -> bytes:
    """A 16-byte key; the kind keeps an id apart from an equal address."""
    return blake2b(f"{kind}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def normal_title(text: str) -> str:
    """A title as compared: words only, no case, compatibility forms folded."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def keys_of(entries: Sequence[Entry], *, sure_ids: bool = False) -> list[Keys]:
    """The keys of each entry of one document; the id alone where ids are sure and there is one.

    What several entries of a document share tells nothing about any of them (a feed whose links all lead to the home page), so it is
    no key; an id that is repeated with another address or title is told apart by them.
    """
    raw = [(e.entry_id, canonical(e.url) if e.url else "", _titled(e)) for e in entries]
    whole = Counter(raw)  # the same entry twice in one document is one entry, and shares nothing
    ids, urls, titles = (Counter(r[i] for r in whole) for i in range(3))
    return [
        Keys(digest("id", i), None, None)
        if sure_ids and i
        else Keys(
            id=digest("id", i if ids[i] == 1 else f"{i}\0{u}\0{t}") if i else None,
            url=digest("url", u) if u and urls[u] == 1 else None,
            title=digest("title", t) if t and titles[t] == 1 else None,
            dated=e.published is not None,
        )
        for e, (i, u, t) in zip(entries, raw, strict=True)
    ]


def _titled(entry: Entry) -> str:
    words = normal_title(entry.title or entry.summary[:200])
    if not words:
        return ""
    day = entry.published.date().isoformat() if entry.published else ""
    return f"{words}\0{day}"


def known_as(keys: Keys, known: Mapping[bytes, int]) -> int | None:
    """The item that an entry with these keys already is, or None when it is new.

    Two keys decide. A lone id does, unless both address and title are there and new (a publisher that counts its ids anew). A lone
    title does when it is dated, a lone address never: an entry that has an id of its own may share its page with others.
    """
    votes = [known[k] for k in keys.all() if k in known]
    if len(votes) != 1:
        return votes[0] if votes else None
    if keys.id in known:
        return None if keys.url and keys.title else votes[0]
    if keys.title in known:
        return votes[0] if keys.dated or not (keys.id or keys.url) else None
    return None if keys.id else votes[0]
