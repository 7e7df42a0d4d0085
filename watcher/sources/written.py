"""How operators may write the lists in a source's keys: one value without brackets, codes without quotes. Pure."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator


def _listed(value: Any) -> Any:
    values = value if isinstance(value, list | tuple) else [value]
    return [str(v) if isinstance(v, int) and not isinstance(v, bool) else v.strip() if isinstance(v, str) else v for v in values]


def _none_empty(values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(values):
        raise ValueError("one of the list is empty; take it out")
    return values


Many = BeforeValidator(_listed)
Texts = Annotated[tuple[str, ...], AfterValidator(_none_empty), Many]


def codes(pattern: str, advice: str) -> Any:
    """A list of codes of one form; the mistake says what to write rather than an expression."""
    form = re.compile(pattern)

    def check(values: tuple[str, ...]) -> tuple[str, ...]:
        wrong = next((v for v in values if not form.fullmatch(v)), None)
        if wrong is not None:
            raise ValueError(f"{wrong!r} cannot be read; write {advice}")
        return values

    return AfterValidator(check)
