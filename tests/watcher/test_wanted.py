"""Words that an operator asks for are found as people mean them."""

from __future__ import annotations

import pytest

from watcher.sources.wanted import Wanted


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("AI", "An AI assistant", True), ("AI", "Said in the main hall", False), ("ai", "Framework for A.I. and data", False),
        ("intelligence artificielle", "L'INTELLIGENCE  ARTIFICIELLE générative", True), ("IA", "l’IA générative", True),
        ("IA", "média", False), ("generative", "IA générative", True), ("machine learning", "machine-learning platform", True),
        ("super computer", "supercomputer", False), ("Künstliche Intelligenz", "kunstliche intelligenz", True),
        ("人工知能", "国の人工知能戦略", True), ("인공지능", "공공부문 인공지능을 도입", True),
        ("AI", "ＡＩの導入", True), ("生成AI", "政府の生成AIを導入", True), ("ＡＩ", "main", False),
    ],
)  # fmt: skip
def test_words_are_whole_and_blind_to_case_and_accents(phrase: str, text: str, found: bool) -> None:
    """Whole words where a script has them, anywhere where it has none."""
    assert Wanted([phrase]).within("nothing here", text) is found


def test_without_words_everything_is_wanted() -> None:
    """No words, or none with a letter in them, ask for nothing."""
    assert Wanted([]).within("") is True
    assert Wanted(["—", ""]).within("a bridge") is True
    assert bool(Wanted(["x"])) is True
