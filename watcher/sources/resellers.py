"""Whose product it is that a reseller sells: governments buy much software from middlemen, and registers name only these.

Found are, in this order: whom the notice says it is sold for ("on behalf of", "reseller of", "manufacturer:"), and the makers whose names
or products stand in its text. No network; the names are in `resellers.yaml` beside this module, which rules are not needed to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from watcher.sources.wanted import plain
from watcher.yamlfile import parse

MOST = 3  # makers that are named; a longer list is a catalogue
_NAME = r"([^\W\d_][\w.&'-]*(?: [\w.&'-]+){0,3})"
_FOR = re.compile(
    r"\b(?:on behalf of|(?:reseller|distributor) (?:of|for)|resale of|manufacturer(?: is|:)|oem(?: is|:)|brand name(?: only)?:)\s+" + _NAME,
    re.IGNORECASE,
)
# words that end a name, which texts in capitals do not show otherwise
_OVER_WORDS = """a an and any as at by for from in is its of on or the this to under via with agency department hardware licence licences
license licenses maintenance product products renewal renewals service services software solution solutions
subscription subscriptions support"""
_OVER = frozenset(_OVER_WORDS.split())


@dataclass(frozen=True, slots=True)
class Trade:
    """Who resells, and by which words makers are known; all folded, with a space at both ends."""

    resellers: tuple[str, ...]
    makers: tuple[tuple[str, str], ...]  # word, name of the maker; the longest word first


def is_reseller(supplier: str) -> bool:
    """Whether this supplier mostly sells what others make."""
    name = f" {plain(supplier)} "
    return any(name.startswith(reseller) for reseller in _trade().resellers)


def vendor_behind(supplier: str, *texts: str) -> str | None:
    """Whose product a reseller sells, by what the notice says; None where the supplier is no reseller or the notice does not say."""
    if not supplier or not is_reseller(supplier):
        return None
    said = [name for text in texts for match in _FOR.finditer(text) if (name := _name(match[1], supplier))]
    named = said or _makers(f" {plain(' . '.join(texts))} ")
    return ", ".join(list(dict.fromkeys(named))[:MOST]) or None


def with_vendor(supplier: str, vendor: str | None) -> str:
    """`Carahsoft (OpenAI)`: as readers are told it, and so that rules which look for the maker find it in the text."""
    return f"{supplier} ({vendor})" if vendor else supplier


def _name(said: str, supplier: str) -> str:
    """The maker's own name where it is a known one, else what was said, as far as it is a name."""
    words: list[str] = []
    for word in said.split():
        if word.casefold().strip(".,'") in _OVER:
            break
        words.append(word)
        if word.endswith((".", ",")):
            break
    name = " ".join(words).strip(" .,'-")
    if not name or plain(name) in plain(supplier) or not any(c.isupper() for c in name):
        return ""
    return next(iter(_makers(f" {plain(name)} ")), name)


def _makers(text: str) -> list[str]:
    """The makers that a folded text names, in the order in which they stand; a part of a longer name counts for that name only."""
    found: list[tuple[int, str]] = []
    for word, maker in _trade().makers:
        at = text.find(word)
        if at >= 0:
            found.append((at, maker))
            text = text.replace(word, " " + "·" * (len(word) - 2) + " ")
    return [maker for _, maker in sorted(found)]


@lru_cache(maxsize=1)
def _trade() -> Trade:
    file = resources.files("watcher.sources") / "resellers.yaml"
    data = parse(file.read_text(encoding="utf-8"), file.name).data
    makers = [(word, name) for name, words in data["vendors"].items() for word in _folded(words)]
    return Trade(tuple(_folded(data["resellers"])), tuple(sorted(makers, key=lambda m: (-len(m[0]), m[0]))))


def _folded(words: Iterable[str]) -> list[str]:
    return [f" {plain(word)} " for word in words]
