"""`concordat rules backtest`: what the rules as they stand would have made of the items of the last days. Writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from concordat.cli.common import JsonOption, console, now, stderr, with_store, write_json
from concordat.cli.rulelist import VOTED, length, precision_values
from concordat.cli.ruleset import EntitiesOption, HomeOption, RulesOption, check_known, recipe_for_cli
from notifier import feedback
from rules.backtest import Past, backtest
from rules.replay import Imagined, Replayed, Seen
from rules.ruleset import CompiledRule
from watcher.store import Store

WEEK = timedelta(days=7)
BARS = "▁▂▃▄▅▆▇█"

SinceOption = Annotated[str, typer.Option("--since", help="Items that were read in the last so many days, such as 30d.")]
JobsOption = Annotated[int | None, typer.Option("--jobs", min=1, help="Processes; default: one for each core.", show_default=False)]
Votes = dict[str, feedback.Precision]


def backtest_command(
    only: Annotated[list[str] | None, typer.Argument(metavar="[RULE]...", help="Only these rules, as if there were no others.")] = None,
    since: SinceOption = "30d",
    samples: Annotated[int, typer.Option("--samples", min=0, help="Titles that are shown of each rule.")] = 3,
    most: Annotated[int, typer.Option("--stories", min=0, help="Stories that are shown, the newest first.")] = 20,
    jobs: JobsOption = None, rules: RulesOption = None, entities: EntitiesOption = None, home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Replay stored items: alerts by rule and week, samples, the stories that would ring, and what readers said of the rules."""
    span = length(since)
    recipe, ruleset = recipe_for_cli(home, rules, entities)
    check_known(ruleset, only or ())
    moment = now()

    def work(store: Store) -> tuple[Replayed, Votes]:
        past = Past.of(store, moment - span)
        with store.reading() as conn:
            votes = feedback.precision(conn, moment - VOTED)
        with progress(past.items) as told:
            return backtest(past, recipe, ruleset, only=frozenset(only or ()), processes=jobs, told=told), votes

    replayed, votes = with_store(home, work)
    chosen = [r for r in ruleset.rules if not only or r.id in only]
    tallies = tally(replayed, chosen, moment - span, moment)
    if as_json:
        write_json(_values(replayed, tallies, votes, ruleset.version, samples, most))
    else:
        _show(replayed, tallies, votes, since, samples, most)


