"""Lexicons and rules as people write them: the shape of every key, checked when read. Pure.

Names that lead elsewhere (an entity's id in a rule, a list's name) are not followed here but by those who compile the entries.
`rules schema` prints these models as JSON Schema.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import ConfigDict, Discriminator, Field, Tag, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue

from rules.shapes import AsText, CountryCode, Language, Listed, Shorthand, Strict, Text, partial
from rules.spec_entities import AnyWord, Country, Entity, EntityType, Trap
from watcher.model import Id, Stage, StatedFacts

Severity = Literal["low", "normal", "high", "critical"]
SEVERITIES: tuple[str, ...] = get_args(Severity)


class Lexicon(Strict):
    """A family of words, by language, and the families it takes in."""

    model_config = ConfigDict(json_schema_extra=partial)

    id: Id
    title: str = ""
    words: dict[Language, Annotated[tuple[AnyWord, ...], Listed]] = Field(default_factory=dict)
    includes: Annotated[tuple[Id, ...], Listed] = ()
    enabled: bool = True
    override: bool = False


class EntityRef(Strict):
    """Entities by id, or by type, role and country."""

    id: Id | None = None
    type: EntityType | None = None
    role: Id | None = None
    country: CountryCode | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.id or self.type or self.role or self.country):
            raise ValueError("write id, type, role or country")
        return self


class EntityCondition(Strict):
    """Any of these entities is named; those of the ids under `except` do not count."""

    entity: Annotated[tuple[Annotated[EntityRef, Shorthand("type")], ...], Listed, Field(min_length=1)]
    except_: Annotated[tuple[Id, ...], Listed] = Field((), alias="except")


class LexiconCondition(Strict):
    """A word of any of these families stands there."""

    lexicon: Annotated[tuple[Id, ...], Listed, Field(min_length=1)]


class WordsCondition(Strict):
    """Any of these phrases stands there."""

    words: Annotated[tuple[AnyWord, ...], Listed, Field(min_length=1)]


class RegexCondition(Strict):
    """Any of these RE2 expressions matches the visible text, case aside."""

    regex: Annotated[tuple[Text, ...], Listed, Field(min_length=1)]


class NamedCondition(Strict):
    """A condition written once under `conditions` holds here."""

    condition: Id


_LEAVES = ("entity", "lexicon", "words", "regex", "condition")


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return next((key for key in _LEAVES if key in value), "group")
    return next((key for key in _LEAVES if hasattr(value, key)), "group")


Condition = Annotated[
    Annotated[EntityCondition, Tag("entity")]
    | Annotated[LexiconCondition, Tag("lexicon")]
    | Annotated[WordsCondition, Tag("words")]
    | Annotated[RegexCondition, Tag("regex")]
    | Annotated[NamedCondition, Tag("condition")]
    | Annotated["Group", Tag("group")],
    Discriminator(_kind),
]


class Group(Strict):
    """Conditions that hold together in one place: every one of `all` (with `order`, in a row), `min` of `any`, none of `none`."""

    all: Annotated[tuple[Condition, ...], Listed] = ()
    any: Annotated[tuple[Condition, ...], Listed] = ()
    none: Annotated[tuple[Condition, ...], Listed] = ()
    min: Annotated[int, Field(ge=1)] | None = None
    order: bool = False
    within: Literal["item", "lead", "title", "sentence"] | Annotated[int, Field(ge=2, le=1000)] | None = None

    @field_validator("within", mode="before")
    @classmethod
    def _width(cls, value: Any) -> Any:
        if value is None or value in ("item", "lead", "title", "sentence") or (isinstance(value, int) and 2 <= value <= 1000):
            return value
        raise ValueError(f"{value!r} is not a place; write item, lead, title, sentence or a number of words from 2 to 1000")

    @model_validator(mode="before")
    @classmethod
    def _is_mapping(cls, value: Any) -> Any:
        if isinstance(value, dict | Group):
            return value
        leaves = ", ".join(f"`{name}: …`" for name in _LEAVES)
        raise ValueError(f"a condition is written as {leaves}, or a group of all, any, none")

    @model_validator(mode="after")
    def _has_parts(self) -> Self:
        if not (self.all or self.any or self.none):
            raise ValueError("a group needs conditions under all, any or none")
        if self.min is not None and self.min > len(self.any):
            raise ValueError(f"min: {self.min} asks for more than the {len(self.any)} conditions under any")
        if self.order and len(self.all) < 2:
            raise ValueError("order: true puts the conditions under all in a row; write two or more")
        return self


class Shared(Strict):
    """A condition with a name, for rules and signals to use."""

    model_config = ConfigDict(json_schema_extra=partial)

    id: Id
    title: str = ""
    when: Condition
    enabled: bool = True
    override: bool = False


class Where(Strict):
    """Which items a rule looks at, by what their source says of them."""

    lang: Annotated[tuple[Language, ...], Listed] = ()
    speaks: Annotated[tuple[Id, ...], Listed] = ()
    tags: Annotated[tuple[Text, ...], Listed] = ()
    source: Annotated[tuple[Text, ...], Listed] = ()
    kind: Annotated[tuple[Text, ...], Listed] = ()
    amount: str | float | None = None
    currency: Annotated[tuple[Text, ...], Listed] = ()
    stage: Annotated[tuple[Stage, ...], Listed] = ()
    buyer: Annotated[tuple[Text, ...], Listed] = ()
    supplier: Annotated[tuple[Text, ...], Listed] = ()
    vendor: Annotated[tuple[Text, ...], Listed] = ()
    award_id: Annotated[tuple[Text, ...], Listed] = ()


class Signal(Strict):
    """Something that makes a match of the scale's rules more or less likely; without `when` it always counts.

    `weight` is in log-odds; `prior` is what its author would give it, and what `rules teach` starts from.
    """

    model_config = ConfigDict(json_schema_extra=partial)

    id: Id
    title: str = ""
    scale: Id
    weight: Annotated[float, Field(ge=-20, le=20)]
    prior: Annotated[float, Field(ge=-20, le=20)] | None = None
    when: Condition | None = None
    where: Where = Where()
    enabled: bool = True
    override: bool = False


class CaseItem(StatedFacts, Strict):
    """An item of a case with the facts of a notice; `text` is its title unless a title is given."""

    text: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    lang: str = ""
    source: str = ""
    kind: str = "feed"
    tags: Annotated[tuple[str, ...], Listed] = ()
    published: datetime | None = None

    @model_validator(mode="after")
    def _has_text(self) -> Self:
        if not (self.text or self.title or self.summary or self.content):
            raise ValueError("a case needs text")
        return self


AnyCaseItem = Annotated[CaseItem, AsText]


class Case(Strict):
    """An item for which the rule must fire, or must stay quiet."""

    fires: AnyCaseItem | None = None
    quiet: AnyCaseItem | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.fires is None) == (self.quiet is None):
            raise ValueError("a case is written as `fires: …` or `quiet: …`")
        return self


class Rule(Strict):
    """What matters, to whom it belongs (topics), how much (severity), and the proof that it works (cases)."""

    model_config = ConfigDict(json_schema_extra=partial)

    id: Id
    title: str = ""
    description: str = ""
    topics: Annotated[tuple[Id, ...], Listed] = ()
    severity: Severity = "normal"
    when: Condition
    scale: Id | None = None
    at_least: Annotated[float, Field(gt=0, lt=1)] | None = None
    where: Where = Where()
    cases: tuple[Case, ...] = ()
    enabled: bool = True
    override: bool = False

    @model_validator(mode="after")
    def _is_tested(self) -> Self:
        if not (any(c.fires for c in self.cases) and any(c.quiet for c in self.cases)):
            raise ValueError("a rule needs at least one case of each kind; write `- fires: …` and `- quiet: …` under cases")
        return self

    @model_validator(mode="after")
    def _is_weighed(self) -> Self:
        if self.at_least is not None and self.scale is None:
            raise ValueError("at_least needs the scale that the rule is weighed on; write `scale: …` beside it")
        return self


class File(Strict):
    """A file of entities, words, conditions, signals and rules, each under its own key."""

    entities: Annotated[tuple[Entity, ...], Listed] = ()
    countries: Annotated[tuple[Country, ...], Listed] = ()
    traps: Annotated[tuple[Trap, ...], Listed] = ()
    lists: dict[Id, Annotated[tuple[AnyWord, ...], Listed]] = Field(default_factory=dict)
    lexicons: Annotated[tuple[Lexicon, ...], Listed] = ()
    conditions: Annotated[tuple[Shared, ...], Listed] = ()
    signals: Annotated[tuple[Signal, ...], Listed] = ()
    rules: Annotated[tuple[Rule, ...], Listed] = ()


SECTIONS_BY_KIND = {
    "rules": ("lists", "lexicons", "conditions", "signals", "rules"),
    "entities": ("lists", "entities", "countries", "traps"),
}


def schema(kind: str) -> JsonSchemaValue:
    """The JSON Schema (2020-12) of rule files or of entity files; KeyError for another kind."""
    whole = File.model_json_schema(by_alias=True)
    sections = {name: whole["properties"][name] for name in SECTIONS_BY_KIND[kind]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole, "title": f"Concordat {kind}", "properties": sections}
