"""Shows a score: tables for people, plain values for programs, a few totals for the committed figures. Computes nothing."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.quality.labels import Labelled
from bench.quality.scoring import BCubed, Score, Tally

PARTS = ("lang", "difficulty", "kind")


def totals(score: Score) -> dict[str, Any]:
    """The figures that are committed and guarded."""
    return {
        "items": score.items, "match": _rates(score.match), "stories": _rates(score.stories), "entities": _rates(score.names),
    }


def figures(score: Score) -> dict[str, Any]:
    """Everything but the errors."""
    return {
        **totals(score),
        "by": {part: {value: _rates(tally) for value, tally in score.by[part].items()} for part in PARTS},
        "entities_by": {"lang": {value: _rates(tally) for value, tally in sorted(score.names_by.items())}},
    }


def errors(score: Score, most: int) -> dict[str, Any]:
    """Up to `most` errors of each sort."""
    return {
        "items": [_wrong(item) for item in score.wrong[:most]],
        "joined": score.joined[:most],
        "parted": dict(list(score.parted.items())[:most]),
        "missed": dict(score.missed.most_common(most)),
        "spurious": dict(score.spurious.most_common(most)),
    }


def show(console: Console, name: str, score: Score, *, parts: bool, most: int) -> None:
    """The tables of one file: totals, if asked for the parts, and up to `most` errors of each sort."""
    table = Table(title=f"{name}: {score.items} items", title_justify="left")
    for heading, justify in (("", "left"), ("precision", "right"), ("recall", "right"), ("F1", "right"), ("positives", "right")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]  # a plain str, where rich has a Literal
    _row(table, "matches", score.match)
    _row(table, "stories (B-cubed)", score.stories)
    _row(table, "entities", score.names)
    for part in PARTS if parts else ():
        table.add_section()
        for value, tally in score.by[part].items():
            _row(table, f"{part} {value}", tally)
    if parts:
        table.add_section()
        for value, tally in sorted(score.names_by.items()):
            _row(table, f"entities {value}", tally)
    console.print(table)
    if most:
        _show_errors(console, score, most)


def _show_errors(console: Console, score: Score, most: int) -> None:
    for item in score.wrong[:most]:
        kind = "missed" if item.label else "wrongly found"
        _line(console, f"{kind}: {item.id} {item.lang} {item.difficulty}: {item.title} | {item.summary} ({item.why})")
    if len(score.wrong) > most:
        _line(console, f"… and {len(score.wrong) - most} more")
    for labels in score.joined[:most]:
        _line(console, f"told as one: {', '.join(labels)}")
    for label, count in list(score.parted.items())[:most]:
        _line(console, f"told as {count} stories: {label}")
    for kind, names in (("names missed", score.missed), ("names nobody wanted", score.spurious)):
        listed = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in names.most_common(3 * most))
        _line(console, f"{kind}, {names.total()}: {listed}")


def _line(console: Console, text: str) -> None:
    console.print(Text(text), soft_wrap=True)  # one error, one line, so that grep works


def _rates(result: Tally | BCubed) -> dict[str, float]:
    rates = {"precision": round(result.precision, 4), "recall": round(result.recall, 4), "f1": round(result.f1, 4)}
    return {**rates, "n": result.wanted} if isinstance(result, Tally) else rates


def _row(table: Table, name: str, result: Tally | BCubed) -> None:
    count = str(result.wanted) if isinstance(result, Tally) else ""
    if isinstance(result, Tally) and not result.wanted and not result.wrong:
        table.add_row(name, "–", "–", "–", count)  # nothing to find and nothing found: no rate
        return
    table.add_row(name, *(f"{value:.3f}" for value in (result.precision, result.recall, result.f1)), count)


def _wrong(item: Labelled) -> dict[str, Any]:
    return item.model_dump(include={"id", "lang", "kind", "label", "difficulty", "title", "summary", "why"})
