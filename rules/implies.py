"""Whether one rule holds wherever another does, as far as that can be read off them. Pure.

What is answered yes is certain: no item can hold the first and not the second. Much that is true is not seen, for words of different
lists may mean the same, and what is not seen is answered no.
"""

from __future__ import annotations

from rules.conditions import AnyLeaf, Condition, EntityLeaf, Group, PhraseLeaf, Within
from rules.ruleset import CompiledRule
from rules.spec import SEVERITIES
from rules.where import ANYWHERE, Where

_IN_THE_ITEM: frozenset[Within] = frozenset({"title", "lead", "sentence"})


def shadows(wide: CompiledRule, narrow: CompiledRule) -> bool:
    """Whether `narrow` adds nothing where `wide` stands: it fires only where that does, is no louder, and has no topic of its own."""
    return (
        wide.id != narrow.id
        and SEVERITIES.index(narrow.severity) <= SEVERITIES.index(wide.severity)
        and set(narrow.topics) <= set(wide.topics)
        and (wide.scale is None or (wide.scale is narrow.scale and wide.at_least <= narrow.at_least))
        and _where(narrow.where, wide.where)
        and _window(narrow.when.within or "item", wide.when.within or "item")
        and _group(narrow.when, wide.when)
    )


def implies(one: Condition, other: Condition) -> bool:
    """Whether `other` holds in every window that `one` holds in."""
    if one == other:
        return True
    if isinstance(one, Group):
        if isinstance(other, Group):
            return _window(one.within, other.within) and _group(one, other)
        return one.within is None and _some(one, other)
    if isinstance(other, Group):
        return other.within is None and _group(Group((one,), (), (), 1, None), other)
    return _leaf(one, other)


def _leaf(one: AnyLeaf, other: AnyLeaf) -> bool:
    if isinstance(one, EntityLeaf) and isinstance(other, EntityLeaf):
        return one.ids <= other.ids
    if isinstance(one, PhraseLeaf) and isinstance(other, PhraseLeaf):
        wide = other.phrases.languages
        return one.outside_names >= other.outside_names and all(
            n in wide and (not wide[n] or (bool(languages) and languages <= wide[n])) for n, languages in one.phrases.languages.items()
        )
    return False


def _some(group: Group, other: Condition) -> bool:
    """Whether something that must hold in a window of the group makes `other` hold there."""
    return any(implies(part, other) for part in group.all) or (bool(group.any) and all(implies(part, other) for part in group.any))


def _group(one: Group, other: Group) -> bool:
    """Whether `other` holds in each window in which `one` does, their widths aside."""
    if other.ordered and not (one.ordered and one.all == other.all):
        return False
    same = one.within == other.within
    if other.none and not (same and all(part in one.none for part in other.none)):
        return False
    if not all(_some(one, part) for part in other.all):
        return False
    if not other.any:
        return True
    if other.minimum == 1:
        each = bool(one.any) and all(any(implies(part, wanted) for wanted in other.any) for part in one.any)
        return each or any(_some(one, part) for part in other.any)
    return one.minimum >= other.minimum and bool(one.any) and set(one.any) <= set(other.any)


def _window(one: Within, other: Within) -> bool:
    """Whether each window of the first width lies in one of the second."""
    if one == other or (other == "item" and (one in _IN_THE_ITEM or isinstance(one, int))):
        return True
    return isinstance(one, int) and isinstance(other, int) and one <= other


def _where(narrow: Where, wide: Where) -> bool:
    """Whether every item that the first lets through passes the second."""
    if wide in (ANYWHERE, narrow):
        return True
    parts = all(not (w := getattr(wide, part)) or (len(getattr(narrow, part)) > 0 and getattr(narrow, part) <= w)
                for part in ("lang", "tags", "source", "kind"))  # fmt: skip
    return parts and (wide.amount, wide.exact, wide.phrases) in {(None, (), ()), (narrow.amount, narrow.exact, narrow.phrases)}
