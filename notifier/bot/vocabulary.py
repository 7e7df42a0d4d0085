"""What people may name: topics, rules, entities by any of their names, and countries in our languages; and what is spelled much the same.

Pure. Made once for a rule set; texts that people wrote are compared as the rules compare them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from notifier.bot.grammar import Piece
from notifier.seal import key
from notifier.tongue import LANGUAGES, tongue
from notifier.wishes import Follow, Of
from rules.fold import fold
from rules.live import LiveRules
from rules.ruleset import RuleSet

NEAR = 0.72  # how much alike two names must be for one to be offered for the other
_OTHER_NAMES = {"UK": "GB", "USA": "US", "U.S.": "US", "America": "US", "England": "GB", "Great Britain": "GB", "Korea": "KR", "UAE": "AE"}


@dataclass(frozen=True, slots=True)
class Named:
    """Something that can be followed or muted, and what it is called."""

    follow: Follow
    name: str

    @property
    def key(self) -> str:
        """What stands for it in a button's data."""
        return key(self.follow.of, self.follow.what)


@dataclass(frozen=True)
class Vocabulary:
    """The topics, rules and entities of a rule set, and topics that stories carry though no rule gives them any more."""

    topics: tuple[str, ...] = ()
    ruleset: RuleSet | None = None

    def find(self, piece: Piece, more_topics: Iterable[str] = ()) -> list[Named]:
        """What a piece names, the surest reading alone; several where one name is borne by several."""
        if piece.quoted:
            return [Named(Follow(Of.WORDS, piece.text), piece.text)]
        asked = piece.text
        of, colon, rest = asked.partition(":")
        if colon and of.strip().lower() in set(Of):
            return self._of(Of(of.strip().lower()), rest.strip(), more_topics)
        for kind in (Of.TOPIC, Of.RULE, Of.ENTITY, Of.COUNTRY):
            found = self._of(kind, asked, more_topics)
            if found:
                return found
        return []

    def find_all(self, piece: Piece, more_topics: Iterable[str] = ()) -> list[Piece]:
        """A piece as it stands where it is known whole; else its words, where each of them is known."""
        topics = tuple(more_topics)
        words = [Piece(w) for w in piece.text.split()]
        if piece.quoted or self.find(piece, topics) or len(words) < 2 or not all(self.find(w, topics) for w in words):
            return [piece]
        return words

    def near(self, piece: Piece, more_topics: Iterable[str] = (), most: int = 3) -> list[Named]:
        """What is spelled much the same, nearest first."""
        names: dict[str, list[Named]] = defaultdict(list)
        for topic in dict.fromkeys((*self.topics, *more_topics)):
            names[_plain(topic)].append(Named(Follow(Of.TOPIC, topic), topic))
        for folded, found in self._near_names.items():
            names[folded] += found
        close = get_close_matches(_plain(piece.text), list(names), n=most, cutoff=NEAR)
        return list(dict.fromkeys(n for folded in close for n in names[folded]))[:most]

    def by_key(self, wanted: str, more_topics: Iterable[str] = ()) -> Named | None:
        """What a button's data stands for."""
        for topic in dict.fromkeys((*self.topics, *more_topics)):
            if key(Of.TOPIC, topic) == wanted:
                return Named(Follow(Of.TOPIC, topic), topic)
        return self._by_key.get(wanted)

    def name(self, follow: Follow, lang: str = "en") -> str:
        """What something that is followed or muted is called, in a language."""
        if follow.of is Of.ENTITY and self.ruleset and follow.what in self.ruleset.entities:
            return self.ruleset.entities[follow.what].name
        if follow.of is Of.COUNTRY:
            return tongue(lang).country(follow.what)
        return f"“{follow.what}”" if follow.of is Of.WORDS else follow.what

    def _of(self, of: Of, asked: str, more_topics: Iterable[str]) -> list[Named]:
        if of is Of.TOPIC:
            topic = asked.lower().removeprefix("#")
            return [Named(Follow(of, topic), topic)] if topic in self.topics or topic in set(more_topics) else []
        if of is Of.RULE:
            rule = self.ruleset.rule(asked.lower()) if self.ruleset else None
            return [Named(Follow(of, rule.id), rule.id)] if rule else []
        if of is Of.ENTITY:
            return self._entities(asked)
        if of is Of.COUNTRY:
            return self._countries.get(fold(asked), []) or self._countries.get(fold(_OTHER_NAMES.get(asked, "")), [])
        return [Named(Follow(Of.WORDS, asked), asked)] if of is Of.WORDS and fold(asked).strip() else []

    def _entities(self, asked: str) -> list[Named]:
        entities: Mapping[str, object] = self.ruleset.entities if self.ruleset else {}
        if asked.lower() in entities:
            return [self._entity(asked.lower())]
        for names in self._entity_names:
            ids = names.get(fold(asked))
            if ids:
                return [self._entity(i) for i in ids]
        return []

    def _entity(self, id_: str) -> Named:
        assert self.ruleset is not None  # ids come from it
        return Named(Follow(Of.ENTITY, id_), self.ruleset.entities[id_].name)

    @cached_property
    def _entity_names(self) -> tuple[dict[bytes, list[str]], ...]:
        """Folded name → entities: by their names, by aliases that mean nothing else, by the others."""
        names, sure, unsure = ({}, {}, {})  # type: tuple[dict[bytes, list[str]], dict[bytes, list[str]], dict[bytes, list[str]]]
        for entity in self.ruleset.entities.values() if self.ruleset else ():
            names.setdefault(fold(entity.name), []).append(entity.id)
            for alias in entity.aliases:
                into = unsure if alias.needs else sure
                ids = into.setdefault(fold(alias.text.rstrip("*")), [])
                if entity.id not in ids:
                    ids.append(entity.id)
        return names, sure, unsure

    @cached_property
    def _countries(self) -> dict[bytes, list[Named]]:
        codes = {e.country for e in self.ruleset.entities.values() if e.country} if self.ruleset else set()
        found: dict[bytes, list[Named]] = {}
        for code in sorted(codes - {"INT"}):
            named = [Named(Follow(Of.COUNTRY, code), tongue("en").country(code))]
            for name in (code, *(tongue(lang).country(code) for lang in LANGUAGES)):
                found[fold(name)] = named
        return found

    @cached_property
    def _near_names(self) -> dict[str, list[Named]]:
        found: dict[str, list[Named]] = {}
        for rule in self.ruleset.rules if self.ruleset else ():
            found.setdefault(_plain(rule.id), []).append(Named(Follow(Of.RULE, rule.id), rule.id))
        for entity in self.ruleset.entities.values() if self.ruleset else ():
            found.setdefault(_plain(entity.name), []).append(self._entity(entity.id))
        for folded, named in self._countries.items():
            if len(folded) > 5:
                found.setdefault(folded.decode().strip(), []).extend(named)
        return found

    @cached_property
    def _by_key(self) -> dict[str, Named]:
        every = [n for named in (*self._near_names.values(), *self._countries.values()) for n in named]
        return {n.key: n for n in every}


def following_words(live: LiveRules) -> Callable[[], Vocabulary]:
    """What can be named under the rules in force; made anew only when they change."""
    made: list[Vocabulary] = []

    def now() -> Vocabulary:
        ruleset = live.matcher.ruleset
        if not made or made[0].ruleset is not ruleset:
            made[:] = [Vocabulary(ruleset.topics, ruleset)]
        return made[0]

    return now


def _plain(text: str) -> str:
    return fold(text).decode().strip()
