"""What is no mistake and probably not meant: rules that can never fire or add nothing, names that any text holds, words nobody uses. Pure.

Only an operator's own entries are looked at; a warning stands at its place like a mistake. Each check is a function from a `View` to
problems, and a new one is added to CHECKS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rules import spec, spec_entities
from rules.build_entities import Registry
from rules.everyday import EVERYDAY
from rules.files import Entry, Sections, Spot, Text, checked, collect
from rules.fold import fold_written
from rules.implies import shadows
from rules.ruleset import RuleSet
from rules.score import probability
from rules.where import Where
from watcher.errors import Problem
from watcher.model import Source
from watcher.yamlfile import suggest

FACTS = ("amount", "currency", "stage", "award_id", "buyer", "supplier", "vendor")  # that registers state, and nobody else
LOOKED_UP = re.compile(r"name-.+|not-countries|boilerplate|end-of-story")  # lists and lexicons that are used by their name
_WORD = re.compile(r"[^\W\d_]+")
_SHORT = 3  # letters; a shorter bare name stands in too many texts


@dataclass(frozen=True)
class View:
    """What the checks look at: the entries of all files, what they compile to, and the sources that items come from."""

    sections: Sections
    ruleset: RuleSet
    sources: Mapping[str, Source]
    kinds: Collection[str]
    registers: Collection[str]  # the kinds that state facts

    @cached_property
    def registry(self) -> Registry:
        """Who can be named."""
        return Registry(self.ruleset.entities, set(), complete=True)

    @cached_property
    def plain(self) -> frozenset[str]:
        """Words that the built-in cases and lexicons write small, and everyday words: what any text may hold."""
        texts = [t for r in self.ruleset.rules if r.builtin for case, _ in r.cases for t in _said(case)]
        texts += [self.ruleset.phrases[n].text for words in self.ruleset.written.lexicons.values() for n in words]
        return EVERYDAY.union(w for text in texts for w in _WORD.findall(text) if w.islower())

    def own(self, section: str) -> Iterator[Entry]:
        """The operator's entries of a section."""
        return (e for e in getattr(self.sections, section).values() if not e.spot.builtin)

    def rules(self) -> Iterator[tuple[Spot, spec.Rule]]:
        """The operator's rules that are switched on."""
        return ((spot, rule) for spot, rule in checked(self.own("rules"), spec.Rule, []) if rule.enabled)


def lint(
    texts: Sequence[Text], ruleset: RuleSet, sources: Sequence[Source], kinds: Collection[str], registers: Collection[str]
) -> list[Problem]:
    """Every warning, in the order of their places; `texts` are all files of the rule set, the built-in ones too."""
    view = View(collect(texts), ruleset, {s.id: s for s in sources}, kinds, registers)
    return sorted({problem for check in CHECKS for problem in check(view)})


# --- rules ---------------------------------------------------------------------------------------


def shadowed(view: View) -> Iterator[Problem]:
    """Rules that fire only where another one does, are no louder and lead to nobody else."""
    rules = view.ruleset.rules
    for number, rule in enumerate(rules):
        if rule.builtin:
            continue
        wider = next((w for n, w in enumerate(rules) if shadows(w, rule) and (n < number or not shadows(rule, w))), None)
        if wider is not None:
            what = f"rule {rule.id!r} adds nothing to {wider.id!r} ({wider.place}), which fires wherever it does"
            yield Problem(rule.place, what, "give it a topic of its own, a higher severity, or switch one of the two off")


def never_true(view: View) -> Iterator[Problem]:
    """Rules that no item can satisfy."""
    for spot, rule in view.rules():
        yield from _impossible(view, rule.when, spot.at("when"), None)
        yield from _nowhere(view, rule.where, spot.at("where"))
        compiled = view.ruleset.rule(rule.id)
        if compiled is not None and compiled.scale is not None and rule.at_least is not None:
            best = probability(sum(s.weight for s in compiled.scale.signals if s.weight > 0 or (s.when is None and s.where == Where())))
            if best < rule.at_least:
                what = f"rule {rule.id!r} asks for {rule.at_least:g}, and the signals of {rule.scale!r} never come to more than {best:.2f}"
                yield spot.at("at_least").problem(what, "ask for less")


def _impossible(view: View, condition: Any, spot: Spot, width: int | None) -> Iterator[Problem]:
    """What in a condition can never hold; `width` is how many words there are room for, where that is known."""
    if isinstance(condition, spec.Group):
        if condition.within is not None:
            width = condition.within if isinstance(condition.within, int) else None
        for number, part in enumerate(condition.all):
            if part in condition.none:
                what = "this is asked for and refused in one group, which can never hold"
                yield spot.at("all", number).problem(what, "take one of the two out")
        for key in ("all", "any"):
            parts = getattr(condition, key)
            for number, part in enumerate(parts):
                if part in parts[:number]:
                    yield spot.at(key, number).problem(f"this stands twice under {key}", "take one of the two out")
                yield from _impossible(view, part, spot.at(key, number), width)
    elif isinstance(condition, spec.EntityCondition):
        if not view.registry.matching(condition.entity) - set(condition.except_):
            yield spot.at("entity").problem("no entity is all of this, so nothing is ever found", "check type, role, country and except")
    elif isinstance(condition, spec.WordsCondition) and width is not None:
        texts = [w.text for w in condition.words]
        if all(t is not None and len(t.split()) > width for t in texts):
            yield spot.at("words").problem(f"none of these phrases fits into {width} words", "widen within")


