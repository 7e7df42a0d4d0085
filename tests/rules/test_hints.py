"""Promises of rules.hints: countries and kinds of deal are heard in many languages, and not where only letters are alike."""

from __future__ import annotations

import pytest

from rules.fold import fold
from rules.hints import Hints
from rules.load import load_ruleset
from rules.profile import words


@pytest.fixture(scope="module")
def hints() -> Hints:
    """The words of the built-in packs."""
    return Hints.of(load_ruleset())


@pytest.mark.parametrize(
    ("text", "countries", "acts"),
    [
        ("Athens signs a memorandum", {"GR"}, {"memorandum"}),
        ("Les Grecs et leur accord-cadre", {"GR"}, {"framework"}),
        ("El Gobierno de Japón firma un contrato", {"JP"}, {"award"}),
        ("Estonian schools, pilot", {"EE"}, {"pilot"}),
        ("インド政府と覚書", {"IN"}, {"memorandum"}),
        ("グーグル・ディープマインド", set(), set()),
        ("a laboratory in New Mexico serves us on an island", set(), set()),
        ("Frankreichs Rahmenvertrag", {"FR"}, {"framework"}),
        ("한국 정부와 양해각서", {"KR"}, {"memorandum"}),
        ("a firm of San Francisco", set(), set()),
    ],
)
def test_countries_and_deals_are_heard(hints: Hints, text: str, countries: set[str], acts: set[str]) -> None:
    """Names, adjectives and capitals speak of a country; a part of another word does not."""
    folded = fold(text).decode()
    heard, deals = hints.read(folded, words(text), text)
    assert (set(heard), set(deals)) == (countries, acts)
