"""Where sentences end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.sentences import cuts


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("The U.S. Department signed. Then left.", ["The U.S. Department signed.", "Then left."]),
        ("OpenAI Inc. signed No. 5 with Dr. Smith.", ["OpenAI Inc. signed No. 5 with Dr. Smith."]),
        ("J. R. Smith of LANL spoke.", ["J. R. Smith of LANL spoke."]),
        ("Am 3. Mai wurde unterzeichnet. Danach nicht.", ["Am 3. Mai wurde unterzeichnet.", "Danach nicht."]),
        ("GPT-4.5 costs 2.5 bn. Fine.", ["GPT-4.5 costs 2.5 bn.", "Fine."]),
        ("提携した。モデルを提供する。", ["提携した。", "モデルを提供する。"]),
        ("समझौता हुआ। काम शुरू।", ["समझौता हुआ।", "काम शुरू।"]),
        ("هل وقعت؟ نعم.", ["هل وقعت؟", "نعم."]),
        ("A headline\nA lead", ["A headline", "A lead"]),
        ("He said “Yes.” Then he left.", ["He said “Yes.”", "Then he left."]),
        ("", []),
    ],
)
def test_sentences_end_where_readers_stop(text: str, sentences: list[str]) -> None:
    """Stops of every script end a sentence; abbreviations, initials and numbers do not."""
    parts = [text[a:b].strip() for a, b in zip([0, *cuts(text)], [*cuts(text), len(text)], strict=True)]
    assert [p for p in parts if p] == sentences


@given(st.text(max_size=200))
def test_cuts_are_in_order_and_inside(text: str) -> None:
    """No sentence is empty of characters, none lies outside the text."""
    found = cuts(text)
    assert found == sorted(set(found))
    assert all(0 < c < len(text) for c in found)