def _nowhere(view: View, where: spec.Where, spot: Spot) -> Iterator[Problem]:
    """What in `where` no item can have, as far as the sources tell."""
    tags = {tag for s in view.sources.values() for tag in s.tags}
    known: dict[str, tuple[str, Collection[str]]] = {
        "source": ("source", view.sources.keys()), "kind": ("kind of source", view.kinds), "tags": ("source with the tag", tags),
    }  # fmt: skip
    for key, (what, names) in known.items():
        for number, value in enumerate(getattr(where, key)):
            if value not in names:
                fix = suggest(value, names) or "check its name"
                yield spot.at(key, number).problem(f"there is no {what} {value!r}, so no item has it", fix)
    of = {view.sources[s].kind for s in where.source if s in view.sources}
    if of and where.kind and of.isdisjoint(where.kind):
        said = f"these sources are of the kind {', '.join(sorted(of))}, so no item is of both"
        yield spot.at("kind").problem(said, "take one of the two out")
    asked = next((name for name in FACTS if getattr(where, name)), None)
    kinds = set(where.kind) or of
    if asked and kinds and kinds <= set(view.kinds) and kinds.isdisjoint(view.registers):
        said = f"sources of the kind {', '.join(sorted(kinds))} state no {asked}, so no item has it"
        yield spot.at(asked).problem(said, f"leave it out, or ask for one of {', '.join(sorted(view.registers))}")


def untold(view: View) -> Iterator[Problem]:
    """Rules that no topic leads to."""
    for spot, rule in view.rules():
        if not rule.topics:
            what = f"rule {rule.id!r} has no topic, so it reaches only those who follow everything or the rule itself"
            yield spot.problem(what, "write `topics: […]`")


# --- entities and words --------------------------------------------------------------------------


def bare(view: View) -> Iterator[Problem]:
    """Names that any text may hold in another sense, with nothing that tells the two apart."""
    for spot, entity in checked(view.own("entities"), spec_entities.Entity, []):
        if not entity.enabled or entity.unnamed:
            continue
        conditioned = {fold_written(a.text) for a in entity.aliases}
        named = [(spot.at("aliases", n), a) for n, a in enumerate(entity.aliases)]
        if entity.is_found_by_name and fold_written(entity.name) not in conditioned:
            named.append((spot.at("name"), spec_entities.Alias.model_validate({"text": entity.name})))
        for at, alias in named:
            why = "" if alias.exact_case or alias.needs or alias.unless else _why_common(view, alias.text)
            if why:
                fix = "write `{text: " + alias.text + ", needs: […]}`, or `case: exact` beside it"
                yield at.problem(f"{alias.text!r} {why}, and nothing tells {entity.id!r} apart from it", fix)


def _why_common(view: View, text: str) -> str:
    word = text.casefold()
    if not _WORD.fullmatch(word):
        return ""
    if len(word) < _SHORT and word.isascii():
        return f"is shorter than {_SHORT} letters"
    return "is an everyday word" if word in view.plain else ""


def unused(view: View) -> Iterator[Problem]:
    """Lists, lexicons, conditions and scales of the operator's that nothing refers to."""
    used = _Used(view.sections)
    for section, names, what in (
        ("lists", used.lists, "list"), ("lexicons", used.lexicons, "lexicon"), ("conditions", used.conditions, "condition"),
    ):  # fmt: skip
        for name, entry in getattr(view.sections, section).items():
            if not (entry.spot.builtin or name in names or LOOKED_UP.fullmatch(name)):
                yield entry.spot.problem(f"nothing uses the {what} {name!r}", "use it in a rule, or take it out")
    scales = {rule.scale for _, rule in checked(view.sections.rules.values(), spec.Rule, [])}
    for spot, signal in checked(view.own("signals"), spec.Signal, []):
        if signal.scale not in scales:
            yield spot.at("scale").problem(f"no rule is weighed on the scale {signal.scale!r}", f"write `scale: {signal.scale}` in a rule")


class _Used:
    """The names of lists, lexicons and conditions that some entry refers to, wherever in it."""

    def __init__(self, sections: Sections) -> None:
        self.lists: set[str] = set()
        self.lexicons: set[str] = set()
        self.conditions: set[str] = set()
        for section in ("rules", "conditions", "signals", "lexicons", "entities", "lists"):
            for entry in getattr(sections, section).values():
                self._walk(entry.data)

    def _walk(self, data: Any) -> None:
        if isinstance(data, dict):
            named = {"list": self.lists, "lexicon": self.lexicons, "includes": self.lexicons, "condition": self.conditions}
            for key, names in named.items():
                value = data.get(key)
                names.update(v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str))
        for child in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
            if isinstance(child, dict | list):
                self._walk(child)


def _said(case: spec.Case) -> Iterator[str]:
    item = case.fires or case.quiet
    if item is not None:
        yield from (item.text, item.title, item.summary)


CHECKS: tuple[Callable[[View], Iterator[Problem]], ...] = (shadowed, never_true, untold, bare, unused)
