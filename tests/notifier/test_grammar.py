"""Promises of notifier.bot.grammar: what people write is read as they mean it, in each language, and nothing breaks the reader."""

from __future__ import annotations

from datetime import timedelta

import pytest
from babel.dates import get_day_names
from hypothesis import given
from hypothesis import strategies as st

from notifier.bot import grammar
from notifier.bot.grammar import Daily, Piece, Span
from notifier.schedule import check_time
from notifier.tongue import LANGUAGES
from notifier.wishes import Quiet
from rules.fold import fold

ANYTHING = st.text(max_size=200) | st.text(alphabet='08:-–,"«» hdw/abcEuropeParis', max_size=60)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("labs", [Piece("labs")]),
        ("labs, OpenAI ;France\nFR", [Piece("labs"), Piece("OpenAI"), Piece("France"), Piece("FR")]),
        ('"quantum computing"', [Piece("quantum computing", quoted=True)]),
        ("«calcul quantique» „Quantencomputer“ “x y”", [Piece(p, quoted=True) for p in ("calcul quantique", "Quantencomputer", "x y")]),
        ('Los   Alamos "a b" labs', [Piece("Los Alamos"), Piece("a b", quoted=True), Piece("labs")]),
        (" , ;", []),
        ('""', []),
    ],
)
def test_pieces(text: str, found: list[Piece]) -> None:
    """Commas, semicolons and lines part, quotes of every language hold together."""
    assert list(grammar.pieces(text)) == found


@pytest.mark.parametrize(
    ("text", "rest", "length"),
    [
        ("labs 8h", "labs", timedelta(hours=8)), ("all 3 days", "all", timedelta(days=3)), ("8 Stunden", "", timedelta(hours=8)),
        ("OpenAI 2 semaines", "OpenAI", timedelta(weeks=2)), ("x 3 días", "x", timedelta(days=3)), ("1h30m", "", timedelta(minutes=90)),
    ],
)  # fmt: skip
def test_lengths_of_time(text: str, rest: str, length: timedelta) -> None:
    """A length at the end is read in each language, in short and in words."""
    assert grammar.ending(text) == (rest, Span(length, given=True))


@pytest.mark.parametrize("word", ["forever", "pour toujours", "für immer", "para siempre"])
def test_for_ever(word: str) -> None:
    """For ever is no length, but was said; what was not said is not for ever by mistake."""
    assert grammar.ending(f"labs {word}") == ("labs", Span(None, given=True))
    assert grammar.ending("labs") == ("labs", Span(None, given=False))
    assert grammar.ending("labs 0h") == ("labs 0h", Span())
    assert grammar.ending("labs 99999d") == ("labs 99999d", Span())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("22:00-07:00 Europe/Paris", (Quiet("22:00", "07:00", "Europe/Paris"), "")), ("22-7", (Quiet("22:00", "07:00", "UTC"), "")),
        ("22h30 – 6h15", (Quiet("22:30", "06:15", "UTC"), "")), ("22:00 bis 07:00 berlin", (Quiet("22:00", "07:00", "Europe/Berlin"), "")),
        ("22:00-07:00 Mars", (None, "Mars")), ("22:00-22:00", (None, "")), ("25:00-07:00", (None, "")), ("tonight", (None, "")),
    ],
)  # fmt: skip
def test_quiet_hours(text: str, found: tuple[Quiet | None, str]) -> None:
    """Hours in the ways that people write them, with a zone or its city; a zone that is none is named."""
    assert grammar.quiet_hours(text, "UTC") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("08:00", Daily("08:00")), ("8 Europe/Paris", Daily("08:00", "Europe/Paris")), ("mon-fri", Daily(days=(0, 1, 2, 3, 4))),
        ("lun,mer,ven 7h30", Daily("07:30", days=(0, 2, 4))), ("mo mi fr", Daily(days=(0, 2, 4))), ("sat-mon", Daily(days=(0, 5, 6))),
        ("täglich", Daily(days=())), ("lundi-dimanche", Daily(days=())), ("werktags 6", Daily("06:00", days=(0, 1, 2, 3, 4))),
        ("08:00 soon", Daily("08:00", stray="soon")), ("08:00 09:00", Daily("08:00", stray="09:00")),
    ],
)  # fmt: skip
def test_digest_hours(text: str, found: Daily) -> None:
    """Hour, zone and weekdays in any order and language; the first word that means nothing is named."""
    assert grammar.daily(text) == found


def test_no_weekday_means_two_days() -> None:
    """Long and short names of all languages are known, and none of them says two different days."""
    for lang in LANGUAGES:
        for width in ("wide", "abbreviated"):
            for day, name in get_day_names(width, locale=lang).items():
                assert grammar.weekday_names()[fold(name).strip()] == day, (lang, name)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Europe/Paris", "Europe/Paris"), ("paris", "Europe/Paris"), ("New York", "America/New_York"), ("utc", "UTC"),
        ("Atlantis", None), ("../etc/passwd", None), ("", None), ("x" * 99, None),
    ],
)  # fmt: skip
def test_zones(text: str, found: str | None) -> None:
    """Zones by name or city, in any case; nothing else is looked up."""
    assert grammar.zone(text) == found


def test_near_misses() -> None:
    """A slip of the finger finds the zone or the command that was meant."""
    assert grammar.near_zones("Europe/Pris")[0] == "Europe/Paris"
    assert grammar.near_word("folow", ["follow", "forget"]) == "follow"
    assert grammar.near_word("xyzzy", ["follow"]) == ""


@given(ANYTHING)
def test_nothing_breaks_the_reader(text: str) -> None:
    """Whatever is written, every reader gives an answer that can be used: times as HH:MM, zones that exist, lengths that are some."""
    for piece in grammar.pieces(text):
        assert piece.text.strip()
    rest, span = grammar.ending(text)
    assert len(rest) <= len(text)
    assert span.length is None or span.length > timedelta(0)
    quiet, _ = grammar.quiet_hours(text, "UTC")
    if quiet:
        assert (check_time(quiet.start), check_time(quiet.end), grammar.zone(quiet.tz)) == (quiet.start, quiet.end, quiet.tz)
    daily = grammar.daily(text)
    assert daily.at is None or check_time(daily.at) == daily.at
    assert all(0 <= d <= 6 for d in daily.days or ())
    assert (grammar.budget(text) or 0) in range(1000)
    assert isinstance(grammar.near_zones(text[:40]), list)
