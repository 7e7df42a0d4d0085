"""How likely two items tell of one event, in points with names, and what speaks against it. Pure, no I/O.

Points are close to natural logarithms of odds: a party that one story in fifty names is worth ln 50 when both items
name it. Two parties that belong to the same side of a deal say little more than one, so of each side the most telling
counts in full and the rest in part. What contradicts (another sum, another award, another second party, the same
sentence about another programme) is never outweighed: a story rather rings twice than hides an event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rules.profile import VENDORS, Profile

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from rules.amounts import Quantity

JOIN = 3.5  # points from which two items are one event
HOPEFUL = 1.0  # points below which two items without a common party are not looked at any further
DAY_COSTS = 0.5  # points that each day between them takes away
PARTIAL = 0.35  # what further parties of one side count
ONE_SIDED = 0.5  # what parties count of which all stand on one side: company news, or a body's own
TELLING = 1.3  # points below which a side says nothing: everybody speaks of the United States
MANY, CONSTELLATION = 3, 0.75  # from so many on one side on they are hardly together by chance
MENTIONED = 0.6  # what a party counts that was recognised in one item and whose name merely stands in the other
HINTED = 0.65  # what a country counts when words such as "Greek" or "Athens" speak of it, and not its government in both
HOME = 0.33  # what a vendor's own country counts where one item speaks of another as well
VAGUE = 0.5  # what a body counts whose name many countries have
SAME_ACT = {"framework": 1.5, "memorandum": 1.2, "opening": 1.0, "pilot": 0.8, "award": 0.5, "order": 0.5}
SAME_SUM, MOST_SUMS = 3.0, 4.5
SAME_FIGURE, MOST_FIGURES = 1.5, 3.0
MOST_NAMES = 4.0
WORDING = 14.0  # points of two texts with the same words; a third of the words is enough alone
NO_WORD_SHARED = -2.5  # two texts of one language that share no word; less the nearer they come to
POST = 0.4  # what that counts where one has no title: posts are worded freely
ENOUGH = 4.0  # weight of common words below which wording proves less
USUAL = 0.12  # the part of the words, by weight, that two reports of one event have in common
SHORT_TEXT = 6  # words; shorter texts may well share none
OTHER_NAMES, OTHER_VENDOR, OTHER_PARTNER, OTHER_HEADLINE, OTHER_BODY, OTHER_COUNTRY = -3.0, -2.0, -3.5, -1.5, -2.0, -5.0
LEAST_FIGURE = 100  # smaller counts are alike by chance
CLOSE = 0.06  # sums that differ by less are roundings of one
BACKDROP = 2e10  # larger sums are valuations and budgets more often than deals
MACHINES = frozenset({"supercomputer", "program"})
SPECIFIC = MACHINES | {"national_lab"}


class Rarity(Protocol):
    """What the index knows of how common things are in its window."""

    def party(self, entity: str, kind: str) -> float:
        """Points of an entity that both items name: larger the rarer."""

    def country(self, country: str) -> float:
        """Points of a country that both items speak of."""

    def weight(self, words: frozenset[str]) -> float:
        """Weight of these words together; each counts from 0, when it is everywhere, to 1, when it is hardly ever seen."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two items share: `points`, and how many of what; `words` and `of` count telling words, in the shorter text too."""

    points: float
    parties: int = 0
    sums: int = 0
    figures: int = 0
    names: int = 0
    words: int = 0
    of: int = 0

    @property
    def joins(self) -> bool:
        """Whether it is enough to call the two one event."""
        return self.points >= JOIN

    @property
    def how(self) -> str:
        """What is shared, for people."""
        counts = (self.parties, "party", "parties"), (self.sums, "sum", "sums"), (self.figures, "figure", "figures")
        said = [f"{n} {one if n == 1 else many}" for n, one, many in (*counts, (self.names, "name", "names")) if n]
        return ", ".join([*said, f"{self.words} of {self.of} telling words"] if self.words else said)


