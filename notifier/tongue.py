"""The languages that people are spoken to in: texts by key, plural forms, dates, numbers and names of countries. Pure.

The texts themselves are `notifier.labels`; dates, numbers and countries come from Babel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime, format_timedelta, get_day_names
from babel.lists import format_list
from babel.numbers import format_decimal

from notifier import wording
from notifier.labels import LANGUAGES as CODES
from notifier.labels import Text, language, texts
from notifier.richtext import RichText, plain

LANGUAGES = dict(zip(CODES, ("English", "Français", "Deutsch", "Español"), strict=True))  # in their own names
_FORMATTER = Formatter()


class Tongue:
    """One language. Calling it with a key gives the text; `n` among the values chooses the plural form."""

    def __init__(self, code: str, texts: Mapping[str, Text]) -> None:
        self.code = code
        self._texts = texts
        self._locale = Locale(code)

    def __call__(self, key: str, **values: Any) -> str:
        """The text of `key` with its values put in, numbers in the language's way."""
        return self._template(key, values).format(**{k: self.number(v) if isinstance(v, int | float) else v for k, v in values.items()})

    def rich(self, key: str, **values: RichText | str | int) -> RichText:
        """The same as rich text, into which rich values are put with their styles."""
        whole = RichText()
        for literal, name, _, _ in _FORMATTER.parse(self._template(key, values)):
            value = values[name] if name else ""
            shown = value if isinstance(value, RichText) else plain(self.number(value) if isinstance(value, int) else value)
            whole = whole + plain(literal) + shown
        return whole

    def number(self, value: float) -> str:
        """`1,234` as it is written in this language."""
        return format_decimal(value, locale=self._locale)

    def severity(self, name: str) -> str:
        """`high` in this language."""
        return wording.severity(name, self.code)

    def several(self, names: Iterable[str], *, either: bool = False) -> str:
        """`a, b and c`, or with `either` `a, b or c`."""
        return format_list(list(names), style="or" if either else "standard", locale=self._locale)

    def moment(self, at: datetime, tz: str = "UTC") -> str:
        """`30 Jan 2025, 14:05 UTC` on the reader's clock."""
        return wording.moment(at, tz, self.code)

    def clock(self, at: datetime, tz: str = "UTC") -> str:
        """`14:05 UTC` on the reader's clock."""
        local = at.astimezone(ZoneInfo(tz))
        return f"{format_datetime(local, 'HH:mm', locale=self._locale)} {local:%Z}"

    def until(self, at: datetime, now: datetime, tz: str = "UTC") -> str:
        """A moment ahead, as short as it is clear: the hour alone where it is of today."""
        zone = ZoneInfo(tz)
        return self.clock(at, tz) if at.astimezone(zone).date() == now.astimezone(zone).date() else self.moment(at, tz)

    def ago(self, age: timedelta) -> str:
        """`3 minutes ago`."""
        return format_timedelta(-age, add_direction=True, threshold=0.99, locale=self._locale)

    def weekdays(self, days: Sequence[int]) -> str:
        """`Mon, Wed` for 0 and 2."""
        names = get_day_names("abbreviated", locale=self._locale)
        return ", ".join(names[d] for d in days)

    def country(self, code: str) -> str:
        """The name of a country; the code where there is none."""
        return str(self._locale.territories.get(code, code))

    def keys(self) -> dict[str, Text]:
        """Every key and its text or forms."""
        return dict(self._texts)

    def _template(self, key: str, values: Mapping[str, Any]) -> str:
        found = self._texts[key]
        if isinstance(found, str):
            return found
        return found.get(self._locale.plural_form(values["n"]), found["other"])


def tongue(lang: str) -> Tongue:
    """The language of a tag such as `fr` or `pt-br`; English where we do not speak it."""
    return _load(language(lang))


@cache
def _load(code: str) -> Tongue:
    return Tongue(code, texts(code))
