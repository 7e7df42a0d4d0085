"""Days as pages write them, in their addresses and for their readers. Pure.

A wrong day can keep an item from ringing, an unknown one cannot: what could mean two days is no day, unless the page shows its order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import Enum

from watcher.units import utc

_MONTHS = """
january jan janvier janv janeiro januar janner gennaio gen enero ene januari stycznia leden ledna tammikuuta ocak
    يناير جانفي января ιανουαριου
february feb fevrier fevr fevereiro fev februar febbraio febrero februari lutego unora helmikuuta subat
    فبراير فيفري شباط февраля φεβρουαριου
march mar mars marco marz maerz marzo mrz maart marca brezna maaliskuuta mart maret
    مارس اذار марта μαρτιου
april apr avril avr abril abr aprile kwietnia dubna huhtikuuta nisan
    ابريل افريل نيسان апреля απριλιου
may mai maio mayo maggio mag mei maj maja kvetna toukokuuta mayis
    مايو ماي ايار мая μαιου
june jun juin junho juni giugno giu junio czerwca cervna kesakuuta haziran
    يونيو جوان حزيران июня ιουνιου
july jul juillet juil julho juli luglio lug julio lipca cervence heinakuuta temmuz
    يوليو جويلية تموز июля ιουλιου
august aug aout agosto ago augusti augustus sierpnia srpna elokuuta agustos agustus
    اغسطس اوت اب августа αυγουστου
september sep sept septembre setembro set settembre septiembre wrzesnia zari syyskuuta eylul
    سبتمبر ايلول сентября σεπτεμβριου
october oct octobre outubro out oktober okt ottobre ott octubre pazdziernika rijna lokakuuta ekim
    اكتوبر октября οκτωβριου
november nov novembre novembro noviembre listopada listopadu marraskuuta kasim
    نوفمبر ноября νοεμβριου
december dec decembre dezembro dez dezember dicembre dic diciembre desember desembre grudnia prosince joulukuuta aralik
    ديسمبر декабря δεκεμβριου
"""  # a line that is set in goes on with the month above it
MONTHS = {word: number for number, line in enumerate(_MONTHS.strip().replace("\n    ", " ").splitlines(), 1) for word in line.split()}
MONTHS |= {"كانون الثاني": 1, "تشرين الاول": 10, "تشرين الثاني": 11, "كانون الاول": 12}  # in the Levant two words

_ISO = re.compile(r"(?<!\d)(\d{4})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{1,2})(?!\d)")
_EAST = re.compile(r"(?:(\d{4})|(?:令和|R)\s?(\d{1,2}|元))\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")
_DAY_FIRST = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|ro|º|ª|\.)?,?\s+(?:(?:de|of|d)\s+)?([^\W\d_]{3,14}|كانون \w+|تشرين \w+)\.?[,،]?\s+"
    r"(?:(?:de|del)\s+)?(\d{4})(?!\d)"
)
_MONTH_FIRST = re.compile(r"(?<![^\W\d_])([^\W\d_]{3,14})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)")
_SHORT = re.compile(r"(?<!\d)(\d{1,2})[-\s]([^\W\d_]{3,9})[-\s](\d{4})(?!\d)")
_NUMBERS = re.compile(r"(?<![\d./-])(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4})(?![\d/-])")
_PATH_DAY = re.compile(
    r"/((?:19|20)\d\d)[/-](\d{1,2})[/-](\d{1,2})(?=[/_-]|$)|(?<!\d)((?:19|20)\d\d)-(\d\d)-(\d\d)(?!\d)|"
    r"(?<!\d)(20\d\d)(\d\d)(\d\d)(?!\d)"
)
_PATH_US = re.compile(r"[-_/](\d\d)(\d\d)(20\d\d)(?:/|\.html?)?$")


class Order(Enum):
    """Which of two numbers is the day, in `3/4/2026`."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"
    UNKNOWN = "unknown"


def day_in_address(url: str) -> datetime | None:
    """The day that an address names: `/2026/11/24/`, `2026-11-24`, `20261124`, `…-11242026`; a month alone is no day."""
    path = re.split(r"[?#]", url, maxsplit=1)[0]
    for found in _PATH_DAY.finditer(path):
        year, month, day = [g for g in found.groups() if g is not None]
        moment = _day(int(year), int(month), int(day))
        if moment is not None:
            return moment
    american = _PATH_US.search(path)
    return _day(int(american[3]), int(american[1]), int(american[2])) if american else None


def day_in_text(text: str, order: Order = Order.UNKNOWN) -> datetime | None:
    """The first day that a short text names, in the words of some twenty languages."""
    text = unicodedata.normalize("NFKC", text)
    if not any(c.isdecimal() for c in text):
        return None
    found = _ISO.search(text)
    if found:
        return _day(int(found[1]), int(found[3]), int(found[4]))
    found = _EAST.search(text)
    if found:
        return _day(int(found[1] or 2018 + (1 if found[2] == "元" else int(found[2]))), int(found[3]), int(found[4]))
    return _in_words(text) or _in_numbers(text, order)


def order_of(texts: Iterable[str], lang: str, host: str) -> Order:
    """Which number comes first on a page: as its own unmistakable dates show, else as its language or its country has it."""
    for text in texts:
        for found in _NUMBERS.finditer(text):
            if found[2] != "." and int(found[1]) > 12 >= int(found[3]):
                return Order.DAY_FIRST
            if found[2] != "." and int(found[3]) > 12 >= int(found[1]):
                return Order.MONTH_FIRST
    if lang.lower() == "en-us" or host.endswith((".gov", ".mil", ".us")):
        return Order.MONTH_FIRST
    return Order.UNKNOWN if not lang or lang.lower().split("-")[0] == "en" else Order.DAY_FIRST


def moment_of(value: str) -> datetime | None:
    """The moment in a `datetime` attribute or a meta value: ISO 8601 as it is, else the day that can be read out of it."""
    value = value.strip()[:64]
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return day_in_text(value)
    try:
        return utc(moment) if 1990 <= moment.year <= 2100 else None
    except OverflowError:
        return None


def _in_words(text: str) -> datetime | None:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c)).replace("ı", "i")
    for pattern, day, month in ((_DAY_FIRST, 1, 2), (_MONTH_FIRST, 2, 1), (_SHORT, 1, 2)):
        for found in pattern.finditer(plain):
            number = MONTHS.get(found[month])
            moment = _day(int(found[3]), number, int(found[day])) if number else None
            if moment is not None:
                return moment
    return None


def _in_numbers(text: str, order: Order) -> datetime | None:
    found = _NUMBERS.search(text)
    if not found:
        return None
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    if found[2] == "." or first > 12 or order is Order.DAY_FIRST or first == second:
        return _day(year, second, first)
    return _day(year, first, second) if second > 12 or order is Order.MONTH_FIRST else None


def _day(year: int, month: int, day: int) -> datetime | None:
    try:
        return datetime(year, month, day, tzinfo=UTC) if 1990 <= year <= 2100 else None
    except ValueError:
        return None