def contradiction(a: Profile, b: Profile, sums: Iterable[Quantity]) -> str:
    """Why `a` cannot be of the event of `b`, whose story has named `sums`; "" when nothing says so."""
    if a.award and b.award and a.award != b.award:
        return "another award"
    if a.award and a.award == b.award:
        return ""
    for role, ours, theirs in (("supplier", a.supplier, b.supplier), ("buyer", a.buyer, b.buyer)):
        if ours and theirs and not ours & theirs:
            return f"another {role}"
    if _other_sums(a.quantities, sums):
        return "another sum"
    return _other_party(a, b) or ("the same words about something else" if _template(a, b) else "")


def compare(a: Profile, b: Profile, rarity: Rarity) -> Comparison:
    """Weigh what `a` and `b` share; contradictions are asked for apart, because they look at the whole story."""
    sums, figures = _figures(a, b) if a.quantities and b.quantities else (0, 0)
    named = a.names & b.names
    common = a.words & b.words if _same_language(a, b) is not False else _NOTHING
    points = _wording(a, b, common, rarity) - DAY_COSTS * _days(a, b)
    points += min(SAME_SUM * sums, MOST_SUMS) + min(SAME_FIGURE * figures, MOST_FIGURES)
    points += min(rarity.weight(named), MOST_NAMES) if named else 0.0
    parties = 0
    if points >= HOPEFUL or not a.lines.isdisjoint(b.lines):
        sides, parties = _parties(a, b, rarity)
        points += sides
    if points >= JOIN:  # doubts only take away
        points += _doubts(a, b)
    return Comparison(points, parties, sums, figures, len(named), len(common), min(len(a.words), len(b.words)))


_NOTHING: frozenset[str] = frozenset()


def _doubts(a: Profile, b: Profile) -> float:
    """Points, none above zero, for what differs and need not."""
    points = 0.0
    titled = _same_language(a, b) and a.title_names and b.title_names
    if titled and not (a.title_names & b.words or b.title_names & a.words):
        points += OTHER_NAMES
    same = a.entities.keys() == b.entities.keys()
    if a.headline != b.headline and not same:
        if _disjoint(a, b, VENDORS, headline=True):
            points += OTHER_VENDOR
        elif _own_partners(a, b):
            points += OTHER_PARTNER
        if _bodies_apart(a, b, a.headline & a.bodies, b.headline & b.bodies):
            points += OTHER_HEADLINE
    if not same and _bodies_apart(a, b, a.bodies, b.bodies):
        points += OTHER_BODY
    if _elsewhere(a, b):
        points += OTHER_COUNTRY
    return points


# --- parties -----------------------------------------------------------------------------------------


def _related(a: Profile, x: str, b: Profile, y: str) -> bool:
    """Whether one is the other, or belongs to it; two laboratories of one department are not."""
    return x == y or x in b.family[y] or y in a.family[x]


def _shared(a: Profile, b: Profile) -> Mapping[str, str]:
    """Entities of `a` and `b` that are the same; of one that belongs to the other, the wider."""
    if a.entities.keys() == b.entities.keys():
        return a.entities
    if a.lines.isdisjoint(b.lines):
        return {}
    found: dict[str, str] = {}
    for x, kind in a.entities.items():
        if x in b.entities:
            found[x] = kind
            continue
        for y, other in b.entities.items():
            if x in b.family[y]:
                found[x] = kind
            elif y in a.family[x]:
                found[y] = other
    return found


def _own_partners(a: Profile, b: Profile) -> bool:
    """Whether each headline names a company that the other item does not."""
    ours = [e for e in a.headline if a.entities[e] in VENDORS and _unknown_to(a, [e], b) and not _stands_in(a, e, b)]
    return bool(ours) and any(b.entities[e] in VENDORS and _unknown_to(b, [e], a) and not _stands_in(b, e, a) for e in b.headline)


def _stands_in(a: Profile, x: str, b: Profile) -> bool:
    """Whether a form that `a` names `x` by stands in `b`, where it was not recognised."""
    return any(form <= b.said for form in a.forms[x])


def _elsewhere(a: Profile, b: Profile) -> bool:
    """Whether they speak of other countries, vendors' homes aside, and of no body, laboratory or machine in common."""
    if not a.places or not b.places or not a.places.isdisjoint(b.places):
        return False
    return a.bodies.isdisjoint(b.bodies) and a.states.isdisjoint(b.states) and not _same_thing(a, b)


