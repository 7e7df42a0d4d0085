"""Lists and lexicons, compiled to phrases; the one place where written words become numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from rules.automaton import Phrase
from rules.files import Spot
from rules.phrases import ANY, EVERY_LANGUAGE, Languages, PhraseSet, PhraseTable, counts_in, union
from rules.spec import Lexicon
from rules.spec_entities import Word
from watcher.errors import Problem
from watcher.yamlfile import suggest

Phrases = Mapping[int, Languages]


class Vocabulary:
    """What rules and aliases look words up in. Mistakes are added to `problems`.

    `known` are the names ever written: one that is switched off, or wrong in itself, is not reported missing as well.
    """

    def __init__(
        self,
        lists: Mapping[str, tuple[Spot, Sequence[Word]]],
        lexicons: Mapping[str, tuple[Spot, Lexicon]],
        problems: list[Problem],
        known: AbstractSet[str],
    ) -> None:
        self.table = PhraseTable()
        self.problems = problems
        self._words: dict[str, frozenset[str]] = {}
        self._known = known
        self._lists = {name: PhraseSet(self.words(words, spot, lists_allowed=False)) for name, (spot, words) in lists.items()}
        self.own = {name: self._own_words(spot, lexicon) for name, (spot, lexicon) in lexicons.items()}  # without those they take in
        families = {name: tuple(self._family(name, lexicons)) for name in lexicons}
        self._lexicons = {name: PhraseSet(union(self.own[n] for n in family)) for name, family in families.items()}
        self._spoken = {name: frozenset().union(*(lexicons[n][1].words for n in family)) - {ANY} for name, family in families.items()}

    def phrase(self, text: str, spot: Spot, *within: str | int, exact: bool = False, name: bool = False) -> int | None:
        """The number of a phrase, written at `spot` or `within` it; None, with a problem, when nothing of it can be looked for."""
        phrase = Phrase.read(text, exact=exact, name=name)
        mistake = None
        if not phrase.core:
            mistake = f"{text!r} has no letters or digits", "write a word"
        elif exact and phrase.rest:
            mistake = f"{text!r} has a * inside, where case cannot count", "leave out case: exact, or the *"
        if mistake is not None:
            self.problems.append(spot.at(*within).problem(*mistake))
            return None
        return self.table.number(phrase)

    def words(self, words: Sequence[Word], spot: Spot, *, lists_allowed: bool = True) -> dict[int, Languages]:
        """The phrases that `words` mean, those of the lists they name included."""
        out: dict[int, Languages] = {}
        for index, word in enumerate(words):
            if word.list_name is not None:
                at = spot.at(index)
                found = self.list(word.list_name, at.at("list")) if lists_allowed else None
                if not lists_allowed:
                    self.problems.append(at.problem("a list cannot hold another list", "write its words out"))
                out.update(found.languages if found else {})
            elif word.text is not None:
                number = self.phrase(word.text, spot, index, exact=word.exact_case is not None)
                if number is not None:
                    out[number] = EVERY_LANGUAGE
        return out

    def names(self, words: Sequence[Word], spot: Spot) -> Iterable[int]:
        """The numbers of words that are names."""
        for word in words:
            number = None if word.text is None else self.phrase(word.text, spot, exact=word.exact_case is not None, name=True)
            if number is not None:
                yield number

    def lists_of(self, beginning: str) -> dict[str, Iterable[str]]:
        """The words of all lists whose name begins so, by the rest of the name."""
        return {name.removeprefix(beginning): self.words_of(name) for name in self._lists if name.startswith(beginning)}

    def words_listed(self, name: str) -> PhraseSet:
        """The phrases of a list, none where there is no such list."""
        return self._lists.get(name) or PhraseSet({})

    def words_of(self, name: str) -> frozenset[str]:
        """The words of a list as they are compared, none where there is no such list."""
        if name not in self._words:
            self._words[name] = frozenset(self.table[n].core for n in self._lists[name].numbers) if name in self._lists else frozenset()
        return self._words[name]

    def list(self, name: str, spot: Spot) -> PhraseSet | None:
        """The list of that name; None, with a problem, when there is none."""
        return self._named(self._lists, name, spot, "list")

    def lexicon(self, name: str, spot: Spot) -> PhraseSet | None:
        """The lexicon of that id; None, with a problem, when there is none."""
        return self._named(self._lexicons, name, spot, "lexicon")

    def lexicon_if_any(self, name: str) -> PhraseSet | None:
        """The lexicon of that id; None, and no problem, when there is none."""
        return self._lexicons.get(name)

    def spoken(self, name: str, spot: Spot) -> Languages:
        """The languages in which a lexicon, or one that it takes in, has words; none, with a problem, when there is no such one."""
        return self._spoken[name] if self.lexicon(name, spot) is not None else frozenset()

    def _named(self, known: Mapping[str, PhraseSet], name: str, spot: Spot, kind: str) -> PhraseSet | None:
        found = known.get(name)
        if found is None and name not in self._known:
            fix = suggest(name, known) or f"known: {', '.join(sorted(known)[:12]) or 'none'}"
            self.problems.append(spot.problem(f"there is no {kind} {name!r}", fix))
        return found

    def _own_words(self, spot: Spot, lexicon: Lexicon) -> dict[int, Languages]:
        parts = []
        for language, words in lexicon.words.items():
            at = spot.at("words", language)
            phrases = self.words(words, at)
            parts.append({number: counts_in(self.table[number], language) for number in phrases})
        return union(parts)

    def _family(self, name: str, lexicons: Mapping[str, tuple[Spot, Lexicon]]) -> Iterable[str]:
        """A lexicon and all that it includes, however deep; each once."""
        family, queue = {name: None}, [name]
        while queue:
            spot, lexicon = lexicons[queue.pop()]
            for index, included in enumerate(lexicon.includes):
                if included not in lexicons and included not in self._known:
                    fix = suggest(included, lexicons) or "write the id of a lexicon"
                    self.problems.append(spot.at("includes", index).problem(f"there is no lexicon {included!r}", fix))
                elif included in lexicons and included not in family:
                    family[included] = None
                    queue.append(included)
        return family
