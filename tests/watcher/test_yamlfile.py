"""YAML that people write: values as they meant them, mistakes with their places."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from watcher.errors import OperatorError, Problem
from watcher.yamlfile import parse, validate


class Pet(BaseModel):
    """A model to validate against."""

    model_config = ConfigDict(extra="forbid")
    name: str
    legs: int = 4


def test_norway_and_half_past_eight_stay_text() -> None:
    """Only true and false are booleans; times are no numbers; quotes make text."""
    assert parse("[no, on, 08:30, true, 'true', 12, 1.5, ~]", "f").data == ["no", "on", "08:30", True, "true", 12, 1.5, None]


def test_every_value_has_its_place() -> None:
    """The place of a nested value is where it begins, counted from one."""
    document = parse("a: 1\nb:\n  - x\n  - {c: deep}\n", "f.yaml")
    assert str(document.place(("b", 1, "c"))) == "f.yaml:4:9"
    assert str(document.place(("b", 1, "nothing", "here"))) == "f.yaml:4:5"


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("a: b: c", "f:1:5", "mapping values"),
        ("a:\n\tb: 1", "f:2:1", "cannot start any token"),
        ("a: &x 1\nb: *x", "f:1:4", "anchors and aliases"),
        ("a: 1\nb: 2\na: 3", "f:3:1", "given twice"),
        ("? [a]\n: 1", "f:1:3", "key must be plain text"),
    ],
)
def test_mistakes_of_form_are_placed(text: str, place: str, what: str) -> None:
    """Syntax errors, anchors and doubled keys name line and column."""
    with pytest.raises(OperatorError) as caught:
        parse(text, "f")
    assert str(caught.value).startswith(place)
    assert what in str(caught.value)


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    """Nine lines that would unfold into a billion values are not unfolded."""
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"] + [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(OperatorError, match="anchors and aliases"):
        parse("\n".join(lines), "f")


def test_deep_nesting_is_refused() -> None:
    """A file nested beyond reason is an error, not a crash."""
    with pytest.raises(OperatorError):
        parse("[" * 500 + "]" * 500, "f")


def test_all_mistakes_come_at_once_with_suggestions() -> None:
    """An unknown key is answered with the nearest known one, a wrong type with the right one, a missing key by name."""
    document = parse("- {nmae: Rex, legs: many}\n- {name: 3}\n", "pets.yaml")
    problems: list[Problem] = []
    for i, value in enumerate(document.data):
        validate(document, (i,), value, Pet, problems)
    said = [str(p) for p in sorted(problems)]
    assert any("pets.yaml:1:10" in s and "did you mean 'name'?" in s for s in said)
    assert any("pets.yaml:1:21" in s and "valid integer" in s for s in said)
    assert any("'name' is missing" in s for s in said)
    assert any(s.startswith("pets.yaml:2:10") for s in said)


@given(st.text(max_size=200))
def test_any_text_gives_a_document_or_an_operator_error(text: str) -> None:
    """No text crashes the reader."""
    try:
        parse(text, "f")
    except OperatorError as e:
        assert e.problems


@given(st.text(alphabet="ab&*-?:,[]{}\"'\n !|", max_size=24))
def test_no_anchor_is_overlooked(text: str) -> None:
    """Wherever YAML may hold an anchor or an alias, it is refused before it could unfold."""
    try:
        anchored = any(getattr(event, "anchor", None) is not None for event in yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError:
        return
    if anchored:
        with pytest.raises(OperatorError):
            parse(text, "f.yaml")
