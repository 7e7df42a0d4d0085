"""How facts are worded for readers, in every channel alike: parties, machines, notices, amounts, places and times. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from notifier.model import Party, Report, Story
from notifier.richtext import one_line
from watcher.text import cut

COMPANY = ("ai_org", "chip_vendor")
STATE = ("national_lab", "gov_body")
THING = ("supercomputer", "ai_model", "program")
MARKS = {"low": "·", "normal": "•", "high": "▲", "critical": "‼"}
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_NAME = 100  # characters of a party's name in a notice
_SHOWN = 4  # names a side before "and others"


def parties(story: Story) -> str:
    """`OpenAI × Los Alamos National Laboratory`: companies, then the public side; empty when neither is named."""
    sides = [_names(story.parties, COMPANY), _names(story.parties, STATE)]
    return " × ".join(s for s in sides if s)


def things(story: Story) -> str:
    """`Venado · GPT-4o`: machines, models and programmes that the story names."""
    return " · ".join(s for s in (_names(story.parties, (t,)) for t in THING) if s)


def amount(story: Story) -> str:
    """`$200 million`, where a register or notice states it; else empty."""
    value = story.facts.get("amount")
    if not isinstance(value, int | float) or value <= 0:
        return ""
    code = str(story.facts.get("currency") or "")
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= size:
            number = f"{value / size:.3g} {word}"
            break
    else:
        number = f"{value:,.0f}"
    symbol = _SYMBOLS.get(code)
    return f"{symbol}{number}" if symbol else f"{number} {one_line(code)}".strip()


def detail(story: Story) -> str:
    """`Venado · $200 million · award 47QTCA25D0001`: what it is about, for how much, and by which notice."""
    return " · ".join(x for x in (things(story), amount(story), notice(story)) if x)


def deal(story: Story) -> str:
    """`General Services Administration → Carahsoft (OpenAI)`: who buys from whom, and whose product, where a register states it."""
    buyer, supplier, vendor = (_fact(story, name) for name in ("buyer", "supplier", "vendor"))
    if vendor:
        supplier = f"{supplier} ({vendor})" if supplier else vendor
    if buyer and supplier:
        return f"{buyer} → {supplier}"
    return f"buyer: {buyer}" if buyer else f"supplier: {supplier}" if supplier else ""


def notice(story: Story) -> str:
    """`award 47QTCA25D0001`, `tender`: the stage that a register states, and the number of the award."""
    return " ".join(x for x in (_fact(story, "stage"), _fact(story, "award_id")) if x)


def _fact(story: Story, name: str) -> str:
    value = story.facts.get(name)
    return cut(one_line(value), _NAME) if isinstance(value, str) else ""


def moment(at: datetime | None, tz: str = "UTC") -> str:
    """`30 Jan 2025 14:05 UTC` on the reader's clock; empty for None."""
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(tz))
    return f"{local.day} {local:%b %Y %H:%M} {local:%Z}"


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


def sources(count: int) -> str:
    """`+3 sources`."""
    return f"+{count} source" + ("s" if count != 1 else "")


def _names(found: Sequence[Party], types: Sequence[str]) -> str:
    names = list(dict.fromkeys(one_line(p.name) for t in types for p in found if p.type == t))
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and others" if len(names) > _SHOWN else shown
