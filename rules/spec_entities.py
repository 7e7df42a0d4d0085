"""Entities as people write them: their aliases, patterns and roles, the table of countries and the traps of a pack. Pure.

The words that rules share with them are here too, so that `rules.spec` can build on this and nothing here needs it.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from rules.shapes import AsText, CountryCode, Language, Listed, OneOf, Strict, Text, Wikidata, partial, shaped
from watcher.model import Id

EntityType = Literal["ai_org", "ai_model", "gov_body", "national_lab", "supercomputer", "chip_vendor", "program"]


class Word(OneOf):
    """A phrase (`partner*`), a phrase whose case counts, or a named list of phrases."""

    text: Text | None = None
    exact_case: Literal["exact"] | None = Field(None, alias="case")
    list_name: Id | None = Field(None, alias="list")


AnyContext = Annotated["Context", AsText]


class Context(OneOf):
    """What else must, or must not, stand in the item; `next` and `prev` must touch the alias, `all` joins several."""

    text: Text | None = None
    exact_case: Literal["exact"] | None = Field(None, alias="case")
    list_name: Id | None = Field(None, alias="list")
    lexicon: Id | None = None
    entity: Annotated[tuple[Id, ...], Listed] = ()
    type: Annotated[tuple[EntityType, ...], Listed] = ()
    all: Annotated[tuple[AnyContext, ...], Listed] = ()
    next: Annotated[tuple[AnyContext, ...], Listed] = ()
    prev: Annotated[tuple[AnyContext, ...], Listed] = ()


AnyWord = Annotated[Word, AsText]


class Alias(Strict):
    """A name of an entity, and when it counts: language, case, context, dates (`since` and `until` against the item's own date)."""

    text: Text
    lang: Language | None = None
    exact_case: Literal["exact"] | None = Field(None, alias="case")
    needs: Annotated[tuple[AnyContext, ...], Listed] = ()
    unless: Annotated[tuple[AnyContext, ...], Listed] = ()
    since: date | None = None
    until: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since and self.until and self.since > self.until:
            raise ValueError(f"since ({self.since}) is after until ({self.until}); swap them")
        return self


class Pattern(Strict):
    """An open name: words with a slot for what is not known beforehand, {name}, or for a word of the countries' table."""

    text: Text
    lang: Language | None = None
    needs: Annotated[tuple[AnyContext, ...], Listed] = ()
    unless: Annotated[tuple[AnyContext, ...], Listed] = ()
    several: bool = False
    home: bool = False


class Entity(Strict):
    """Someone or something that rules speak of; with {country} or {adjective} in its name, the body that plays a role in each country."""

    model_config = ConfigDict(json_schema_extra=partial)

    id: Id
    name: Text
    type: EntityType
    country: CountryCode | None = None
    parent: Id | None = None
    wikidata: Wikidata | None = None
    aliases: Annotated[tuple[Annotated[Alias, AsText], ...], Listed] = ()
    patterns: Annotated[tuple[Annotated[Pattern, AsText], ...], Listed] = ()
    role: Annotated[tuple[Id, ...], Listed] = ()
    lone: bool = False
    unnamed: bool = False
    enabled: bool = True
    override: bool = False

    @property
    def is_role(self) -> bool:
        """Whether this is a role that some body plays in each country."""
        return any(slot in self.name for slot in ("{country}", "{adjective}", "{model}"))

    @property
    def is_made(self) -> bool:
        """Whether it was made of a role for a country, and not written."""
        return any(self.id == f"{role}.{(self.country or '').lower()}" for role in self.role)

    @property
    def is_found_by_name(self) -> bool:
        """Whether its name is looked for; one with an explanation in brackets is for readers, those of roles and kinds name nobody."""
        return not (self.unnamed or self.is_open or self.is_role or "(" in self.name)

    @property
    def is_open(self) -> bool:
        """Whether patterns read names of this entity that are not known beforehand."""
        return any("{name}" in p.text for p in self.patterns)


class Country(Strict):
    """A country, and the words that speak of it in every language; `home` are languages in which it goes without saying."""

    model_config = ConfigDict(json_schema_extra=partial)

    id: Annotated[Id, shaped("[a-z]{2}", "the two-letter code of a country in small letters, such as fr")]
    name: Text
    names: Annotated[tuple[AnyWord, ...], Listed] = ()
    adjectives: Annotated[tuple[AnyWord, ...], Listed] = ()
    capitals: Annotated[tuple[AnyWord, ...], Listed] = ()
    home: Annotated[tuple[Language, ...], Listed] = ()
    enabled: bool = True
    override: bool = False

    @property
    def code(self) -> str:
        """The code as entities write it."""
        return self.id.upper()


class Trap(Strict):
    """A sentence that tests a pack: the entities it names, or those it must not be taken to name."""

    text: Text
    lang: Language | None = None
    is_: Annotated[tuple[Id, ...], Listed] = Field((), alias="is")
    not_: Annotated[tuple[Id, ...], Listed] = Field((), alias="not")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.is_ or self.not_):
            raise ValueError("a trap names entities under `is` or `not`")
        return self
