"""How many stories each of the last days had: as a picture for a mail, and as a line of text. Pure: the picture is bytes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw

DAYS = 30
_WIDE, _HIGH = 1104, 128  # twice what a mail shows, for screens that show two dots where others show one
_GAP = 8
_PAPER, _LINE, _BAR, _LAST = range(4)
_COLOURS = (255, 255, 255, 170, 173, 179, 139, 143, 151, 196, 74, 44)  # readable on white and on black paper; paper itself is clear
_BLOCKS = "▁▂▃▄▅▆▇█"


def days_until(last: date) -> list[date]:
    """The days of a chart that ends with this one, oldest first."""
    return [last - timedelta(days=n) for n in reversed(range(DAYS))]


def counts(moments: Iterable[datetime], until: datetime, tz: str) -> tuple[int, ...]:
    """How many of these moments fell on each of the days up to `until`, on clocks in `tz`."""
    zone = ZoneInfo(tz)
    places = {day: n for n, day in enumerate(days_until(until.astimezone(zone).date()))}
    found = [0] * DAYS
    for moment in moments:
        place = places.get(moment.astimezone(zone).date())
        if place is not None:
            found[place] += 1
    return tuple(found)


def picture(values: Sequence[int]) -> bytes:
    """A PNG of one bar a day, the last one in another colour; a day without anything leaves a dot on the line."""
    image = Image.new("P", (_WIDE, _HIGH), _PAPER)
    image.putpalette(_COLOURS)
    draw = ImageDraw.Draw(image)
    step, most = (_WIDE + _GAP) / max(len(values), 1), max([*values, 1])
    draw.rectangle((0, _HIGH - 2, _WIDE, _HIGH - 1), fill=_LINE)
    for n, value in enumerate(values):
        left, right = round(n * step), round((n + 1) * step) - _GAP - 1
        top = _HIGH - 3 - max(round((_HIGH - 8) * value / most), 6 if value else 0)
        if value:
            draw.rectangle((left, top, right, _HIGH - 3), fill=_LAST if n == len(values) - 1 else _BAR)
    kept = io.BytesIO()
    image.save(kept, "PNG", transparency=_PAPER)
    return kept.getvalue()


def line(values: Sequence[int]) -> str:
    """The same as text: `▁▂▁▅█…`, one sign a day, a dot for a day without anything."""
    most = max([*values, 1])
    return "".join(_BLOCKS[(v * len(_BLOCKS) - 1) // most] if v else "·" for v in values)
