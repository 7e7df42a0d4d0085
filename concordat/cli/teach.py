"""`concordat rules teach`: weights of a scale learnt from the cases and from labelled items. Prints and writes; no business logic."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from concordat.cli.ruleset import CONFIGURATION_ERROR, EntitiesOption, HomeOption, RulesOption, load_for_cli
from rules.matcher import Matcher
from rules.teach import Lesson, Marks, learn, lesson, lessons_of_cases, marks, marks_apart, reweighed, rules_on
from watcher.model import ItemLine

PULL = 4.0
Files = Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="Labelled items: JSON lines as for `match`, with `label`.")]


def teach_command(
    files: Files = None,
    scale: Annotated[str, typer.Option("--scale", help="The scale whose weights are learnt.")] = "deal",
    pull: Annotated[float, typer.Option("--pull", min=0.01, help="How much the weights are held to their priors.")] = PULL,
    test: Annotated[Path | None, typer.Option("--test", help="Labelled items that are only judged, never learnt from.")] = None,
    write: Annotated[Path | None, typer.Option("--write", help="A file that holds the signals, or a new one for overrides.")] = None,
    rules: RulesOption = None,
    entities: EntitiesOption = None,
    home: HomeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Learn the weights of a scale's signals from the rules' cases and from labelled items; show what it changes."""
    matcher = Matcher(load_for_cli(home, rules, entities))
    if scale not in matcher.ruleset.scales:
        typer.echo(f"no signal is on a scale {scale!r}; known: {', '.join(matcher.ruleset.scales) or 'none'}", err=True)
        raise typer.Exit(CONFIGURATION_ERROR)
    lessons = lessons_of_cases(matcher, scale) + [x for file in files or () for x in _lessons(file, matcher, scale)]
    signals = matcher.ruleset.scales[scale].signals
    before, priors = {s.id: s.weight for s in signals}, {s.id: s.prior for s in signals}
    after = {name: round(weight, 2) for name, weight in learn(lessons, priors, pull).items()}
    figures = {
        "priors": marks(lessons, priors), "before": marks(lessons, before), "after": marks(lessons, after),
        "apart": marks_apart(lessons, priors, pull),
    }
    if test is not None:
        aside = _lessons(test, matcher, scale)
        figures |= {f"test {name}": marks(aside, w) for name, w in (("priors", priors), ("before", before), ("after", after))}
    if write is not None:
        _write(write, scale, after)
    if as_json:
        typer.echo(json.dumps({"items": len(lessons), "weights": after, **{name: asdict(m) for name, m in figures.items()}}))
    else:
        _print(len(lessons), figures, before, after)


def _lessons(file: Path, matcher: Matcher, scale: str) -> list[Lesson]:
    rules, out = rules_on(matcher.ruleset, scale), []
    try:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):  # noqa: B007  # named in the mistake below
            if line.strip():
                label = json.loads(line).get("label")
                if not isinstance(label, bool):
                    raise ValueError("`label` is neither true nor false")
                reading = matcher.read(ItemLine.model_validate_json(line).item())
                out.append(lesson(reading, label, rules, matcher.ruleset.scales[scale]))
    except OSError as e:
        typer.echo(f"{file} cannot be read ({e.strerror})", err=True)
        raise typer.Exit(CONFIGURATION_ERROR) from None
    except (ValidationError, ValueError) as e:
        typer.echo(f"{file}:{number}: not a labelled item: {str(e).splitlines()[0]}", err=True)
        raise typer.Exit(CONFIGURATION_ERROR) from None
    return out


def _write(file: Path, scale: str, weights: dict[str, float]) -> None:
    if file.exists():
        file.write_text(reweighed(file.read_text(encoding="utf-8"), weights), encoding="utf-8")
        return
    lines = "".join(f"  - {{id: {name}, override: true, weight: {weight}}}\n" for name, weight in weights.items())
    file.write_text(f"# The weights of the scale {scale}, as learnt.\nsignals:\n{lines}", encoding="utf-8")


def _print(items: int, figures: dict[str, Marks], before: dict[str, float], after: dict[str, float]) -> None:
    typer.echo(f"{items} items")
    for name, m in figures.items():
        typer.echo(f"  {name:12} precision {m.precision:.3f}  recall {m.recall:.3f}  F1 {m.f1:.3f}")
    for name in sorted(after, key=lambda n: -abs(after[n] - before[n])):
        if after[name] != before[name]:
            typer.echo(f"  {before[name]:+.2f} → {after[name]:+.2f}  {name}")
