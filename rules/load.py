"""Rule and entity files in, one compiled rule set out, or every mistake in them at once.

`load_ruleset` is what the service, `rules check` and every other command call, so that what is checked is what runs. Reading
folders is the only I/O here; `build` is pure.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from rules import spec, spec_entities
from rules.aside import BOILERPLATE, END_OF_STORY, Aside
from rules.automaton import Automaton
from rules.build_entities import Registry, compile_aliases
from rules.build_patterns import compile_patterns, with_roles
from rules.build_rules import RuleCompiler
from rules.files import PACKS, Entry, Sections, Spot, Text, checked, collect, read_folder
from rules.ruleset import PlacedTrap, RuleSet, Written, index_rules
from rules.vocabulary import Vocabulary
from watcher.errors import OperatorError, Problem


def load_ruleset(
    rules_dir: Path | None = None,
    entities_dir: Path | None = None,
    *,
    builtin_rules: bool = True,
    builtin_entities: bool = True,
) -> RuleSet:
    """The built-in packs with an operator's folders laid over them; a folder that does not exist holds nothing.

    Built-in lexicons and lists are loaded always, since operators' rules use them. Raises OperatorError with every mistake.
    """
    return Recipe.read(entities_dir, rules_dir, builtin_rules=builtin_rules, builtin_entities=builtin_entities).build()


@dataclass(frozen=True, slots=True)
class Recipe:
    """An operator's files and what stands below them: all that makes a rule set, and small enough to be sent to another process."""

    texts: tuple[Text, ...] = ()
    builtin_rules: bool = True
    builtin_entities: bool = True

    @classmethod
    def read(cls, *folders: Path | None, builtin_rules: bool = True, builtin_entities: bool = True) -> Recipe:
        """What stands in these folders now; one that does not exist holds nothing. Raises OperatorError for unreadable files."""
        return cls(tuple(t for folder in folders if folder for t in read_folder(folder)), builtin_rules, builtin_entities)

    @property
    def all_texts(self) -> list[Text]:
        """Every file, the built-in ones first."""
        return [*_packs(), *self.texts]

    def build(self) -> RuleSet:
        """The compiled rule set; raises OperatorError with every mistake."""
        return build(self.all_texts, builtin_rules=self.builtin_rules, builtin_entities=self.builtin_entities)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Half a million small things are made and kept; a search for garbage among them, begun again and again, doubles the time.

    Afterwards they count as old, so that the next search for young garbage passes them over.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        gc.enable()


@cache
def _packs() -> tuple[Text, ...]:
    return tuple(read_folder(PACKS, builtin=True))


def build(texts: Sequence[Text], *, builtin_rules: bool = True, builtin_entities: bool = True) -> RuleSet:
    """Compile the files; raise OperatorError with every mistake."""
    with _nothing_collected():
        return _build(texts, builtin_rules=builtin_rules, builtin_entities=builtin_entities)


def _build(texts: Sequence[Text], *, builtin_rules: bool, builtin_entities: bool) -> RuleSet:
    off = {("rules", True): builtin_rules} | {(section, True): builtin_entities for section in ("entities", "countries", "traps")}
    sections = collect(texts, frozenset(section for section, on in off.items() if not on))
    problems = sections.problems
    vocabulary = _vocabulary(sections, problems)
    entities = [(spot, e) for spot, e in checked(sections.entities.values(), spec_entities.Entity, problems) if e.enabled]
    countries = [(spot, c) for spot, c in checked(sections.countries.values(), spec_entities.Country, problems) if c.enabled]
    registry = Registry(with_roles(entities, countries), sections.known.get("entities", set()), complete=builtin_entities)
    aliases = compile_aliases(entities, registry, vocabulary)
    patterns = compile_patterns(entities, countries, registry, vocabulary)
    shared = {c.id: (spot, c) for spot, c in checked(sections.conditions.values(), spec.Shared, problems) if c.enabled}
    compiler = RuleCompiler(registry, vocabulary, shared, sections.known.get("conditions", set()))
    signals = [(spot, s) for spot, s in checked(sections.signals.values(), spec.Signal, problems) if s.enabled]
    scales = compiler.scales(signals)
    rules = tuple(compiler.compile(spot, r) for spot, r in checked(sections.rules.values(), spec.Rule, problems) if r.enabled)
    traps = tuple(_traps(sections, registry, problems))
    if problems:
        raise OperatorError(problems)
    phrases = vocabulary.table.phrases()
    return RuleSet(
        version=_version(texts, builtin_rules, builtin_entities), entities=registry.entities, rules=rules, traps=traps, aliases=aliases,
        patterns=patterns, phrases=phrases, automaton=_automaton(phrases), index=index_rules(rules, compiler.leaves),
        scales=scales, aside=Aside(*(vocabulary.lexicon_if_any(name) for name in (BOILERPLATE, END_OF_STORY))),
        written=Written(
            {e.id: spot.document.file for spot, e in entities},
            {name: entry.spot.document.file for name, entry in sections.lexicons.items()}, vocabulary.own,
        ),
    )


# An edit that changes no words leaves them to be found as before.
_automaton = lru_cache(maxsize=1)(Automaton)


def _vocabulary(sections: Sections, problems: list[Problem]) -> Vocabulary:
    lists = {}
    for name, entry in sections.lists.items():
        whole = Entry(Spot(entry.spot.document, (), entry.spot.builtin), {"lists": {name: entry.data}})
        for _, file in checked([whole], spec.File, problems):
            lists[name] = (entry.spot, file.lists[name])
    lexicons = {x.id: (spot, x) for spot, x in checked(sections.lexicons.values(), spec.Lexicon, problems) if x.enabled}
    return Vocabulary(lists, lexicons, problems, sections.known.get("lexicons", set()) | sections.lists.keys())


def _traps(sections: Sections, registry: Registry, problems: list[Problem]) -> Iterable[PlacedTrap]:
    for spot, trap in checked(sections.traps, spec_entities.Trap, problems):
        for key, ids in (("is", trap.is_), ("not", trap.not_)):
            for index, entity_id in enumerate(ids):
                registry.check(entity_id, spot.at(key, index), problems)
        yield PlacedTrap(trap, spot.place, spot.builtin)


def _version(texts: Sequence[Text], *switches: bool) -> str:
    digest = hashlib.sha256(repr(switches).encode())
    for text in sorted(texts, key=lambda t: (t.builtin, t.name)):
        digest.update(f"{text.name}\0{len(text.text)}\0{text.text}".encode())
    return digest.hexdigest()[:16]
