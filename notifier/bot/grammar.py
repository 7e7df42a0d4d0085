"""What people write after a command, read: targets, lengths of time, hours, weekdays, zones. Pure.

Each reader gives None for what it cannot read, so that the answer can say what to write, in the person's language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import get_day_names

from notifier.schedule import check_time, check_zone
from notifier.tongue import LANGUAGES
from notifier.wishes import Quiet
from rules.fold import fold
from watcher.errors import SettingsError
from watcher.units import parse_duration

LONGEST = timedelta(days=3650)
MOST = 20  # targets in one command
MOST_BUDGET = 999
_NO_PLACES = ("Etc/", "posix/", "right/", "SystemV/")
_MARKS = " \"“”„«»‟"
_QUOTED = re.compile(r"[\"“”„«»‟]\s*([^\"“”„«»‟]{1,100}?)\s*[\"“”„«»‟]")
_HOURS = re.compile(r"(?P<start>\d[\d:.h]*)\s*(?:-|–|—|to|à|bis|a)\s*(?P<end>\d[\d:.h]*)(?:\s+(?P<zone>\S+))?", re.IGNORECASE)
_OFF = frozenset({"off", "no", "none", "never", "aus", "nein", "kein", "non", "aucun", "jamais", "nada", "ninguno", "nunca", "apagado"})
_FOREVER = ("forever", "for ever", "pour toujours", "toujours", "für immer", "immer", "para siempre", "siempre", "always")
_ALL = frozenset({"all", "everything", "tout", "tous", "toutes", "alles", "alle", "todo", "todos", "todas"})
_EVERY_DAY = frozenset({"daily", "everyday", "quotidien", "täglich", "diario", "diariamente"})
_WORKDAYS = frozenset({"weekdays", "workdays", "ouvrés", "semaine", "werktags", "laborables"})
_WORDS_FOR_DAY = (("h", "hours", "hour", "heures", "heure", "stunden", "stunde", "horas", "hora"),
                  ("d", "days", "day", "jours", "jour", "j", "tage", "tagen", "tag", "días", "dias", "día", "dia"),
                  ("w", "weeks", "week", "semaines", "semaine", "wochen", "woche", "semanas", "semana"),
                  ("m", "minutes", "minute", "min", "mins", "minuten", "minutos", "minuto"))  # fmt: skip
_UNITS = {word: names[0] for names in _WORDS_FOR_DAY for word in names}


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that was named; `quoted` words are looked for as they stand."""

    text: str
    quoted: bool = False


def pieces(text: str) -> tuple[Piece, ...]:
    """What a command names: quoted words, and whatever stands between commas, semicolons or lines."""
    found: list[Piece] = []
    last = 0
    for quoted in _QUOTED.finditer(text):
        found += _split(text[last : quoted.start()])
        found.append(Piece(quoted[1].strip(), quoted=True))
        last = quoted.end()
    found += _split(text[last:])
    return tuple(dict.fromkeys(p for p in found if p.text))[:MOST]


def _split(text: str) -> list[Piece]:
    return [Piece(" ".join(part.split()).strip(_MARKS)) for part in re.split(r"[,;\n]", text)]


def is_off(text: str) -> bool:
    """Whether it says to switch something off."""
    return text.strip().lower() in _OFF


def is_all(text: str) -> bool:
    """Whether it names everything."""
    return text.strip().lower() in _ALL


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: `length` None is for ever; `given` tells whether it was said."""

    length: timedelta | None = None
    given: bool = False


def ending(text: str) -> tuple[str, Span]:
    """The text without the length of time at its end, such as `8h`, `3 days` or `forever`, and that length."""
    whole = " ".join(text.split())
    for word in _FOREVER:
        if whole.lower() == word or whole.lower().endswith(f" {word}"):
            return whole[: len(whole) - len(word)].strip(), Span(None, given=True)
    words = whole.split()
    for count in (2, 1):
        length = duration(" ".join(words[-count:])) if len(words) >= count else None
        if length:
            return " ".join(words[:-count]), Span(length, given=True)
    return whole, Span()


def duration(text: str) -> timedelta | None:
    """`8h`, `3d`, `1h30m`, `2 weeks`, `8 Stunden`: more than nothing, and at most ten years."""
    spelled = re.fullmatch(r"(\d{1,5})\s*([a-zäöüéí]+)", text.strip().lower())
    unit = _UNITS.get(spelled[2]) if spelled else None
    try:
        length = parse_duration(f"{spelled[1]}{unit}" if spelled and unit else text)
    except (ValueError, OverflowError):
        return None
    return length if timedelta(0) < length <= LONGEST else None


def quiet_hours(text: str, tz: str) -> tuple[Quiet | None, str]:
    """`22:00-07:00 Europe/Paris` as quiet hours, else None; beside it a word in a zone's place that is none."""
    found = _HOURS.fullmatch(" ".join(text.split()))
    if not found:
        return None, ""
    asked = found["zone"]
    named = zone(asked) if asked else tz
    if named is None:
        return None, asked
    try:
        start, end = check_time(found["start"]), check_time(found["end"])
    except SettingsError:
        return None, ""
    return (Quiet(start, end, named) if start != end else None), ""


