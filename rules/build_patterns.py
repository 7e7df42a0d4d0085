"""Patterns and the table of countries, made ready to be read: slots and phrases in a row, a body for each role in each country. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from rules.automaton import Phrase
from rules.build_entities import Registry, compile_contexts
from rules.files import Spot
from rules.lands import ADJECTIVE, CAPITAL, COUNTRY, SLOTS, LandTable
from rules.patterns import MODEL, NAME, Pattern, Patterns
from rules.phrases import EVERY_LANGUAGE, Languages, counts_in
from rules.spec_entities import Country, Entity, Word
from rules.spec_entities import Pattern as PatternSpec
from rules.vocabulary import Vocabulary

_SLOT = re.compile(r"\{(\w*)\}")
_COUNTRY = re.compile(r"\s*(?:\(\{country\}\)|of \{country\}|\{country\}|\{adjective\} )")
_BODY = {"id", "name", "type", "country", "role"}  # the keys of a body that is made of a role
_MANY = 50_000  # bodies that are remembered for the next rule set, which has most of them too
Placed = Iterable[tuple[Spot, Entity]]


def with_roles(entities: Sequence[tuple[Spot, Entity]], countries: Sequence[tuple[Spot, Country]]) -> dict[str, Entity]:
    """All entities by id: for each role and each country a body that plays it, unless a written one does."""
    out = {e.id: e for _, e in entities}
    held = {(role, e.country) for e in out.values() for role in e.role}
    for _, role in entities:
        if not role.is_role or "{model}" in role.name:
            continue
        out[role.id] = role.model_copy(update={"name": _COUNTRY.sub("", role.name)})
        for _, land in countries:
            if (role.id, land.code) not in held:
                body = _body(role.id, role.type, land.id, _body_name(role.name, land))
                out[body.id] = body
    return out


@lru_cache(maxsize=_MANY)
def _body(role: str, kind: str, land: str, name: str) -> Entity:
    return _nowhere(role, kind).model_copy(update={"id": f"{role}.{land}", "name": name, "country": land.upper()})


@lru_cache(maxsize=_MANY)
def _nowhere(role: str, kind: str) -> Entity:
    """A body of no country, to be copied: to make each from its parts takes four times as long."""
    return Entity.model_construct(_BODY, id=role, type=kind, role=(role,))


def _body_name(name: str, land: Country) -> str:
    if "{adjective}" in name:
        return name.replace("{adjective}", next((a.text for a in land.adjectives if a.text), land.name))
    return name.replace("({country})", f"({land.name.removeprefix('the ')})").replace("{country}", land.name)


def compile_patterns(
    entities: Sequence[tuple[Spot, Entity]], countries: Sequence[tuple[Spot, Country]], registry: Registry, vocabulary: Vocabulary
) -> Patterns:
    """Every pattern of every entity by the phrase that anchors it, and the words of the countries."""
    by_phrase: dict[int, list[Pattern]] = defaultdict(list)
    alone: list[Pattern] = []
    for spot, entity in entities:
        for index, spec in enumerate(entity.patterns):
            pattern = _pattern(entity, spec, spot.at("patterns", index), registry, vocabulary)
            if pattern is None:
                continue
            if pattern.anchor is None:
                alone.append(pattern)
            else:
                by_phrase[int(pattern.parts[pattern.anchor])].append(pattern)
    return Patterns(
        by_phrase={number: tuple(patterns) for number, patterns in by_phrase.items()},
        alone=tuple(alone),
        table=_table(countries, vocabulary),
        holders=_holders(registry),
        makers={e.id: e.parent for e in registry.entities.values() if e.type == "ai_model" and e.parent},
        stops=vocabulary.words_of("name-stops"),
        yielding=frozenset(e.id for e in registry.entities.values() if e.unnamed),
    )


def _holders(registry: Registry) -> Mapping[tuple[str, str], str]:
    return {(role, e.country): e.id for e in registry.entities.values() if e.country for role in e.role}


def _pattern(entity: Entity, spec: PatternSpec, spot: Spot, registry: Registry, vocabulary: Vocabulary) -> Pattern | None:
    pieces = _SLOT.split(spec.text)
    mistake = _mistake(entity, pieces)
    if mistake:
        vocabulary.problems.append(spot.problem(f"{spec.text!r} {mistake[0]}", mistake[1]))
        return None
    parts: list[int | str] = []
    for index, piece in enumerate(pieces):
        if index % 2:
            parts.append(piece)
        elif piece.strip():
            attached = index > 0 and not piece[0].isspace()  # "{name}ministerium"
            number = vocabulary.phrase(f"*{piece.strip()}" if attached else piece.strip(), spot)
            if number is None:
                return None
            parts.append(number)
    phrases = vocabulary.table
    numbers = [p for p in parts if isinstance(p, int)]
    anchor = max(numbers, key=lambda n: len(phrases[n].text), default=None)
    needs, unless = compile_contexts(spec.needs, spec.unless, spot, entity.id, registry, vocabulary)
    return Pattern(
        entity.id, tuple(parts), None if anchor is None else parts.index(anchor), _languages(spec, (phrases[n] for n in numbers)),
        needs, unless, spec.several, entity.lone, spec.home, NAME in parts and _is_capital(phrases[anchor or 0]),
        vocabulary.words_of(f"name-links-{spec.lang or 'en'}"),
    )


def _is_capital(phrase: Phrase) -> bool:
    return phrase.text[:1].isupper()


def _languages(spec: PatternSpec, phrases: Iterable[Phrase]) -> Languages:
    if not spec.lang:
        return EVERY_LANGUAGE
    return frozenset({spec.lang}).union(*(counts_in(phrase, spec.lang) for phrase in phrases))


def _mistake(entity: Entity, pieces: Sequence[str]) -> tuple[str, str] | None:
    slots, known = pieces[1::2], (*SLOTS, MODEL, NAME)
    if any(slot not in known for slot in slots):
        return "has a slot that is not known", f"write one of {', '.join(f'{{{s}}}' for s in known)}"
    if len(slots) > 1:
        return "has more than one slot", "leave one"
    if NAME in slots and not any(piece.strip() for piece in pieces[0::2]):
        return "would take every name", "write the words that stand beside it"
    if NAME not in slots and not entity.is_role:
        return "speaks of a country, but its entity plays no role", "write {country} or {adjective} into the name of the entity"
    return None


def _table(countries: Sequence[tuple[Spot, Country]], vocabulary: Vocabulary) -> LandTable:
    words: dict[int, dict[tuple[str, str], None]] = defaultdict(dict)
    for spot, country in countries:
        own = () if "(" in country.name else (Word.model_validate({"text": country.name}),)
        for slot, written in ((COUNTRY, (*own, *country.names)), (ADJECTIVE, country.adjectives), (CAPITAL, country.capitals)):
            for number in vocabulary.names(written, spot):
                words[number][slot, country.code] = None
    return LandTable(
        words={number: tuple(found) for number, found in words.items()},
        homes={language: country.code for _, country in countries for language in country.home},
        articles=frozenset(f"{word} ".encode() for word in vocabulary.words_of("name-articles")),
        joints=frozenset(f" {word} ".encode() for word in vocabulary.words_of("name-joints")) | {b" "},
        longer=vocabulary.words_listed("not-countries"),
    )
