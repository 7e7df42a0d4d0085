"""Entities as written, made ready to be found: aliases with their conditions, ids followed. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import lru_cache, reduce
from operator import and_

from rules.entities import (
    AllContext,
    BesideContext,
    CompiledAlias,
    Context,
    EntityContext,
    PhraseContext,
    TouchingContext,
    looks_at_entities,
)
from rules.files import Spot
from rules.fold import fold_written
from rules.phrases import EVERY_LANGUAGE, Languages, PhraseSet, counts_in
from rules.spec import EntityRef
from rules.spec_entities import Alias, Entity
from rules.spec_entities import Context as ContextSpec
from rules.vocabulary import Vocabulary
from watcher.errors import Problem
from watcher.yamlfile import Path, suggest

_ATTACHED = frozenset({" و".encode(), " ו".encode()})  # "and", written with the word that it joins
_INFLECTED = frozenset({"ai_org", "ai_model", "chip_vendor"})
_SINGLE_NAME = re.compile("[A-Z][A-Za-z]{3,}")


class Registry:
    """Who can be named: entities by id and by type, and every id ever written, so that one switched off is no mistake."""

    def __init__(self, entities: Mapping[str, Entity], known: set[str], *, complete: bool) -> None:
        self.entities = entities
        self.known = known | entities.keys()
        self.complete = complete
        self._alike: dict[tuple[str, str | None], set[str]] = defaultdict(set)  # ids by what an entity is
        self._matching: dict[tuple[tuple[str | None, ...], ...], frozenset[str]] = {}
        self.roles = frozenset(role for entity in entities.values() for role in entity.role)
        for entity in entities.values():
            for trait in (("type", entity.type), ("country", entity.country), *(("role", role) for role in entity.role)):
                self._alike[trait].add(entity.id)

    def of_type(self, entity_type: str) -> frozenset[str]:
        """The ids of all entities of a type."""
        return frozenset(self._alike.get(("type", entity_type), ()))

    def matching(self, refs: Sequence[EntityRef]) -> frozenset[str]:
        """The ids of the entities that a rule's references mean."""
        key = tuple((r.id, r.type, r.role, r.country) for r in refs)
        if key not in self._matching:
            self._matching[key] = frozenset().union(*map(self._meant, refs))
        return self._matching[key]

    def _meant(self, ref: EntityRef) -> AbstractSet[str]:
        traits = [("type", ref.type), ("country", ref.country), ("role", ref.role)]
        sets: list[AbstractSet[str]] = [self._alike.get(trait, set()) for trait in traits if trait[1] is not None]
        if ref.id:
            sets.append({ref.id} & self.entities.keys())
        return reduce(and_, sets)

    def check(self, entity_id: str, spot: Spot, problems: list[Problem]) -> None:
        """Add a problem when no entity of that id was ever written; without the built-in entities, built-in files may name them."""
        if entity_id not in self.known and (self.complete or not spot.builtin):
            fix = suggest(entity_id, self.known) or "write the id of an entity"
            problems.append(spot.problem(f"there is no entity {entity_id!r}", fix))


def compile_aliases(
    entities: Iterable[tuple[Spot, Entity]], registry: Registry, vocabulary: Vocabulary
) -> dict[int, tuple[CompiledAlias, ...]]:
    """Every name of every entity by the number of its phrase."""
    out: dict[int, list[CompiledAlias]] = defaultdict(list)
    endings = {language: frozenset(w.encode() for w in words) for language, words in vocabulary.lists_of("name-endings-").items()}
    for spot, entity in entities:
        if entity.parent:
            registry.check(entity.parent, spot.at("parent"), vocabulary.problems)
        plain = CompiledAlias(entity.id)
        for path, alias in _names(entity):
            number = vocabulary.phrase(alias.text, spot, *path, exact=alias.exact_case is not None, name=True)
            if number is not None:
                compiled = plain if _is_plain(alias) else _compiled(alias, number, entity, spot.at(*path), registry, vocabulary)
                out[number].append(compiled)
                if _takes_endings(entity, alias):
                    inflected = vocabulary.phrase(f"{alias.text}*", spot, *path, exact=True, name=True)
                    if inflected is not None:
                        out[inflected].append(replace(compiled, stem=len(alias.text), endings=endings))
    return {number: tuple(aliases) for number, aliases in out.items()}


def _is_plain(alias: Alias) -> bool:
    return not (alias.lang or alias.since or alias.until or alias.needs or alias.unless)


def _compiled(alias: Alias, number: int, entity: Entity, spot: Spot, registry: Registry, vocabulary: Vocabulary) -> CompiledAlias:
    compiler = _ContextCompiler(fold_written(alias.text), entity.id, registry, vocabulary)
    needs = compiler.compile(alias.needs, spot.at("needs"), local=False)
    unless = compiler.compile(alias.unless, spot.at("unless"), local=True)
    languages = counts_in(vocabulary.table[number], alias.lang) if alias.lang else EVERY_LANGUAGE
    late = any(map(looks_at_entities, (*needs, *unless)))
    return CompiledAlias(entity.id, languages, alias.since, alias.until, needs, unless, late)


