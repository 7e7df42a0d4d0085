"""`concordat rules list`: every rule with where it stands, whether it is held still, what it rang, and what readers said of that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from concordat.cli.common import JsonOption, console, fail, now, with_store, write_json
from concordat.cli.ruleset import EntitiesOption, HomeOption, RulesOption, load_for_cli
from notifier import feedback, silences
from rules.archive import alerts_by_rule
from rules.ruleset import RuleSet
from watcher.store import Store
from watcher.units import parse_duration

RANG = timedelta(days=30)  # over which alerts are counted
VOTED = timedelta(days=90)  # over which votes are: as `rules precision` does unless told otherwise


@dataclass(frozen=True, slots=True)
class Record:
    """What the store knows of rules, by rule."""

    alerts: dict[str, int]
    precision: dict[str, feedback.Precision]
    silences: dict[str, silences.Silence]


def list_command(
    topic: Annotated[list[str] | None, typer.Option("--topic", help="Only rules of this topic; may be given again.")] = None,
    since: Annotated[str, typer.Option("--since", help="Alerts of the last so many days are counted, such as 30d.")] = "30d",
    rules: RulesOption = None, entities: EntitiesOption = None, home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Every rule: topics, severity, file, alerts lately, and how many of them readers found worth it."""
    span = length(since)
    ruleset = load_for_cli(home, rules, entities)
    moment = now()

    def read(store: Store) -> Record:
        with store.reading() as conn:
            held = {s.rule: s for s in silences.current(conn, moment)}
            return Record(alerts_by_rule(conn, moment - span), feedback.precision(conn, moment - VOTED), held)

    found = [r for r in rows(ruleset, with_store(home, read)) if not topic or set(topic) & set(r["topics"])]
    if as_json:
        write_json(found)
        return
    _show(found, since)
    console.print(f"{len(found)} rules, version {ruleset.version}", highlight=False, style="bold")


def length(since: str) -> timedelta:
    """The span that an option names; leaves with a line when it names none."""
    try:
        return parse_duration(since)
    except ValueError as e:
        raise fail(f"--since: {e}") from None


def rows(ruleset: RuleSet, record: Record) -> Iterator[dict[str, Any]]:
    """A row for each rule, in the order of the files."""
    for rule in ruleset.rules:
        held = record.silences.get(rule.id)
        yield {
            "rule": rule.id, "title": rule.title, "topics": list(rule.topics), "severity": rule.severity, "place": str(rule.place),
            "builtin": rule.builtin, "version": ruleset.version, "alerts": record.alerts.get(rule.id, 0),
            "silenced": held is not None, "silenced_until": held.until if held else None,
            "precision": precision_values(record.precision.get(rule.id) or feedback.Precision(rule.id)),
        }  # fmt: skip


def precision_values(found: feedback.Precision) -> dict[str, Any]:
    """What readers said of one rule, as plain values; `share` is None below the least sample."""
    low, high = found.interval
    return {
        "share": found.share, "votes": found.votes, "up": found.up, "down": found.down, "low": low, "high": high, "least": feedback.LEAST,
        "said": str(found),
    }  # fmt: skip


def _show(found: Sequence[dict[str, Any]], since: str) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("rule", "severity", "topics", f"in {since}", "worth it", "where"):
        table.add_column(column, overflow="fold", no_wrap=column == "rule", justify="right" if column.startswith("in ") else "left")
    for row in found:
        name = Text.assemble(row["rule"], (_held(row["silenced_until"]), "yellow") if row["silenced"] else "")
        said = row["precision"]["said"] if row["precision"]["votes"] else ""
        place = Path(row["place"].rpartition(":")[0]).name  # file and line; the whole path is in the JSON
        table.add_row(name, row["severity"], ", ".join(row["topics"]), str(row["alerts"]), said, Text(place))
    console.print(table)


def _held(until: datetime | None) -> str:
    return f" silenced until {until:%Y-%m-%d %H:%M} UTC" if until else " silenced until it is lifted"