@dataclass(frozen=True, slots=True)
class Daily:
    """When a digest is to come; what was not said is None. `stray` is a word that means nothing."""

    at: str | None = None
    tz: str | None = None
    days: tuple[int, ...] | None = None
    stray: str = ""


def daily(text: str) -> Daily:
    """`08:00 Europe/Paris mon-fri`, in any order."""
    at: str | None = None
    tz: str | None = None
    days: tuple[int, ...] | None = None
    for word in text.split():
        hour, place, weekdays = _hour(word), zone(word), weekday_list(word)
        if hour and at is None:
            at = hour
        elif weekdays is not None:
            days = weekdays if days is None else tuple(sorted({*days, *weekdays}))
        elif place and tz is None:
            tz = place
        else:
            return Daily(at, tz, days, word)
    return Daily(at, tz, days)


def _hour(word: str) -> str | None:
    try:
        return check_time(word)
    except SettingsError:
        return None


def weekday_list(word: str) -> tuple[int, ...] | None:
    """`mon-fri`, `mo,mi,fr`, `weekdays`, `täglich` as weekdays, Monday first as 0; every day is the empty tuple."""
    lowered = word.lower().strip(",.")
    if lowered in _EVERY_DAY:
        return ()
    if lowered in _WORKDAYS:
        return (0, 1, 2, 3, 4)
    days: set[int] = set()
    for part in lowered.split(","):
        ends = [weekday_names().get(fold(name).strip()) for name in re.split(r"[-–]", part)]
        if None in ends or len(ends) > 2:
            return None
        first, last = ends[0] or 0, ends[-1] or 0
        days |= {(first + n) % 7 for n in range((last - first) % 7 + 1)}
    return tuple(sorted(days)) if len(days) < 7 else ()


@cache
def weekday_names() -> dict[bytes, int]:
    """The names of weekdays in our languages, long and short, folded."""
    forms: tuple[Literal["wide", "abbreviated"], ...] = ("wide", "abbreviated")  # shorter ones mean several days
    names = {
        fold(name).strip(): day for lang in LANGUAGES for form in forms for day, name in get_day_names(form, locale=lang).items()
    }
    return names | {name[:3]: day for name, day in names.items() if name.isascii() and len(name) > 5}


def zone(text: str) -> str | None:
    """A time zone by its name or its city: `Europe/Paris`, `paris`, `New York`; None for what is none."""
    asked = text.strip().replace(" ", "_")
    if not asked or len(asked) > 64:
        return None
    found = _zones().get(asked.lower())
    if found:
        return found
    try:
        return check_zone(asked) if asked.isascii() and asked.isupper() else None
    except SettingsError:
        return None


def near_zones(text: str) -> list[str]:
    """Up to three zones whose name or city is spelled much the same."""
    asked = text.strip().replace(" ", "_").lower()
    return list(dict.fromkeys(_zones()[n] for n in get_close_matches(asked, list(_zones()), n=3, cutoff=0.7)))


@cache
def _zones() -> dict[str, str]:
    names = sorted(n for n in available_timezones() if n == "UTC" or ("/" in n and not n.startswith(_NO_PLACES)))
    by_city = {n.rsplit("/", 1)[-1].lower(): n for n in reversed(names)}
    return by_city | {n.lower(): ZoneInfo(n).key for n in names}


def near_word(word: str, known: Iterable[str]) -> str:
    """The one of `known` that is spelled nearest, or nothing."""
    return next(iter(get_close_matches(word.strip().lower(), [str(k) for k in known], n=1, cutoff=0.6)), "")


def budget(text: str) -> int | None:
    """A number of alerts a day, from 0 to 999."""
    asked = text.strip()
    return int(asked) if asked.isascii() and asked.isdigit() and int(asked) <= MOST_BUDGET else None
