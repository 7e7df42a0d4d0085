"""`sources list` and `sources groups`: every source with its health and why, every group with what it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from concordat.cli.common import HomeOption, JsonOption, console, fail, now, with_store, write_json
from concordat.cli.sources.common import GroupOption, KindOption, TagOption, ago, chosen, counted, title_of
from concordat.runtime import settings_for
from watcher.poll import current_state
from watcher.sources.load import Group, Listed, Roster, roster_of
from watcher.state import Health, SourceState
from watcher.store import Store
from watcher.store.sources import load_states
from watcher.units import format_duration
from watcher.websub.record import of_sources
from watcher.websub.subscription import Subscription, describe

OFF = "off"
HEALTHS = ("broken", "blocked", "gone", "quiet", "slow", "ok", "new", OFF)  # the order of the summary: what needs a look first
_COLOURS = {"broken": "red", "blocked": "red", "gone": "red", "quiet": "yellow", "slow": "yellow", "ok": "green", OFF: "dim"}
_WIDE = 120  # columns of a terminal from which reasons have room beside the rest


def list_command(
    health: Annotated[str | None, typer.Option("--health", help=f"Only sources that are: {', '.join(HEALTHS)}.")] = None,
    group: GroupOption = None, tag: TagOption = None, kind: KindOption = None, home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Every source with its health, the reason, and when it is read next."""
    if health is not None and health not in HEALTHS:
        raise fail(f"--health: no source is {health!r}; write one of {', '.join(HEALTHS)}")
    listed = chosen(roster_of(settings_for(home, quiet=True)), group, tag, kind)

    def read(store: Store) -> tuple[dict[str, SourceState], dict[str, Subscription]]:
        with store.reading() as conn:
            return load_states(conn), of_sources(conn)

    states, hubs = with_store(home, read) if listed else ({}, {})
    rows = [_row(each, states, hubs) for each in listed]
    rows = [row for row in rows if health in {None, row["health"]}]
    if as_json:
        write_json(rows)
        return
    if rows:
        _show(rows, now(), console.width)
    console.print(summary(rows), highlight=False, style="bold")


def summary(rows: Sequence[Mapping[str, Any]]) -> str:
    """`12 sources: 1 broken, 9 ok, 2 off`."""
    count = Counter(row["health"] for row in rows)
    if not rows:
        return "no sources; `concordat sources add` adds one, and `builtin_sources: true` brings those that are built in"
    return f"{counted(len(rows), 'source')}: {', '.join(f'{count[h]} {h}' for h in HEALTHS if count[h])}"


def _row(each: Listed, states: Mapping[str, SourceState], hubs: Mapping[str, Subscription]) -> dict[str, Any]:
    source = each.source
    state = current_state(source, states.get(source.id))
    hub = hubs.get(source.id)
    return {
        "id": source.id, "kind": source.kind, "group": source.group, "title": source.title, "url": source.url,
        "tags": list(source.tags), "lang": source.lang, "every": format_duration(source.every) if source.every else None,
        "health": OFF if each.off else str(state.health), "why": each.off or state.health_reason,
        "since": state.health_since, "last_polled": state.last_polled_at, "last_ok": state.last_ok_at, "last_new": state.last_new_at,
        "next": None if each.off else state.next_at, "failures": state.failures, "items": state.items_read,
        "push": describe(hub, now()) if hub is not None else "",
        "moved_to": state.learned, "waits_for": list(each.waits), "builtin": each.builtin, "place": str(each.place),
    }  # fmt: skip


def _show(rows: Sequence[Mapping[str, Any]], moment: datetime, width: int) -> None:
    """A table where the terminal is wide enough for reasons beside the rest; else the reason stands on lines of its own."""
    if width >= _WIDE:
        columns = ("id", "health", "group", "kind", "items", "last new", "next", "why")
        table = Table(box=None, header_style="bold", pad_edge=False)
        for column in columns:
            table.add_column(column, overflow="fold", no_wrap=column in {"health", "next", "last new"})
        for row in rows:
            table.add_row(*(_cell(row, c, moment) for c in columns))
        console.print(table)
        return
    longest = max(len(row["id"]) for row in rows)
    for row in rows:
        line = Text.assemble(row["id"].ljust(longest), "  ", _cell(row, "health", moment), "  ", _cell(row, "next", moment))
        console.print(line, overflow="fold")
        if row["why"]:
            console.print(Padding(Text(row["why"], style="dim", overflow="fold"), (0, 0, 0, 2)))


def _cell(row: Mapping[str, Any], column: str, moment: datetime) -> Text:
    if column == "health":
        return Text(row["health"].ljust(len("blocked")), style=_COLOURS.get(row["health"], ""))
    if column == "next":
        return Text(_next(row, moment))
    return Text(ago(row["last_new"], moment) if column == "last new" else str(row[column] if row[column] is not None else ""))


def _next(row: Mapping[str, Any], moment: datetime) -> str:
    if row["next"] is None:
        return "" if row["health"] == OFF else "soon"
    return "now" if row["next"] <= moment else ago(row["next"], moment)


def groups_command(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Every group of sources: how many, on or off, and what it holds."""
    roster = roster_of(settings_for(home, quiet=True))
    rows = [_group_row(roster, group) for group in sorted(roster.groups.values(), key=lambda g: g.name)]
    alone = sum(each.source.group is None for each in roster.listed)
    if as_json:
        write_json(rows)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("group", "", "sources", "holds"):
        table.add_column(column, overflow="fold", no_wrap=column in {"", "sources"}, justify="right" if column == "sources" else "left")
    for row in rows:
        count = str(row["sources"]) if row["read"] == row["sources"] else f"{row['read']} of {row['sources']}"
        on = Text("on", style="green") if row["on"] else Text(OFF, style="dim")
        table.add_row(Text(row["group"]), on, count, Text(row["holds"]))
    if rows:
        console.print(table)
    console.print(f"{counted(len(rows), 'group')}; {counted(alone, 'source')} in none", highlight=False, style="bold")


def _group_row(roster: Roster, group: Group) -> dict[str, Any]:
    members = roster.of_group(group.name)
    some = ", ".join(title_of(each.source) for each in members[:3]) + (", …" if len(members) > 3 else "")
    return {
        "group": group.name, "on": group.on, "sources": len(members), "read": sum(not each.off for each in members),
        "holds": group.title or some, "switched": str(group.switched) if group.switched else None,
        "ids": [each.source.id for each in members],
    }  # fmt: skip


assert set(HEALTHS) == {*(h.value for h in Health), OFF}
