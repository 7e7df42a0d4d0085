"""Every mistake an operator can make in a rule file is told with its place; one file for each, which states what is expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.files import Text
from rules.load import build
from watcher.errors import OperatorError

BAD = Path(__file__).parent.parent / "data" / "rules" / "bad"


@pytest.mark.parametrize("file", sorted(BAD.glob("*.yaml")), ids=lambda f: f.stem)
def test_each_mistake_is_told_with_line_column_and_advice(file: Path) -> None:
    """The problems are exactly those that the first line of the file announces, in the order of their places."""
    text = file.read_text(encoding="utf-8")
    expected = text.splitlines()[0].removeprefix("# ").split(" | ")
    with pytest.raises(OperatorError) as caught:
        build([Text("f", text)])
    assert [str(p).removeprefix("f:") for p in caught.value.problems] == expected


def test_ten_mistakes_in_one_file_are_told_at_once() -> None:
    """Nobody mends a file ten times over."""
    with pytest.raises(OperatorError) as caught:
        build([Text("f", (BAD / "ten-mistakes.yaml").read_text(encoding="utf-8"))])
    assert len(caught.value.problems) == 10


def test_mistakes_of_several_files_come_together() -> None:
    """A mistake in one file hides none in another."""
    with pytest.raises(OperatorError) as caught:
        build([Text("a", "rulez: []"), Text("b", "lists: [x]")])
    assert {p.place.file for p in caught.value.problems} == {"a", "b"}


def test_a_wrong_lexicon_is_told_once_and_not_again_where_it_is_used() -> None:
    """What is wrong in itself is not also reported missing."""
    text = (
        "lexicons: [{id: deal, words: {english: [deal]}}]\n"
        "rules: [{id: r, when: {all: [{lexicon: deal}]}, cases: [{fires: a deal}, {quiet: rain}]}]\n"
    )
    with pytest.raises(OperatorError) as caught:
        build([Text("f", text)])
    assert len(caught.value.problems) == 1
