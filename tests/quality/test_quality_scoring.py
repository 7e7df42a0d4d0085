"""The scorer counts as its docstrings say, on cases small enough to count by hand."""

from __future__ import annotations

from typing import Any

import pytest

from bench.quality.labels import Labelled
from bench.quality.scoring import Answer, Tally, alike, b_cubed, score, unmatched, words


def _item(name: str, *, label: bool = True, story: str = "", **more: Any) -> Labelled:
    usual = {"id": name, "lang": "en", "kind": "news", "difficulty": "easy", "story": story or name}
    return Labelled.model_validate({**usual, "label": label, **more})


def test_matches_are_counted() -> None:
    """Two found, one missed, one wrongly found; an item without an answer counts as not found, and a quiet negative not at all."""
    items = [_item("a"), _item("b"), _item("c"), _item("d", label=False), _item("e", label=False), _item("f", label=False)]
    result = score(items, {name: Answer(found=True) for name in "abd"} | {"e": Answer(story="s")})
    assert result.match == Tally(right=2, wrong=1, missed=1)
    assert (result.match.precision, result.match.recall, result.match.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert [item.id for item in result.wrong] == ["c", "d"]


def test_parts_add_up() -> None:
    """Each item counts once in each of language, difficulty and kind."""
    items = [_item("a", lang="fr", kind="blog"), _item("b", difficulty="hard"), _item("c", label=False, lang="fr")]
    by = score(items, {"a": Answer(found=True), "c": Answer(found=True)}).by
    assert by == {
        "lang": {"en": Tally(missed=1), "fr": Tally(right=1, wrong=1)},
        "difficulty": {"easy": Tally(right=1, wrong=1), "hard": Tally(missed=1)},
        "kind": {"blog": Tally(right=1), "news": Tally(wrong=1, missed=1)},
    }


def test_rates_of_nothing_are_zero() -> None:
    """No item, no answer: no division by zero."""
    result = score([], {})
    assert (result.match.f1, result.stories.f1, result.names.f1) == (0, 0, 0)


def test_only_the_topic_counts() -> None:
    """A match of another topic finds nothing; names are kept once each, in their order."""
    entities = [{"name": "OpenAI"}, {"name": "NIST"}, {"name": "OpenAI"}]
    other, ours = {"topics": ["outages"]}, {"topics": ["money", "partnerships"]}
    assert Answer.of({"story": "s", "entities": entities, "matches": [other]}) == Answer(False, "s", ("OpenAI", "NIST"))
    assert Answer.of({"story": "s", "entities": [], "matches": [other, ours]}).found


def test_b_cubed_by_hand() -> None:
    """Event x of three items told as two stories, the second of which holds y too."""
    events = {"a": "x", "b": "x", "c": "x", "d": "y"}
    told = {"a": "1", "b": "1", "c": "2", "d": "2"}
    result = b_cubed(events, told)
    assert result.precision == pytest.approx((1 + 1 + 1 / 2 + 1 / 2) / 4)
    assert result.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4)


def test_b_cubed_at_its_ends() -> None:
    """Told as they happened, whatever the names: 1. All as one story: recall 1 and little precision. Each alone: the reverse."""
    events = {"a": "x", "b": "x", "c": "y", "d": "z"}
    right = b_cubed(events, {"a": "7", "b": "7", "c": "8", "d": "9"})
    assert (right.precision, right.recall) == (1, 1)
    one = b_cubed(events, dict.fromkeys(events, "s"))
    assert (one.precision, one.recall) == pytest.approx(((2 + 2 + 1 + 1) / 4 / 4, 1))
    alone = b_cubed(events, {name: name for name in events})
    assert (alone.precision, alone.recall) == pytest.approx((1, 3 / 4))


def test_stories_of_negatives_do_not_count() -> None:
    """Only items labelled true form stories; those that got none stand each alone and are not one story of the storyless."""
    items = [_item("a", story="x"), _item("b", story="y"), _item("c", label=False, story="z")]
    assert score(items, {"c": Answer(story="s")}).stories.f1 == 1
    joined = score(items, {name: Answer(story="s") for name in "abc"})
    assert (joined.stories.precision, joined.joined, joined.parted) == (0.5, [("x", "y")], {})
    parted = score([_item("a", story="x"), _item("b", story="x")], {})
    assert (parted.stories.recall, parted.joined, parted.parted) == (0.5, [], {"x": 2})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("NVIDIA", "Nvidia"),
        ("U.S. Department of Energy", "Department of Energy"),
        ("US Department of Energy", "U.S. Department of Energy"),
        ("Oak Ridge", "Oak Ridge National Laboratory"),
        ("Forschungszentrum Jülich", "Forschungszentrum Julich"),
        ("Government of Greece", "Greece"),
        ("Ministry of Defence (Netherlands)", "Netherlands Ministry of Defence"),
        ("Agence ministérielle pour l’IA de défense", "Agence ministerielle pour l'IA de defense"),
    ],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    """Case, accents, points, empty words and an added word do not make another name, in either direction."""
    assert alike(words(one), words(other))
    assert alike(words(other), words(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("OpenAI", "xAI"),
        ("Sandia National Laboratories", "Los Alamos National Laboratory"),
        ("U.S. Army", "U.S. Navy"),
        ("United States", "Congress"),
    ],
)
def test_different_names(one: str, other: str) -> None:
    """Shared empty words do not make two names one."""
    assert not alike(words(one), words(other))


def test_a_name_answers_once() -> None:
    """Two wanted names are not both answered by one that resembles both; what nobody wanted is left over."""
    assert unmatched(["Claude", "Claude Gov"], ["Claude", "NASA"]) == (["Claude Gov"], ["NASA"])
    assert unmatched(["Claude", "Claude Gov"], ["Claude Opus", "Claude"]) == ([], [])
    assert unmatched([], ["NASA"]) == ([], ["NASA"])


def test_names_are_counted() -> None:
    """Micro counts over all items, negatives among them, and the most frequent errors by name."""
    items = [_item("a", entities=("OpenAI", "NASA")), _item("b", label=False, entities=("NASA",), lang="fr")]
    result = score(items, {"a": Answer(names=("OpenAI", "Grok")), "b": Answer(names=("Grok",))})
    assert result.names == Tally(right=1, wrong=2, missed=2)
    assert result.names_by == {"en": Tally(1, 1, 1), "fr": Tally(0, 1, 1)}
    assert (result.missed, result.spurious) == ({"NASA": 2}, {"Grok": 2})


def test_the_matcher_does_not_see_the_label() -> None:
    """A question holds no word of the answer."""
    item = _item("a", title="t", why="secret", entities=("secret",), story="secret")
    assert "secret" not in item.question()
    assert not {"label", "difficulty"} & set(item.question().replace('"', " ").split())
