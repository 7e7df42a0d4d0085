"""`concordat rules diff OLD NEW`: what an edit would change on the items of the last days, and for whom. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from concordat.cli.backtest import JobsOption, SinceOption, newest_stories, progress, said, story_values
from concordat.cli.common import JsonOption, console, now, with_store, write_json
from concordat.cli.rulelist import length
from concordat.cli.ruleset import EntitiesOption, HomeOption, mistakes_told
from notifier import stories, subscribers
from notifier.model import Report, Story, Subscriber
from notifier.provenance import voice
from notifier.wanting import concerns
from rules.backtest import Past, backtest
from rules.diff import Difference, difference
from rules.files import Text as File
from rules.files import read_folder
from rules.load import Recipe
from rules.replay import Imagined
from rules.revision import folder_at, is_revision
from rules.ruleset import RuleSet
from watcher.errors import SettingsError
from watcher.settings import Settings, load_settings
from watcher.store import Store

PARTS = ("rules", "entities")  # the folders of a home that make a rule set


@dataclass(frozen=True, slots=True)
class Change:
    """A story that rings with the new rules (`old` is None), with the old ones (`new` is None), or with both and not alike.

    `more` are the subscribers whom it concerns only now, `less` those whom it does no more, by number.
    """

    old: Imagined | None
    new: Imagined | None
    more: frozenset[int]
    less: frozenset[int]

    @property
    def story(self) -> Imagined:
        """The story as it would stand, or as it stood."""
        found = self.new or self.old
        assert found is not None
        return found


def diff_command(
    old: Annotated[str, typer.Argument(help="A folder of rule files, a home, or either in git: HEAD~1:rules.")],
    new: Annotated[str, typer.Argument(help="The same; default: the home as it stands.", show_default=False)] = "",
    since: SinceOption = "30d",
    most: Annotated[int, typer.Option("--stories", min=0, help="Stories of each kind that are shown, the newest first.")] = 20,
    jobs: JobsOption = None, entities: EntitiesOption = None, home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """What other rules would change: alerts gained and lost, severities, whom it concerns. Exit 0 for no difference, 1 for one."""
    span, moment = length(since), now()
    with mistakes_told():
        settings = load_settings(home)
        recipes = [_recipe(given, settings, entities) for given in (old, new or str(settings.home))]
        rulesets = [recipe.build() for recipe in recipes]

    def work(store: Store) -> tuple[Difference, list[Subscriber]]:
        past = Past.of(store, moment - span)
        with store.reading() as conn:
            people = subscribers.reachable(conn)
        with progress(2 * past.items) as told:
            before, after = (backtest(past, r, s, processes=jobs, told=told) for r, s in zip(recipes, rulesets, strict=True))
        return difference(before, after), people

    found, people = with_store(home, work)
    changes = _changes(found, people, moment)
    if as_json:
        write_json(_values(found, changes, len(people), rulesets))
    else:
        _show(found, changes, len(people), since, most)
    if found:
        raise typer.Exit(1)


def _recipe(given: str, settings: Settings, entities: Path | None) -> Recipe:
    """The files that an argument names: a home has rules and entities; beside a folder of rules stand these entities, or the home's."""
    parts = folder_at(given, settings.home) if is_revision(given) else _folder(Path(given))
    whole = not parts.keys().isdisjoint(PARTS)
    texts = [t for name in (PARTS if whole else ("",)) for t in parts.get(name, ())]
    beside = [] if whole else read_folder(entities or settings.home / "entities")
    return Recipe((*beside, *texts), settings.builtin_rules, settings.builtin_entities)


def _folder(folder: Path) -> dict[str, list[File]]:
    """The files of a folder by the folder in it, as `folder_at` has them."""
    if not folder.is_dir():
        raise SettingsError(f"{folder} is no folder; name one, or a revision and a folder such as HEAD~1:rules")
    inner = {name: read_folder(folder / name) for name in PARTS if (folder / name).is_dir()}
    return inner or {"": read_folder(folder)}


