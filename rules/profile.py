"""What stories compare of an item: its link, title, words, names, quantities and recognised entities. Pure, no I/O.

Only the title and the lead are read: what an event is stands there; what follows is background that many events
share. Words that name a recognised entity are left out of `words` and `names`, because entities are weighed apart, and so are small words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rules.amounts import Quantity, quantities
from rules.fold import fold
from rules.hints import UNSPACED, Hints
from rules.language import SMALL_WORDS, base
from watcher.urls import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from rules.model import EntityHit
    from watcher.model import Item

LEAD = 700  # characters after the title that are read
SHORT_FORM = 3  # letters; a form without a longer word says nothing where it stands in another text
MIN_TITLE_WORDS = 4  # a shorter title ("Press release") is worn by many events
VENDORS = frozenset({"ai_org", "ai_model", "chip_vendor"})
BODIES = frozenset({"gov_body", "national_lab"})
GOVERNMENT = "government"
PUBLIC = BODIES | {"supercomputer", "program"}


class Kin(Protocol):
    """What is known of an entity beside its name, as a rule set's entities have it."""

    @property
    def type(self) -> str:
        """Which kind of party or thing."""

    @property
    def parent(self) -> str | None:
        """The entity that it belongs to: of a laboratory the department, of a model its maker."""

    @property
    def country(self) -> str | None:
        """Two capital letters, EU or INT; None for a name that many countries have, such as "Ministry of Defence"."""

    @property
    def role(self) -> tuple[str, ...]:
        """What it is in its country: `government` is the state as a whole."""


class Profile(NamedTuple):
    """What is compared of one item. `when` is in hours since 1970; sets hold folded text."""

    link: str
    title: str
    lang: str
    when: float | None
    words: frozenset[str]
    names: frozenset[str]
    titled: bool
    title_names: frozenset[str]
    quantities: tuple[Quantity, ...]
    entities: Mapping[str, str]  # id → type
    headline: frozenset[str]  # the entities of the title
    family: Mapping[str, frozenset[str]]  # id → itself and what it belongs to
    lines: frozenset[str]  # all of these together
    open: frozenset[str]  # entities that no pack lists, read by an open pattern ("the maker of the chatbot"): they may be anybody
    bodies: frozenset[str]  # ministries and laboratories: no whole state, no name that many have
    vague: frozenset[str]  # the other bodies
    forms: Mapping[str, tuple[frozenset[str], ...]]  # id → the words of each longer form that the item names it by
    said: frozenset[str]  # every word, those of entities included
    states: frozenset[str]  # of those the ones that are a state as a whole
    countries: frozenset[str]  # of the public parties and of words such as "Greek" and "Athens"
    abroad: frozenset[str]  # those that are no vendor's home
    places: frozenset[str]  # where it plays: those abroad, and those of its public parties
    acts: frozenset[str]  # the kinds of deal that words speak of
    award: str
    buyer: frozenset[str]
    supplier: frozenset[str]
    figures: frozenset[str]  # the quantities as short texts: equal when two agree to two digits


def profile(
    item: Item, entities: Sequence[EntityHit], kin: Mapping[str, Kin], hints: Hints, now: datetime | None = None
) -> Profile:
    """Read `item`, in which `entities` were recognised; `now` dates it when it has no moment of its own."""
    lead = (item.summary or item.content)[:LEAD]
    lang = base(item.lang)
    forms = _forms(item, entities)
    explained = frozenset().union(*(form for several in forms.values() for form in several))
    forms = {e: tuple(f for f in several if max(map(len, f), default=0) > SHORT_FORM) for e, several in forms.items()}
    folded_title, folded_lead = fold(item.title).decode(), fold(lead).decode()
    title_words, lead_words = _split(folded_title), _split(folded_lead)
    said = frozenset(title_words).union(lead_words)
    title_names = names(item.title, lang) - explained
    facts = item.facts
    when = item.when or now
    stated = (Quantity(facts.amount, _SIGNS.get(facts.currency or "", facts.currency or "")),) if facts.amount else ()
    counted = tuple(dict.fromkeys(stated + quantities(f"{item.title}\n{lead}")))
    public = {e.id: _country(e.id, kin) for e in entities if e.type in PUBLIC}
    states = frozenset(e for e in public if e in kin and GOVERNMENT in kin[e].role)
    bodies = frozenset(e.id for e in entities if e.type in BODIES and public[e.id] and e.id not in states and not _played(e.id, kin))
    named, acts = hints.read(folded_title + folded_lead, said, f"{item.title} {lead}")
    countries = named.union(public.values()) - _NOWHERE
    homes = {_country(e.id, kin) for e in entities if e.type in VENDORS}
    family = {e.id: _line(e.id, kin) for e in entities}
    return Profile(
        link=link(item.url),
        title=" ".join(title_words) if _telling(title_words) else "",
        lang=lang,
        when=when.timestamp() / 3600 if when else None,
        words=frozenset([w for w in said.difference(explained, SMALL_WORDS) if not w[0].isdigit()]),
        names=title_names | (names(lead, lang) - explained),
        titled=bool(title_words),
        title_names=title_names,
        quantities=counted,
        entities={e.id: e.type for e in entities},
        headline=frozenset(e.id for e in entities if any(field == "title" for field, _, _ in e.spans)),
        family=family,
        lines=frozenset().union(*family.values()),
        open=frozenset(e for e in family if e not in kin),
        bodies=bodies,
        vague=frozenset(e.id for e in entities if e.type in BODIES) - bodies,
        forms=forms,
        said=said,
        countries=countries,
        abroad=countries - homes,
        places=(countries - homes).union(public.values()) - _NOWHERE,
        states=states,
        acts=acts,
        award=" ".join(words(facts.award_id or "")),
        buyer=frozenset(words(facts.buyer or "")),
        supplier=frozenset(words(f"{facts.supplier or ''} {facts.vendor or ''}")),
        figures=frozenset(f"#{q.value:.1e}" for q in counted),
    )