def _takes_endings(entity: Entity, alias: Alias) -> bool:
    """Whether languages that inflect names add endings to it: those of companies and models, where they are single words."""
    return entity.type in _INFLECTED and alias.lang is None and _SINGLE_NAME.fullmatch(alias.text) is not None


def _names(entity: Entity) -> Iterable[tuple[Path, Alias]]:
    """The aliases of an entity, and where in it they are; its own name first, unless an alias of that text sets conditions for it."""
    if entity.is_found_by_name and fold_written(entity.name) not in {fold_written(a.text) for a in entity.aliases}:
        yield ("name",), Alias.model_validate({"text": entity.name})
    for index, alias in enumerate(entity.aliases):
        yield ("aliases", index), alias


def compile_contexts(
    needs: Sequence[ContextSpec], unless: Sequence[ContextSpec], spot: Spot, entity: str, registry: Registry, vocabulary: Vocabulary
) -> tuple[tuple[Context, ...], tuple[Context, ...]]:
    """What a pattern of an entity needs and what it refuses."""
    compiler = _ContextCompiler(b"\0", entity, registry, vocabulary)
    return compiler.compile(needs, spot.at("needs"), local=False), compiler.compile(unless, spot.at("unless"), local=False)


@lru_cache(maxsize=1)
def _joints(words: frozenset[str]) -> frozenset[bytes]:
    """What may stand between two names that are said in one breath; the same set for all that ask."""
    return frozenset(f" {word} ".encode() for word in words) | _ATTACHED


class _ContextCompiler:
    """Compiles the conditions of one alias."""

    def __init__(self, alias: bytes, entity: str, registry: Registry, vocabulary: Vocabulary) -> None:
        self._alias = alias
        self._entity = entity
        self._registry = registry
        self._vocabulary = vocabulary

    def compile(self, specs: Sequence[ContextSpec], spot: Spot, *, local: bool) -> tuple[Context, ...]:
        """Contexts of which any will do; the plain phrases among them become one."""
        out: list[Context] = []
        phrases: dict[int, Languages] = {}
        for index, spec in enumerate(specs):
            at = spot.at(index)
            if spec.text is not None:
                number = self._vocabulary.phrase(spec.text, at, exact=spec.exact_case is not None)
                if number is not None:
                    phrases[number] = EVERY_LANGUAGE
            else:
                out += self._other(spec, at, local=local)
        if phrases:
            out.insert(0, PhraseContext(PhraseSet(phrases), self._around(phrases) if local else frozenset()))
        return tuple(out)

    def _around(self, phrases: Iterable[int]) -> frozenset[int]:
        folded = {n: fold_written(self._vocabulary.table[n].text) for n in phrases}
        return frozenset(n for n, text in folded.items() if self._alias in text and self._alias != text)

    def _other(self, spec: ContextSpec, at: Spot, *, local: bool) -> Iterable[Context]:
        if spec.list_name or spec.lexicon:
            found = self._phrases(spec, at)
            if found is not None:
                yield PhraseContext(found)
        elif spec.entity or spec.type:
            yield EntityContext(self._entities(spec, at))
        elif spec.all:
            yield AllContext(tuple(part for i, s in enumerate(spec.all) for part in self.compile((s,), at.at("all", i), local=local)))
        else:
            key = "next" if spec.next else "prev"
            for index, touching in enumerate(spec.next or spec.prev):
                if touching.entity or touching.type:
                    joints = _joints(self._vocabulary.words_of("name-joints"))
                    yield BesideContext(self._entities(touching, at.at(key, index)), joints, after=key == "next")
                    continue
                found = self._phrases(touching, at.at(key, index))
                if found is not None:
                    yield TouchingContext(found, after=key == "next")

    def _entities(self, spec: ContextSpec, at: Spot) -> frozenset[str]:
        for index, entity_id in enumerate(spec.entity):
            self._registry.check(entity_id, at.at("entity", index), self._vocabulary.problems)
        ids = frozenset(spec.entity).union(*map(self._registry.of_type, spec.type))
        return ids - {self._entity} if self._entity in ids else ids

    def _phrases(self, spec: ContextSpec, at: Spot) -> PhraseSet | None:
        if spec.list_name:
            return self._vocabulary.list(spec.list_name, at.at("list"))
        if spec.lexicon:
            return self._vocabulary.lexicon(spec.lexicon, at.at("lexicon"))
        if spec.text is None:
            self._vocabulary.problems.append(at.problem("only words and entities can touch an alias", "write a phrase or a list"))
            return None
        number = self._vocabulary.phrase(spec.text, at, exact=spec.exact_case is not None)
        return None if number is None else PhraseSet({number: EVERY_LANGUAGE})