@contextmanager
def progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error while it is a terminal; what is given is called with how many items more are done."""
    columns = TextColumn("[dim]items"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.advance(task, done)


@dataclass(frozen=True, slots=True)
class Tally:
    """What one rule would have done: items that it matched, the stories they are in, and alerts by week, the oldest first."""

    rule: CompiledRule
    items: tuple[Seen, ...]
    stories: int
    weeks: tuple[tuple[datetime, int], ...]

    @property
    def alerts(self) -> int:
        """All of them."""
        return sum(n for _, n in self.weeks)


def tally(replayed: Replayed, rules: Sequence[CompiledRule], after: datetime, until: datetime) -> list[Tally]:
    """For each rule; an alert counts for every rule that matched the item which set it off. Weeks are counted back from `until`."""
    count = max(1, -((after - until) // WEEK))
    starts = [until - WEEK * n for n in range(count, 0, -1)]
    alerts = Counter((rule, _week(ring.seen.at, until)) for ring in replayed.rings for rule in ring.seen.rules)
    stories = Counter(rule for story in replayed.stories for rule in story.draft.rules)
    items: dict[str, list[Seen]] = {}
    for seen in replayed.seen:
        for rule in seen.rules:
            items.setdefault(rule, []).append(seen)
    return [
        Tally(
            r, tuple(items.get(r.id, ())), stories[r.id],
            tuple((start, alerts[r.id, count - 1 - n]) for n, start in enumerate(starts)),
        )
        for r in rules
    ]  # fmt: skip


def _week(at: datetime, until: datetime) -> int:
    """How many whole weeks before `until` it was."""
    return max(0, (until - at) // WEEK)


def plot(numbers: Sequence[int]) -> str:
    """A bar for each number, the highest full; a dot for none."""
    most = max(numbers, default=0)
    return "".join(BARS[-(-n * len(BARS) // most) - 1] if n else "·" for n in numbers)


def _values(replayed: Replayed, tallies: Sequence[Tally], votes: Votes, version: str, samples: int, most: int) -> dict[str, Any]:
    return {
        "version": version, "items": replayed.items, "matched": len(replayed.seen), "stories": len(replayed.stories),
        "ringing": len(replayed.rung), "alerts": len(replayed.rings),
        "rules": [
            {
                "rule": t.rule.id, "severity": t.rule.severity, "items": len(t.items), "stories": t.stories, "alerts": t.alerts,
                "weeks": [{"from": start, "alerts": n} for start, n in t.weeks],
                "samples": [seen_values(s) for s in newest(t.items, samples)],
                "precision": precision_values(votes.get(t.rule.id) or feedback.Precision(t.rule.id)),
            }
            for t in tallies
        ],
        "would_ring": [story_values(s) for s in newest_stories(replayed.rung)[:most]],
    }  # fmt: skip


def seen_values(seen: Seen) -> dict[str, Any]:
    """An item as plain values."""
    return {
        "item": seen.item, "title": seen.title, "url": seen.url, "outlet": seen.outlet, "at": seen.at, "quiet": seen.quiet,
        "rules": list(seen.rules),
    }  # fmt: skip


def story_values(story: Imagined) -> dict[str, Any]:
    """A story that would ring as plain values."""
    draft = story.draft
    return {
        "title": draft.title, "url": draft.url, "severity": draft.severity, "topics": draft.topics, "rules": draft.rules,
        "outlets": draft.outlets, "at": story.rings[0].seen.at, "rings": len(story.rings), "items": [s.item for s in story.items],
    }  # fmt: skip


def newest(items: Sequence[Seen], most: int) -> list[Seen]:
    """The newest items, the newest first."""
    return list(items[::-1][:most])


def newest_stories(stories: Sequence[Imagined]) -> list[Imagined]:
    """Stories that would ring, the newest first."""
    return sorted(stories, key=lambda s: s.rings[0].seen.at, reverse=True)


def _show(replayed: Replayed, tallies: Sequence[Tally], votes: Votes, since: str, samples: int, most: int) -> None:
    busy = [t for t in tallies if t.items]
    if busy:
        console.print(_table(busy, votes))
    for t in busy if samples else ():
        console.print()
        console.print(Text(t.rule.id, style="bold"))
        for seen in newest(t.items, samples):
            console.print(Text(f"  {seen.at:%m-%d} {seen.title or seen.summary[:120]} ({seen.outlet}){_quiet(seen)}"))
    rung = newest_stories(replayed.rung)[:most]
    if rung:
        console.print()
        console.print(Text(f"would ring, {len(rung)} of {len(replayed.rung)}", style="bold"))
    for story in rung:
        console.print(Text(f"  {story.rings[0].seen.at:%m-%d} {said(story)}"))
    idle = f"; {len(tallies) - len(busy)} rules match nothing" if len(busy) < len(tallies) else ""
    console.print()
    console.print(
        f"{since}: {replayed.items} items, {len(replayed.seen)} match, {len(replayed.stories)} stories, "
        f"{len(replayed.rings)} alerts of {len(replayed.rung)} stories{idle}",
        highlight=False, style="bold",
    )  # fmt: skip


def said(story: Imagined) -> str:
    """A story in a line: how loud, what, and who tells it."""
    draft = story.draft
    more = f" +{len(draft.outlets) - 1}" if len(draft.outlets) > 1 else ""
    return f"{draft.severity}: {draft.title} ({story.rings[0].seen.outlet if story.rings else draft.outlets[0]}{more})"


def _quiet(seen: Seen) -> str:
    return f", quiet: {seen.quiet}" if seen.quiet else ""


def _table(tallies: Sequence[Tally], votes: Votes) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("rule", "items", "stories", "alerts", "by week", "worth it"):
        table.add_column(column, justify="right" if column in {"items", "stories", "alerts"} else "left", overflow="fold")
    for t in tallies:
        found = votes.get(t.rule.id)
        numbers = [n for _, n in t.weeks]
        table.add_row(t.rule.id, str(len(t.items)), str(t.stories), str(t.alerts), plot(numbers), str(found) if found else "")
    return table