_NOWHERE = frozenset({"", "INT", "EU"})


def _played(entity: str, kin: Mapping[str, Kin]) -> bool:
    """Whether it was made up from a role and a country ("armed forces of France"): it may have a name of its own elsewhere."""
    role, _, country = entity.partition(".")
    return bool(country) and kin[entity].country == country.upper() and role != entity


def _country(entity: str, kin: Mapping[str, Kin]) -> str:
    return (kin[entity].country or "") if entity in kin else ""


_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "KRW": "₩", "INR": "₹"}


def _line(entity: str, kin: Mapping[str, Kin]) -> frozenset[str]:
    seen: dict[str, None] = {}
    at: str | None = entity
    while at is not None and at not in seen:  # a pack may err and make a circle
        seen[at] = None
        at = kin[at].parent if at in kin else None
    return frozenset(seen)


def _forms(item: Item, entities: Sequence[EntityHit]) -> dict[str, tuple[frozenset[str], ...]]:
    fields = {"title": item.title, "summary": item.summary, "content": item.content}
    found = {}
    for e in entities:
        texts = {fields.get(field, "")[start:end] for field, start, end in e.spans if start < LEAD} | {e.name}
        found[e.id] = tuple({frozenset(words(text)) for text in texts})
    return found


# --- words ------------------------------------------------------------------------------------------


def words(text: str) -> list[str]:
    """The folded words of `text`; scripts without spaces, and Korean with its particles, as pairs of characters."""
    if text.isascii() and text.isalnum():
        return [text.lower()]
    return _split(fold(text).decode())


def _split(folded: str) -> list[str]:
    if folded.isascii():
        return folded.split()
    found: list[str] = []
    for word in folded.split():
        if word.isascii() or not UNSPACED.match(word):
            found.append(word)
        else:
            found += [word[i : i + 2] for i in range(len(word) - 1)] or [word]
    return found


def _telling(title: Sequence[str]) -> bool:
    return len(set(title)) >= MIN_TITLE_WORDS


_WORD = re.compile(r"[^\W_]+(?:[-'’./][^\W_]+)*")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f0-9]+(?:[-'’./][A-Za-z\u00c0-\u024f0-9]+)*")
_SENTENCE_END = frozenset(".!?:;…«»“”\"„|–—-")
_TITLE_CASE = 0.6  # with more of its longer words capitalised, a line is in title case and capitals say nothing
_NOUN_CAPITALS = frozenset({"de", "lb"})  # every noun has a capital


def names(text: str, lang: str) -> frozenset[str]:
    """Words that look like names or codes by how they are written, folded; nothing for scripts that do not show it."""
    foreign = UNSPACED.search(text) is not None
    tokens = text.split()
    long = [token[0] for token in tokens if len(token) > 3]
    shouting = lang in _NOUN_CAPITALS or sum(map(str.isupper, long)) > _TITLE_CASE * len(long)
    picked = []
    for before, token in zip(["", *tokens], tokens, strict=False):
        if foreign or not token.islower() or not token.isalpha():
            for match in (_LATIN_WORD if foreign else _WORD).finditer(token):
                place = token[: match.start()] or before
                if _is_name(match[0], place[-1:], foreign=foreign, shouting=shouting):
                    picked.append(match[0])
    return frozenset(w for name in picked for w in words(name) if len(w) > 2 and not w[0].isdigit())


def _is_name(word: str, before: str, *, foreign: bool, shouting: bool) -> bool:
    """Whether a word after the character `before` is written like a name; the first of a sentence has a capital in any case."""
    if len(word) < 3:
        return False
    if word.isalpha():
        if word.islower():
            return foreign and len(word) > 3
        rest = word[1:]
        if rest != rest.lower() and not (shouting and word.isupper()):
            return True
    elif any(map(str.isalpha, word)) and (any(map(str.isdigit, word)) or (word[1:] != word[1:].lower() and not shouting)):
        return True
    opens = not before or before in _SENTENCE_END
    return (word[0].isupper() and not shouting and not opens) or (foreign and len(word) > 3)


# --- links ------------------------------------------------------------------------------------------

def link(url: str) -> str:
    """What the addresses of one page have in common; "" for none, and for a front page, which stands for no article."""
    page = canonical(url)
    return page if "/" in page or "?" in page else ""
