"""How people may write values in rule and entity files: one or many, text for a mapping, codes of a form. Pure.

Each shape answers for both sides: what is accepted when read, and what `rules schema` tells editors.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def shaped(pattern: str, advice: str) -> AfterValidator:
    """Text of a form; the mistake says what to write rather than an expression."""
    form = re.compile(pattern)

    def check(value: str) -> str:
        if not form.fullmatch(value):
            raise ValueError(f"{value!r} cannot be read; write {advice}")
        return value

    return AfterValidator(check)


Language = Annotated[str, shaped("[a-z]{2,3}", "the code of a language, such as en or fr")]
CountryCode = Annotated[str, shaped("[A-Z]{2}|INT", "the two-letter code of a country, such as US or FR, or EU or INT")]
Wikidata = Annotated[str, shaped("Q[1-9][0-9]*", "a Wikidata id, such as Q21708200")]


def _listed(value: Any) -> Any:
    return value if value is None or isinstance(value, list | tuple) else [value]


class OneOrMany:
    """Marks a tuple of which a single member may be written without brackets."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_listed, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(schema)
        return {"anyOf": [many["items"], many]}


class Shorthand:
    """Marks a mapping that may be written as plain text, which then stands for one of its keys."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def full(value: Any) -> Any:
            return {self._key: value} if isinstance(value, str) else value

        return core_schema.no_info_before_validator_function(full, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, handler(schema)]}


Listed = OneOrMany()
AsText = Shorthand("text")


def partial(schema: JsonSchemaValue) -> None:
    """An entry that changes another needs only its id."""
    schema["required"] = ["id"]


class Strict(BaseModel):
    """A mapping in which an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OneOf(Strict):
    """A mapping that says one thing; exactly one of its keys is written, `case` aside."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [n for n in self.model_fields_set if n != "exact_case" and getattr(self, n)]
        if len(given) != 1:
            names = " or ".join(f.alias or n for n, f in type(self).model_fields.items() if n != "exact_case")
            raise ValueError(f"write exactly one of {names}")
        return self
