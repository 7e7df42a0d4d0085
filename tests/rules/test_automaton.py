"""Phrases found in folded text, with the borders that each script needs."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.automaton import Automaton, Phrase
from rules.fold import fold


def found(text: str, *written: str, name: bool = False) -> list[str]:
    """The phrases of `written` that stand in `text`."""
    hits = Automaton([Phrase.read(w, name=name) for w in written]).scan(fold(text))
    return [w for i, w in enumerate(written) if i in hits]


@pytest.mark.parametrize(
    ("text", "phrase", "there"),
    [
        ("A partner of NASA's", "NASA", True),
        ("NASAL spray", "NASA", False),
        ("partnerships", "partner*", True),
        ("partnerships", "partner", False),
        ("copartner", "partner*", False),
        ("z Ministerstwem Cyfryzacji", "Ministerstw* Cyfryzacji", True),
        ("sztucznej inteligencji", "sztuczn* inteligenc*", True),
        ("sztuczny kwiat i inteligencja", "sztuczn* inteligenc*", False),
        ("Ministerstwem Cyfryzacjiiii", "Ministerstw* Cyfryzacji", False),
        ("Ministerstwem Zdrowia", "Ministerstw* Cyfryzacji", False),
        ("文部科学省とNVIDIA、連携協定を締結", "協定", True),
        ("과기정통부, 오픈AI와 업무협약 체결", "오픈AI", True),
        ("산학협력", "협력", False),
        ("협력하기로", "협력", True),
        ("وزارة الطاقة", "طاقة", True),
        ("وللطاقة", "الطاقة", True),
        ("بالمذكرة", "مذكرة", True),
        ("استطاقة", "طاقة", False),
        ("לOpenAI ולמשרד", "משרד", True),
        ("กระทรวงดิจิทัลร่วมมือกับOpenAI", "ร่วมมือ", True),
    ],
)
def test_borders_follow_the_script(text: str, phrase: str, there: bool) -> None:
    """Words end where readers of the script see them end."""
    assert bool(found(text, phrase)) is there


@pytest.mark.parametrize(
    ("text", "name", "there"),
    [
        ("メタと政府", "メタ", True),
        ("メタデータ", "メタ", False),
        ("메타와 정부", "메타", True),
        ("메타버스", "메타", False),
        ("인텔에서", "인텔", True),
        ("인텔리전스", "인텔", False),
    ],
)
def test_short_names_do_not_hide_in_longer_words(text: str, name: str, there: bool) -> None:
    """Katakana and Korean names of two or three letters need a border or a particle."""
    assert bool(found(text, name, name=True)) is there


def test_nested_phrases_are_all_reported() -> None:
    """A longer phrase never hides a shorter one inside it."""
    assert found("Bank of Japan", "Bank", "Bank of Japan", "Japan") == ["Bank", "Bank of Japan", "Japan"]


def test_no_phrase_at_all_is_no_error() -> None:
    """An empty rule set reads every text and finds nothing."""
    assert Automaton([]).scan(fold("anything")) == {}


@given(
    st.sampled_from(["OpenAI", "Łukasiewicz", "Сколково", "ロスアラモス", "東京大学", "오픈에이아이", "القاهرة", "กระทรวง", "Θεσσαλονίκη"]),
    st.text(max_size=30),
    st.text(max_size=30),
    st.sampled_from(["NFC", "NFD"]),
)
def test_every_name_is_found_in_text_that_embeds_it(name: str, before: str, after: str, form: Literal["NFC", "NFD"]) -> None:
    """Between spaces a name is found whatever stands around it and however its accents are encoded."""
    assert found(unicodedata.normalize(form, f"{before} . {name} . {after}"), name) == [name]