def _changes(found: Difference, people: Sequence[Subscriber], moment: datetime) -> list[Change]:
    """What differs, with whom it concerns: gained, lost, then changed, each the newest first."""

    def concerned(imagined: Imagined | None) -> set[int]:
        if imagined is None:
            return set()
        story = _story(imagined)
        return {p.id for p in people if concerns(p.wishes, story, moment).wanted}

    pairs: list[tuple[Imagined | None, Imagined | None]] = [(None, s) for s in newest_stories(found.gained)]
    pairs += [(s, None) for s in newest_stories(found.lost)]
    newer = {id(c.old): c.new for c in found.changed}
    pairs += [(old, newer[id(old)]) for old in newest_stories([c.old for c in found.changed])]
    changes = []
    for old, new in pairs:
        before, after = concerned(old), concerned(new)
        changes.append(Change(old, new, frozenset(after - before), frozenset(before - after)))
    return changes


def _story(imagined: Imagined) -> Story:
    """The story as the notifier would have it."""
    reports = [
        Report(s.outlet, s.title, s.url, s.lang, s.at, s.summary[: stories.SUMMARY], voice(s.url, s.kind, s.tags)) for s in imagined.items
    ]
    return stories.unwritten(imagined.draft, reports)


def _heard(changes: Sequence[Change]) -> tuple[int, int]:
    """How many subscribers would hear of something more, and how many of something less."""
    return len(frozenset().union(*(c.more for c in changes))), len(frozenset().union(*(c.less for c in changes)))


def _values(found: Difference, changes: Sequence[Change], people: int, rulesets: Sequence[RuleSet]) -> dict[str, Any]:
    more, less = _heard(changes)
    return {
        "old": rulesets[0].version, "new": rulesets[1].version, "differs": bool(found),
        "gained": [_one(c) for c in changes if c.old is None], "lost": [_one(c) for c in changes if c.new is None],
        "changed": [_one(c) for c in changes if c.old and c.new],
        "matches": {rule: {"more": added, "less": gone} for rule, (added, gone) in found.matches.items()},
        "subscribers": {"active": people, "hear_more": more, "hear_less": less},
    }  # fmt: skip


def _one(change: Change) -> dict[str, Any]:
    was = {"severity_was": change.old.draft.severity, "topics_were": change.old.draft.topics} if change.old and change.new else {}
    return {**story_values(change.story), **was, "hear_more": len(change.more), "hear_less": len(change.less)}


def _show(found: Difference, changes: Sequence[Change], people: int, since: str, most: int) -> None:
    kinds = {"gained": [c for c in changes if c.old is None], "lost": [c for c in changes if c.new is None],
             "changed": [c for c in changes if c.old and c.new]}  # fmt: skip
    for kind, listed in kinds.items():
        if listed:
            console.print(Text(f"{kind}, {min(most, len(listed))} of {len(listed)}", style="bold"))
        for change in listed[:most]:
            console.print(Text(f"  {_line(change)}"))
    for rule, (added, gone) in found.matches.items():
        console.print(Text(f"  {rule}: {added} items more, {gone} less"))
    more, less = _heard(changes)
    sums = ", ".join(f"{len(listed)} {kind}" for kind, listed in kinds.items())
    heard = f"; of {people} subscribers {more} hear more, {less} less" if people else ""
    console.print(f"{since}: alerts: {sums}{heard}" if found else f"{since}: no difference", highlight=False, style="bold")


def _line(change: Change) -> str:
    old, new, story = change.old, change.new, change.story
    sign = "+" if old is None else "-" if new is None else "~"
    was = f"{old.draft.severity} → " if old and new and old.draft.severity != new.draft.severity else ""
    lists = [", ".join(s.draft.topics) or "none" for s in (old, new) if s]
    topics = f", topics {' → '.join(lists)}" if len(set(lists)) > 1 else ""
    heard = "".join(f", {n} {word}" for n, word in ((len(change.more), "hear it"), (len(change.less), "hear it no more")) if n)
    return f"{sign} {story.rings[0].seen.at:%m-%d} {was}{said(story)} [{', '.join(story.draft.rules)}]{topics}{heard}"