def _firm(a: Profile) -> bool:
    """Whether a public party tells where it plays, and not only words such as "Greek"."""
    return bool(a.bodies or a.states)


def _same_thing(a: Profile, b: Profile, kinds: Container[str] = SPECIFIC) -> bool:
    """Whether both name one laboratory, machine or programme."""
    return any(a.entities[e] in kinds for e in a.entities.keys() & b.entities.keys())


def _parties(a: Profile, b: Profile, rarity: Rarity) -> tuple[float, int]:
    shared = _shared(a, b)
    vendors: list[float] = []
    public: list[float] = []
    for e, kind in shared.items():
        if e not in a.states:
            (vendors if kind in VENDORS else public).append(rarity.party(e, kind) * (VAGUE if e in a.vague else 1))
    if len(shared) < max(len(a.entities), len(b.entities)):
        for e, kind in (*_mentioned(a, b, shared), *_mentioned(b, a, shared)):
            (vendors if kind in VENDORS else public).append(rarity.party(e, kind) * MENTIONED)
    if not a.countries.isdisjoint(b.countries) and not _bodies_apart(a, b, a.bodies, b.bodies):
        public += _countries(a, b, rarity)
    points = _side(vendors) + _side(public)
    if min(max(vendors, default=0.0), max(public, default=0.0)) < TELLING:
        return points * (CONSTELLATION if max(len(vendors), len(public)) >= MANY else ONE_SIDED), len(shared)
    return points + max((SAME_ACT[act] for act in a.acts & b.acts), default=0.0), len(shared)


def _mentioned(a: Profile, b: Profile, shared: Container[str]) -> list[tuple[str, str]]:
    """Entities of `a` that were not recognised in `b`, where their names stand all the same."""
    return [(e, kind) for e, kind in a.entities.items() if e not in shared and e not in a.states and _stands_in(a, e, b)]


def _countries(a: Profile, b: Profile, rarity: Rarity) -> Iterable[float]:
    abroad = a.abroad | b.abroad
    stated = HINTED if a.states.isdisjoint(b.states) else 1.0
    return [rarity.country(c) * (HOME if abroad and c not in abroad else stated) for c in a.countries & b.countries]


def _side(weights: list[float]) -> float:
    """The most telling party of one side in full, and of the others a part."""
    return PARTIAL * sum(weights) + (1 - PARTIAL) * max(weights) if weights else 0.0


def _disjoint(a: Profile, b: Profile, kinds: Container[str], *, headline: bool = False) -> bool:
    """Whether both name entities of these kinds and none of the one's is, or belongs to, one of the other's."""
    ours = {e for e in (a.headline if headline else a.entities) if a.entities[e] in kinds and e not in a.open}
    if not ours or (not ours.isdisjoint(b.entities) and not headline):
        return False
    theirs = {e for e in (b.headline if headline else b.entities) if b.entities[e] in kinds and e not in b.open}
    return _bodies_apart(a, b, ours, theirs)


def _bodies_apart(a: Profile, b: Profile, ours: AbstractSet[str], theirs: AbstractSet[str]) -> bool:
    """Whether there are some of both, and none of the one's is, belongs to, or is named like, one of the other's."""
    if not ours or not theirs or not ours.isdisjoint(theirs):
        return False
    if not a.lines.isdisjoint(b.lines) and any(_related(a, x, b, y) for x in ours for y in theirs):
        return False
    if any(_stands_in(a, x, b) for x in ours) or any(_stands_in(b, y, a) for y in theirs):
        return False
    return not any(f <= g or g <= f for x in ours for f in a.forms[x] for y in theirs for g in b.forms[y])


def _unknown_to(a: Profile, ours: Iterable[str], b: Profile) -> bool:
    return not any(_related(a, x, b, y) for x in ours for y in b.entities)


