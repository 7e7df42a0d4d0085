"""Precision, recall and F1 of matches, stories and entities over labelled items.

    python -m bench.quality [FILES…] [--json] [--errors N] [--show-kept] [--write]

Without files: known.jsonl and practice.jsonl with their errors, and of kept.jsonl the totals alone, so that nobody tunes on what
is kept to tell whether tuning generalises; `--show-kept` shows it all the same. `--write` renews figures.json, below which CI lets
nothing fall.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console

from bench.quality.labels import ALL, HERE, KEPT, read
from bench.quality.report import errors, figures, show, totals
from bench.quality.run import measure
from rules.load import load_ruleset

FIGURES = HERE / "figures.json"


def main(arguments: list[str] | None = None) -> None:
    """Measure, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("files", nargs="*", type=Path, metavar="FILES")
    options.add_argument("--json", action="store_true", help="plain values for programs")
    options.add_argument("--errors", type=int, default=10, help="how many errors of each sort to show; 10 unless told")
    options.add_argument("--show-kept", action="store_true", help="show parts and errors of kept.jsonl too")
    options.add_argument("--write", action="store_true", help="renew the committed figures")
    given = options.parse_args(arguments)
    ruleset = load_ruleset()
    scores = {path: measure(read(path), ruleset) for path in given.files or ALL}
    if given.write:
        if given.files:
            options.error("--write is for the committed files; name none")
        written = {path.stem: totals(score) for path, score in scores.items()}
        FIGURES.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    values = {}
    for path, score in scores.items():
        whole = bool(given.files) or path != KEPT or given.show_kept
        if not given.json:
            show(Console(), path.name, score, parts=whole, most=given.errors if whole else 0)
        elif whole:
            values[path.name] = {**figures(score), "errors": errors(score, given.errors)}
        else:
            values[path.name] = totals(score)
    if given.json:
        print(json.dumps(values, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
