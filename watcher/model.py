"""What the whole product talks about: the Item, and the Source it came from. Frozen, validated when made, without I/O."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from watcher.units import Duration, utc

ID = r"^[a-z0-9][a-z0-9._-]{0,63}$"
Id = Annotated[str, StringConstraints(pattern=ID)]


Stage = Literal["planning", "tender", "award", "contract", "amended", "ended"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a register or a contract notice states in fields of its own; all optional.

    `amount` is in units of `currency` (ISO 4217). `vendor` is whose product it is, where `supplier` only resells it. `deadline` is the
    last moment for offers, as ISO 8601 in UTC.
    """

    amount: float | None = None
    currency: str | None = None
    buyer: str | None = None
    supplier: str | None = None
    vendor: str | None = None
    award_id: str | None = None
    stage: Stage | None = None
    deadline: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Only the fields that are known."""
        return {k: v for k in self.__slots__ if (v := getattr(self, k)) is not None}


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a source said, as visible text: never markup.

    `id` is ours (decimal, as text) once stored, and whatever the caller gave in `match`. `published` is what the source claims, in
    UTC, never later than `seen`; `seen` is when we first read it.
    """

    id: str
    title: str = ""
    summary: str = ""
    content: str = ""
    url: str = ""
    source: str = ""
    kind: str = "feed"
    lang: str = ""
    tags: tuple[str, ...] = ()
    published: datetime | None = None
    seen: datetime | None = None
    author: str = ""
    facts: Facts = NO_FACTS

    @property
    def when(self) -> datetime | None:
        """The best known moment of the item: published, else first seen."""
        return self.published or self.seen


class StatedFacts(BaseModel):
    """The fields of Facts as people write them beside those of an item."""

    amount: float | None = None
    currency: str | None = None
    buyer: str | None = None
    supplier: str | None = None
    vendor: str | None = None
    award_id: str | None = None
    stage: Stage | None = None
    deadline: str | None = None

    def facts(self) -> Facts:
        """The Facts that are written."""
        return Facts(**{f.name: getattr(self, f.name) for f in fields(Facts)})


class ItemLine(StatedFacts):
    """One line that `concordat match` reads: an item as people and scripts write it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    title: str = ""
    summary: str = Field("", validation_alias=AliasChoices("summary", "text"))
    content: str = ""
    url: str = ""
    published: datetime | None = None
    lang: str = ""
    source: str = ""
    kind: str = "feed"
    tags: tuple[str, ...] = ()

    @field_validator("id", mode="before")
    @classmethod
    def _text_id(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) else value

    @field_validator("title", "summary", "content", "url", "lang", "source", "kind", mode="before")
    @classmethod
    def _no_null(cls, value: Any) -> Any:
        return "" if value is None else value

    def item(self) -> Item:
        """The Item it describes; text stands as given, so that spans count characters of the given fields."""
        return Item(
            id=self.id, title=self.title, summary=self.summary, content=self.content, url=self.url, source=self.source,
            kind=self.kind or "feed", lang=self.lang, tags=self.tags, published=utc(self.published) if self.published else None,
            facts=self.facts(),
        )


MIN_EVERY = timedelta(seconds=1)


class Source(BaseModel):
    """A place that is read on a schedule, as an operator writes it in `sources/*.yaml`. Each kind adds the keys of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Id
    kind: str
    url: str = ""
    title: str = ""
    tags: tuple[str, ...] = ()
    every: Duration | None = None
    lang: str = ""
    fulltext: bool = False
    group: Id | None = None
    enabled: bool | None = None  # None leaves it to the group

    aside: ClassVar[frozenset[str]] = frozenset()  # keys of the kind that say how it is read, not what

    @field_validator("every")
    @classmethod
    def _not_too_often(cls, value: timedelta | None) -> timedelta | None:
        if value is not None and value < MIN_EVERY:
            raise ValueError("a source is read once a second at most; write 1s or more")
        return value

    @property
    def needs(self) -> tuple[str, ...]:
        """The settings without which nothing can be read, as fields of `Credentials`; most kinds need none."""
        return ()

    @cached_property
    def address(self) -> str:
        """All that decides what is read, as one line: a source whose address changes is a new source, and quiet again."""
        own = self.model_dump(mode="json", exclude={*Source.model_fields, *self.aside}, exclude_defaults=True)
        return f"{self.url} {json.dumps(own, sort_keys=True, ensure_ascii=False)}" if own else self.url
