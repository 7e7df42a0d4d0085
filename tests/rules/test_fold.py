"""How text is compared, and the way back to the original."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.fold import fold
from rules.offsets import Folded

NAMES = (
    "OpenAI", "Los Alamos", "Łódź", "Škoda", "Größe", "İstanbul", "Θεσσαλονίκη", "Сколково", "Йошкар-Ола", "القاهرة", "مُذكّرة",
    "תל אביב", "ロスアラモス", "ガンダム", "東京大学", "オープンAI", "오픈AI", "과학기술정보통신부", "กระทรวงดิจิทัล", "भारत सरकार",
    "Việt Nam",
)
WORDS = st.lists(st.sampled_from((*NAMES, "the", "l’", "«", "—", "2025", "🙂", "ﬁ", "①", "½", "™")), max_size=8)


def back(folded: Folded, lo: int, hi: int) -> tuple[int, int]:
    """The characters that bytes lo..hi came from."""
    return next(folded.way.originals([(lo, hi)]))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("OpenAI s’associe à Łódź", " openai s associe a lodz "),
        ("OpenAI's U.S. deal", " openai s u s deal "),
        ("NVIDIAと連携", " nvidia と連携 "),
        ("오픈AI와", " 오픈 ai 와 "),
        ("لـOpenAI مُذكّرة", " ل openai مذكره "),
        ("ロス・アラモス", " ロスアラモス "),
        ("ChatGPT™ ＡＩ ﬁ", " chatgpt ai fi "),
        ("İstanbul ISPARTA ıspanak", " istanbul isparta ispanak "),
        ("Open\u00adAI\u200b!", " openai "),
        ("\ud800x", " x "),
        ("…", " "),
        ("", " "),
    ],
)
def test_folding_forgets_what_readers_do_not_see(text: str, folded: str) -> None:
    """Case, accents, quotes, widths and invisible characters make no difference; scripts get borders between them."""
    assert fold(text).decode() == folded


@given(st.text(max_size=80))
def test_folding_is_stable_and_padded(text: str) -> None:
    """Folding what was folded changes nothing; words are parted by single spaces with one at either end."""
    once = fold(text)
    assert fold(once.decode()) == once
    assert once == b" " or (once.startswith(b" ") and once.endswith(b" "))
    assert b"  " not in once


@given(WORDS)
def test_composed_and_decomposed_text_fold_alike(words: list[str]) -> None:
    """It makes no difference how an accent is encoded."""
    text = " ".join(words)
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@given(WORDS, st.sampled_from(NAMES), WORDS, st.sampled_from(["NFC", "NFD"]))
def test_a_span_leads_back_to_the_text_it_was_found_in(before: list[str], name: str, after: list[str], form: Literal["NFC", "NFD"]) -> None:
    """The original at the span of a hit folds to the phrase that was looked for."""
    text = unicodedata.normalize(form, f"{' '.join(before)} {name} {' '.join(after)}")
    folded, wanted = Folded(text), fold(name).strip()
    lo = folded.data.find(wanted)
    assert lo >= 0
    start, end = back(folded, lo, lo + len(wanted))
    assert fold(text[start:end]).strip() == wanted


@given(st.text(max_size=60))
def test_offsets_never_run_backwards(text: str) -> None:
    """Words in the order of the folded text lie in that order in the original, each where `folded` finds it again."""
    folded, at, last = Folded(text), 1, 0
    for word in folded.data.split():
        start, end = back(folded, at, at + len(word))
        assert last <= start < end <= len(text)
        assert folded.way.folded(start) <= at
        last, at = start, at + len(word) + 1


EUROPEAN = st.text(st.sampled_from("aZ09 .,'_-\t\n\x00\x01\x7fàÉßæŒœŁıİþ“’—…·€½\u00a0\u00ad\u202f\u0301"), max_size=40)


@given(EUROPEAN)
def test_letters_of_one_byte_fold_as_all_others(text: str) -> None:
    """A character beyond European letters sends a text the longer way; what is found, and where it came from, stays the same."""
    short, long = Folded(f"x{text}"), Folded(f"x{text} 部")
    assert long.data == short.data + "部 ".encode()
    words = [m.span() for m in re.finditer(rb"[^ ]+", short.data)]
    assert [back(short, *w) for w in words] == [back(long, *w) for w in words]
    assert [short.way.folded(i) for i in range(len(text) + 2)] == [min(long.way.folded(i), len(short.data)) for i in range(len(text) + 2)]


@given(st.text(max_size=40))
def test_every_letter_leads_back_to_its_own_character(text: str) -> None:
    """Single letters of the folded text come from characters that fold to them."""
    folded = Folded(text)
    for at, byte in enumerate(folded.data):
        if byte < 128 and byte != 32:
            start, end = back(folded, at, at + 1)
            assert bytes([byte]) in fold(text[start:end])
