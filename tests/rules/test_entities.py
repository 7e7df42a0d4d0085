"""Which entities a text names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rules.files import Text
from rules.load import build
from rules.matcher import Matcher
from tests.rules.packs import named
from watcher.model import Item


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("OpenAI's deal with LANL", {"openai": ["OpenAI"], "lanl": ["LANL"]}),
        ("OPENAI, OpenAI", {"openai": ["OPENAI", "OpenAI"]}),
        ("オープンAIとロスアラモスが提携", {"openai": ["オープンAI"], "lanl": ["ロスアラモス"]}),
        ("오픈AI와 협력", {"openai": ["오픈AI"]}),
    ],
)
def test_names_are_found_with_their_places(text: str, names: dict[str, list[str]]) -> None:
    """Spans are characters of the text as given."""
    assert named(text) == names


def test_the_longest_reading_wins() -> None:
    """A longer name hides the shorter one inside it, there and nowhere else."""
    assert named("OpenAI for Government, says OpenAI") == {"openai-gov": ["OpenAI for Government"], "openai": ["OpenAI"]}


def test_a_name_that_is_a_word_needs_its_context() -> None:
    """A deer is no supercomputer; a word, an ending or another entity in the item makes it one."""
    assert "venado" not in named("Un venado corre")
    assert "venado" in named("Venado, a supercomputer")
    assert "venado" in named("Venado", summary="The laboratory is Los Alamos")


def test_all_parts_of_a_joint_context_are_needed() -> None:
    """`all` in a context asks for every part."""
    assert "frontier" not in named("Frontier is exascale")
    assert "frontier" in named("Frontier is exascale, says LANL")


def test_touching_words_decide_for_countries() -> None:
    """`next` and `prev` look at the neighbouring words only."""
    assert set(named("Iceland signs")) == set(named("A deal with Iceland")) == {"gov-iceland"}
    assert not named("Iceland is cold and signs are up")


def test_case_counts_where_it_is_asked_for() -> None:
    """A surname is no department."""
    assert named("The DOE and John Doe") == {"doe": ["DOE"]}


def test_refused_words_silence_a_name_and_phrases_around_it_only_there() -> None:
    """`unless` speaks for the item; a phrase that holds the name speaks for its own place."""
    assert not named("DOE plugin released")
    assert named("DOE Run is a mine, DOE is not") == {"doe": ["DOE"]}


def test_dates_move_a_name_from_one_entity_to_another() -> None:
    """An alias counts between its dates, and at all times when the item has none."""
    assert set(named("NREL", published=datetime(2025, 12, 1, 23, tzinfo=UTC))) == {"nrel"}
    assert set(named("NREL", published=datetime(2025, 12, 2, tzinfo=UTC))) == {"nlr"}
    assert set(named("NREL")) == {"nrel", "nlr"}


def test_an_alias_of_a_language_counts_in_that_language() -> None:
    """Declared languages are trusted; where none can be told, every alias counts."""
    assert set(named("Firma", lang="de-AT")) == {"firma-ai"}
    assert not named("Firma", lang="es")
    assert set(named("Firma")) == {"firma-ai"}


def test_a_name_with_an_explanation_in_brackets_is_for_readers_only() -> None:
    """"Agency of Examples (AE)" is what people are shown; what is looked for are the aliases."""
    text = "entities:\n  - {id: ae, name: Department (of Examples), type: gov_body, aliases: [Agency of Examples]}\n"
    matcher = Matcher(build([Text("e.yaml", text)]))
    assert [e.name for e in matcher.match(Item(id="1", title="The Agency of Examples signs")).entities] == ["Department (of Examples)"]
    assert not matcher.match(Item(id="1", title="The Department signs with others of Examples")).entities
    assert not matcher.match(Item(id="1", title="Department of Examples")).entities
