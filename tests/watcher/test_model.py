"""Items and their facts as people write them."""

from __future__ import annotations

from dataclasses import fields

from watcher.model import Facts, ItemLine, StatedFacts


def test_every_fact_can_be_written() -> None:
    """What a register may state is what a line may state: no fact is known to one and not to the other."""
    assert set(StatedFacts.model_fields) == {f.name for f in fields(Facts)}


def test_a_line_gives_its_facts_to_the_item() -> None:
    """Facts beside the fields of an item arrive as facts; numbers may be written as text; null is not known."""
    line = ItemLine.model_validate({"id": 1, "amount": "12.5", "currency": "EUR", "stage": "award", "buyer": None})
    assert line.item().facts == Facts(amount=12.5, currency="EUR", stage="award")
    assert ItemLine.model_validate({"id": "2"}).item().facts == Facts()
