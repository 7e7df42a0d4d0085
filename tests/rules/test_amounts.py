"""Promises of rules.amounts: what is counted and paid is read alike in the languages of the packs."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.amounts import quantities


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("worth $345 million", 345e6, "$"),
        ("up to US$200M", 200e6, "$"),
        ("un contrat de 2,5 milliards d'euros", 2.5e9, "€"),
        ("200 Mio. Euro", 200e6, "€"),
        ("1.500 millones de libras", 1.5e9, "£"),
        ("$1.234 billion", 1.234e9, "$"),
        ("30 milhões de reais", 30e6, "BRL"),
        ("200.000.000 dólares", 200e6, "$"),
        ("2億5000万ドル規模", 250e6, "$"),
        ("3億円で委託", 300e6, "¥"),
        ("2억 달러", 200e6, "$"),
        ("٢٠٠ مليون دولار", 200e6, "$"),
        ("500 crore rupees", 5e9, "₹"),
        ("1 200 000 €", 1.2e6, "€"),
        ("最大10万個のGPU", 1e5, ""),
        ("24\u202f000 puces", 24000, ""),
        ("およそ1万5千人", 15000, ""),
        ("三百万ドル", 3e6, "$"),
        ("₹10,000 crore", 1e11, "₹"),
        ("1,6 Mrd. €", 1.6e9, "€"),
        ("three million staff", 3e6, ""),
        ("two hundred and fifty million dollars", 250e6, "$"),
        ("zweihundert Millionen Euro", 200e6, "€"),
        ("deux cents millions d'euros", 200e6, "€"),
        ("quinientos millones de dólares", 500e6, "$"),
        ("duecentomila euro", 200e3, "€"),
        ("двести миллионов долларов", 200e6, "$"),
        ("ein 500-Megawatt-Rechenzentrum", 500e6, "W"),
        ("قدرة 500 ميغاواط", 500e6, "W"),
        ("1,5 gigawatts", 1.5e9, "W"),
        ("2,200 exaflops", 2.2e21, "FLOPS"),
    ],
)
def test_reads_quantities_as_written_in_many_languages(text: str, value: float, currency: str) -> None:
    """A sum means the same however its language writes it."""
    [found] = quantities(text)
    assert found.currency == currency
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize("text", ["since January 2025", "GPT-5.5 and o3", "W911NF-24-9-0001", "runs 5 years", ""])
def test_leaves_out_what_tells_no_events_apart(text: str) -> None:
    """Years, versions, codes and single digits are no quantities."""
    assert quantities(text) == ()


@example("0.000.0")
@given(st.text(alphabet="0123456789.,  $€億万百mbn-'", max_size=200))
def test_survives_any_text(text: str) -> None:
    """Whatever a feed writes is read without an error, and no quantity is negative."""
    assert all(q.value >= 0 for q in quantities(text))
