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
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import NamedTuple

from watcher.sources.entry import Entry, Parsed
from watcher.urls import canonical

_WORD = re.compile(r"\w+")


class Marks(NamedTuple):
    """What an entry is known by, whatever its neighbours: 16-byte digests of its id, address and title, empty where it has none."""

    id: bytes
    url: bytes
    title: bytes
    dated: bool = True  # the title's digest holds the day


@dataclass(frozen=True, slots=True)
class Keys:
    """16-byte digests, or None where the entry does not have the thing or shares it with its neighbours."""

    id: bytes | None
    url: bytes | None
    title: bytes | None
    dated: bool = True  # the title key holds the day; without one, equal titles are a weak sign

    def all(self) -> tuple[bytes, ...]:
        """Those that there are."""
        return tuple([k for k in (self.id, self.url, self.title) if k is not None])


def digest(kind: str, text: str) -> bytes:
    """A 16-byte key; the kind keeps an id apart from an equal address."""
    return blake2b(f"{kind}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def normal_title(text: str) -> str:
    """A title as compared: words only, no case, compatibility forms folded."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def marks_of(entry: Entry) -> Marks:
    """What this entry is known by."""
    address = canonical(entry.url) if entry.url else ""
    return Marks(_mark("id", entry.entry_id), _mark("url", address), _mark("title", _titled(entry)), entry.published is not None)


def keyed(parsed: Parsed) -> Parsed:
    """The answer with the keys of its entries."""
    return parsed if parsed.keys is not None else replace(parsed, keys=tuple(keys_of(parsed.entries, sure_ids=parsed.sure_ids)))


def _mark(kind: str, text: str) -> bytes:
    return digest(kind, text) if text else b""


def keys_of(entries: Sequence[Entry], *, sure_ids: bool = False) -> list[Keys]:
    """The keys of each entry of one document; the id alone where ids are sure and there is one."""
    return keys_from([marks_of(e) for e in entries], sure_ids=sure_ids)


def keys_from(marks: Sequence[Marks], *, sure_ids: bool = False) -> list[Keys]:
    """The keys of each entry of a document with these marks.

    What several entries of a document share tells nothing about any of them (a feed whose links all lead to the home page), so it is
    no key; an id that is repeated with another address or title is told apart by them, and so is an entry that has nothing of its own.
    """
    whole = {m[:3] for m in marks}  # the same entry twice in one document is one entry, and shares nothing
    ids, urls, titles = (Counter(m[i] for m in whole) for i in range(3))
    return [
        Keys(m.id, None, None) if sure_ids and m.id else _keys(m, ids[m.id] == 1, urls[m.url] == 1, titles[m.title] == 1) for m in marks
    ]


def _keys(m: Marks, own_id: bool, own_url: bool, own_title: bool) -> Keys:
    url = m.url if m.url and own_url else None
    title = m.title if m.title and own_title else None
    own = bool(m.id) and own_id
    together = bool(m.id) or not (url or title)
    return Keys(m.id if own else _together(m) if together else None, url, title, m.dated)


def _together(m: Marks) -> bytes:
    return blake2b(b"\0".join(m[:3]), digest_size=16).digest()


def _titled(entry: Entry) -> str:
    words = normal_title(entry.title or entry.summary[:200])
    if not words:
        if entry.entry_id or entry.url:
            return ""
        words = entry.title or entry.summary or entry.content  # it has nothing else to be known by
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
