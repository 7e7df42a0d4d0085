"""One item in, its entities and matches out: one scan, then only the rules whose rarest part was found. Pure, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rules.automaton import Span
from rules.conditions import Reading, evidence_here, where
from rules.document import Document
from rules.entities import resolve
from rules.model import EntityHit, FieldSpan, MatchResult, RuleMatch
from rules.ruleset import CompiledRule, RuleSet
from rules.score import Found, grounds, plain_score, weigh
from rules.spec_entities import Entity
from watcher.model import Item

MAX_EVIDENCE = 24  # spans shown for one match
Origins = Mapping[Span, FieldSpan]
_ENGLISH = frozenset({"en"})
MAX_ID = 64  # characters, as the table of entities holds them
MAX_PLACES = 50  # sentences or windows of one item that are looked at for evidence and score


class Matcher:
    """Judges items by one rule set. Holds no state between items."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        # What is shown of an entity that has a name of its own.
        self._faces = {
            e.id: (e.name, e.type, e.country or "") for e in ruleset.entities.values() if not (e.is_open or e.unnamed or e.is_made)
        }

    def read(self, item: Item) -> Reading:
        """The item with its hits and entities, not yet judged."""
        rules = self.ruleset
        document = Document(item, rules.automaton, rules.phrases)
        entities = resolve(document, rules.aliases, rules.patterns)
        return Reading(document, entities, rules.index.leaves(entities.keys(), document.hits.keys()), rules.aside.of(document))

    def match(self, item: Item) -> MatchResult:
        """The entities that an item names and the rules it satisfies, in the order of the rule set."""
        reading = self.read(item)
        matches = (judge(self.ruleset.rules[number], reading) for number in self.ruleset.index.candidates(reading.leaves))
        return MatchResult(self.entities(reading), tuple(m for m in matches if m is not None))

    def entities(self, reading: Reading) -> tuple[EntityHit, ...]:
        """The entities of a reading with their places in the original text; an open name is an entity of its own."""
        hits: list[EntityHit] = []
        faces, origins = self._faces, reading.document.origins(reading.names)
        for entity_id, spans in reading.entities.items():
            face = faces.get(entity_id)
            if face is not None:
                name, entity_type, country = face
                hits.append(EntityHit(entity_id, name, entity_type, _each(spans, origins), country))
                continue
            entity = self.ruleset.entities[entity_id]
            if entity.is_open:
                hits += open_hits(entity, spans, reading.document, origins)
            elif entity.is_made:
                name = called(entity, reading.document, origins[spans[0]])
                hits.append(EntityHit(entity_id, name, entity.type, _each(spans, origins), entity.country or ""))
        return tuple(hits)


def _each(spans: Sequence[Span], origins: Origins) -> tuple[FieldSpan, ...]:
    """Where spans came from, each place once."""
    return (origins[spans[0]],) if len(spans) == 1 else tuple(dict.fromkeys(map(origins.__getitem__, spans)))


def open_hits(entity: Entity, spans: Iterable[Span], document: Document, origins: Origins) -> Iterator[EntityHit]:
    """What open patterns of an entity read, by name as the text writes it first; the id is the entity's with the name after a dot."""
    by_id: dict[str, list[FieldSpan]] = {}
    for span in spans:
        slug = document.data[slice(*span)].decode().replace(" ", "-")
        by_id.setdefault(f"{entity.id}.{slug}"[:MAX_ID], []).append(origins[span])
    for name_id, found in by_id.items():
        field, start, end = found[0]
        yield EntityHit(name_id, getattr(document.item, field)[start:end], entity.type, tuple(found), entity.country or "")


def called(entity: Entity, document: Document, place: FieldSpan) -> str:
    """The name of a body made of a role; where a text in another language gives one, that one, and the role's in brackets."""
    field, start, end = place
    said: str = getattr(document.item, field)[start:end]
    if said[0].islower() or document.speaks(_ENGLISH):
        return entity.name
    return f"{said} ({entity.name.replace(' (', ', ').removesuffix(')')})"


def judge(rule: CompiledRule, reading: Reading) -> RuleMatch | None:
    """What `rule` makes of an item; None when it does not hold."""
    if rule.where.missed(reading.document) is not None:
        return None
    places = where(rule.when, reading)
    if not places:
        return None
    if rule.scale is not None and weigh(rule.scale, reading).score < rule.at_least:
        return None
    found: list[Found] = [list(evidence_here(rule.when, reading, place)) for place in places[:MAX_PLACES]]
    if rule.scale is not None:
        contributions = weigh(rule.scale, reading).contributions
        found.append(grounds(rule.scale, reading))
    else:
        contributions = max((plain_score(f, reading) for f in found), key=lambda parts: sum(p.value for p in parts))
    held = [pair for pairs in found for pair in pairs]
    shown = sorted(set().union(*[spans for _, spans in held]))
    return RuleMatch(
        rule=rule.id,
        severity=rule.severity,
        topics=rule.topics,
        score=round(min(1.0, max(0.0, sum(p.value for p in contributions))), 3),
        evidence=_each(shown, reading.document.origins(shown))[:MAX_EVIDENCE],
        contributions=contributions,
        clauses=tuple(dict.fromkeys([leaf.label for leaf, _ in held])),
    )
