"""How facts are worded for readers, in every channel alike: parties, machines, notices, amounts, places and times. Pure.

`lang` is a language tag; words are those of `notifier.labels`, dates, sums and countries as Babel writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime
from babel.numbers import format_compact_decimal, format_decimal, get_currency_symbol

from notifier.labels import DEFAULT, known, label, language
from notifier.model import Party, Report, Story
from notifier.richtext import one_line
from watcher.text import cut

COMPANY = ("ai_org", "chip_vendor")
STATE = ("national_lab", "gov_body")
THING = ("supercomputer", "ai_model", "program")
MARKS = {"low": "·", "normal": "•", "high": "▲", "critical": "‼"}
OFFICIAL, OFF = "🏛", "✖"
_NAME = 100  # characters of a party's name in a notice
_SHOWN = 4  # names a side before "and others"
_MOST_PLACES = 3


def parties(story: Story, lang: str = DEFAULT) -> str:
    """`OpenAI × Los Alamos National Laboratory`: companies, then the public side; empty when neither is named."""
    sides = [_names(story.parties, COMPANY, lang), _names(story.parties, STATE, lang)]
    return " × ".join(s for s in sides if s)


def things(story: Story, lang: str = DEFAULT) -> str:
    """`Venado · GPT-4o`: machines, models and programmes that the story names."""
    return " · ".join(s for s in (_names(story.parties, (t,), lang) for t in THING) if s)


def places(story: Story, lang: str = DEFAULT) -> str:
    """`🇺🇸 United States · 🇫🇷 France`: the countries of the public side, else of whoever is named."""
    public = [p.country for p in story.parties if p.type in STATE and p.country]
    codes = list(dict.fromkeys(public or [p.country for p in story.parties if p.country]))[:_MOST_PLACES]
    names = Locale(language(lang)).territories
    return " · ".join(f"{_flag(code)}{one_line(str(names.get(code, code)))}" for code in codes)


def amount(story: Story, lang: str = DEFAULT) -> str:
    """`$200 million`, `200 millions $`, where a register or notice states it; else empty."""
    value = story.facts.get("amount")
    if not isinstance(value, int | float) or not 0 < value < 1e15:
        return ""
    locale, code = language(lang), one_line(str(story.facts.get("currency") or ""))
    number = (
        format_compact_decimal(value, format_type="long", locale=locale, fraction_digits=2 if value >= 1e6 else 0)
        if value >= 1e6
        else format_decimal(round(value), locale=locale)
    )
    symbol = get_currency_symbol(code, locale) if len(code) == 3 and code.isalpha() else code
    return f"{symbol}{number}" if locale == "en" and not symbol.isalpha() else f"{number} {symbol}".strip()


def detail(story: Story, lang: str = DEFAULT) -> str:
    """`Venado · $200 million · award 47QTCA25D0001`: what it is about, for how much, and by which notice."""
    return " · ".join(x for x in (things(story, lang), amount(story, lang), notice(story, lang)) if x)


def deal(story: Story, lang: str = DEFAULT) -> str:
    """`General Services Administration → Carahsoft (OpenAI)`: who buys from whom, and whose product, where a register states it."""
    buyer, supplier, vendor = (_fact(story, name) for name in ("buyer", "supplier", "vendor"))
    if vendor:
        supplier = f"{supplier} ({vendor})" if supplier else vendor
    if buyer and supplier:
        return f"{buyer} → {supplier}"
    return label("buyer", lang, buyer) if buyer else label("supplier", lang, supplier) if supplier else ""


def notice(story: Story, lang: str = DEFAULT) -> str:
    """`award 47QTCA25D0001`, `tender`: the stage that a register states, and the number of the award."""
    stage = _fact(story, "stage")
    return " ".join(x for x in (label(stage, lang) if stage and known(stage) else stage, _fact(story, "award_id")) if x)


def moment(at: datetime | None, tz: str = "UTC", lang: str = DEFAULT) -> str:
    """`30 Jan 2025 14:05 UTC` on the reader's clock; empty for None."""
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(tz))
    return f"{format_datetime(local, 'd MMM y HH:mm', locale=language(lang))} {local:%Z}"


def severity(name: str, lang: str = DEFAULT) -> str:
    """A severity in the reader's language."""
    return label(name, lang) if known(name) else name


def others(story: Story) -> list[Report]:
    """Reports of further outlets, the first of each, in the order in which they came; the one whose title is shown is left out."""
    lead = lead_report(story)
    seen = {lead.outlet} if lead else set()
    found = []
    for report in story.reports:
        if report.outlet not in seen:
            seen.add(report.outlet)
            found.append(report)
    return found


def lead_report(story: Story) -> Report | None:
    """The report whose link and title the story shows."""
    return next((r for r in story.reports if r.url == story.url), story.reports[0] if story.reports else None)


def sources(count: int, lang: str = DEFAULT) -> str:
    """`+3 sources`."""
    return label("source" if count == 1 else "sources", lang, count)


def _fact(story: Story, name: str) -> str:
    value = story.facts.get(name)
    return cut(one_line(value), _NAME) if isinstance(value, str) else ""


def _flag(code: str) -> str:
    """A country's flag and a space; nothing for what is no code of two letters."""
    if len(code) != 2 or not (code.isascii() and code.isalpha()):
        return ""
    return "".join(chr(0x1F1E6 + ord(c) - ord("A")) for c in code.upper()) + " "


def _names(found: Sequence[Party], types: Sequence[str], lang: str) -> str:
    names = list(dict.fromkeys(one_line(p.name) for t in types for p in found if p.type == t))
    shown = ", ".join(names[:_SHOWN])
    return label("others", lang, shown) if len(names) > _SHOWN else shown