def _other_party(a: Profile, b: Profile) -> str:
    if a.entities.keys() == b.entities.keys() and not _elsewhere(a, b):
        return ""
    common = _same_thing(a, b)
    if _disjoint(a, b, VENDORS) and not _same_thing(a, b, MACHINES):
        return "another company"
    if _elsewhere(a, b) and (_same_language(a, b) or (_firm(a) and _firm(b))):
        return "another country"
    ours, theirs = a.headline & a.bodies, b.headline & b.bodies
    if _same_language(a, b):  # a name that no pack knows is told apart from others of its language
        ours, theirs = a.headline & (a.bodies | a.vague - a.states), b.headline & (b.bodies | b.vague - b.states)
    if _bodies_apart(a, b, ours, theirs) and _unknown_to(a, ours, b) and _unknown_to(b, theirs, a):
        return "another public body"
    if common:
        return ""
    if _bodies_apart(a, b, a.bodies, b.bodies) and not a.countries & b.countries:
        return "another public body"
    for kind in ("national_lab", "supercomputer"):
        if _disjoint(a, b, (kind,)):
            return f"another {kind.replace('_', ' ')}"
    return "another program" if _disjoint(a, b, ("program",), headline=True) else ""


# --- figures and wording -------------------------------------------------------------------------------


def _alike(x: Quantity, y: Quantity) -> bool:
    return abs(x.value - y.value) <= CLOSE * max(x.value, y.value)


def _other_sums(ours: Iterable[Quantity], theirs: Iterable[Quantity]) -> bool:
    """Whether both name sums of money in the same currency, and none of them is the same."""
    mine = [q for q in ours if q.money and q.value < BACKDROP]
    if not mine:
        return False
    yours = [q for q in theirs if q.money and q.value < BACKDROP]
    if any(_alike(x, y) for x in mine for y in yours):
        return False
    return any(x.currency == y.currency for x in mine for y in yours)


def _figures(a: Profile, b: Profile) -> tuple[int, int]:
    """How many sums of money, and how many other quantities, both name."""
    sums = figures = 0
    for x in a.quantities:
        y = next((y for y in b.quantities if _alike(x, y)), None)
        if y is None:
            continue
        if (x.money and y.currency in (x.currency, "")) or (y.money and not x.currency):
            sums += 1
        elif x.value >= LEAST_FIGURE and x.currency == y.currency and not x.money:
            figures += 1
    return sums, figures


def _same_language(a: Profile, b: Profile) -> bool | None:
    return a.lang == b.lang if a.lang and b.lang else None


def _wording(a: Profile, b: Profile, common: frozenset[str], rarity: Rarity) -> float:
    """Points for common words, weighed by rarity; fewer than none for two texts of one language with hardly any."""
    if _same_language(a, b) is False or not a.words or not b.words:
        return 0.0
    weight = rarity.weight(common)
    whole = rarity.weight(a.words) + rarity.weight(b.words) - weight
    ratio = weight / whole if whole else 0.0
    points = WORDING * ratio * min(1.0, weight / ENOUGH)
    if _same_language(a, b) and min(len(a.words), len(b.words)) >= SHORT_TEXT:
        free = POST if not (a.titled and b.titled) else 1.0
        points += free * NO_WORD_SHARED * max(0.0, 1 - ratio / USUAL)
    return points


def _own_headline(a: Profile, b: Profile) -> bool:
    """Whether the headline of `a` names something or somebody that is not in `b`."""
    if a.title_names - b.said:
        return True
    return any(_unknown_to(a, [e], b) and not _stands_in(a, e, b) for e in a.headline)


def _template(a: Profile, b: Profile) -> bool:
    """Whether the two say the same in the same words, but of other names or figures: a form letter of another thing."""
    if a.title and a.title == b.title:
        return False
    plain_a, plain_b = a.words - a.names, b.words - b.names
    if not plain_a or not plain_b or len(plain_a & plain_b) < 0.5 * min(len(plain_a), len(plain_b)):
        return False
    if _own_headline(a, b) and _own_headline(b, a) and not a.title_names & b.title_names:
        return True
    mine, yours = a.names | a.figures, b.names | b.figures
    apart = min(len(mine - yours), len(yours - mine))
    return apart > max(1, len(mine & yours))  # one name apart may be the agency's


def _days(a: Profile, b: Profile) -> float:
    return abs(a.when - b.when) / 24 if a.when is not None and b.when is not None else 0.0
