"""What the commands of `sources` share: choosing sources, asking them, moments as people read them, and names to complete."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from concordat import __version__
from concordat.cli.common import fail
from watcher.ask import Reach
from watcher.errors import ConcordatError
from watcher.fetch import Client, HostGate
from watcher.model import Source
from watcher.service import credentials_of, user_agent
from watcher.settings import Settings, load_settings
from watcher.sources.kinds import KINDS
from watcher.sources.load import Listed, Roster, roster_of
from watcher.yamlfile import suggest


def complete_group(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of groups, for the shell."""
    return [name for name in _known(ctx).groups if name.startswith(incomplete)]


def complete_source(ctx: typer.Context, incomplete: str) -> list[str]:
    """Ids of sources, for the shell."""
    return [each.source.id for each in _known(ctx).listed if each.source.id.startswith(incomplete)]


def complete_name(ctx: typer.Context, incomplete: str) -> list[str]:
    """Groups, then sources."""
    return complete_group(ctx, incomplete) + complete_source(ctx, incomplete)


def _known(ctx: typer.Context) -> Roster:
    """The sources of the home that is typed, or of the usual one; none where its files have mistakes: a shell cannot tell of them."""
    try:
        return roster_of(load_settings(ctx.params.get("home")))
    except ConcordatError:
        return Roster((), {})


GroupOption = Annotated[str | None, typer.Option("--group", help="Only sources of this group.", autocompletion=complete_group)]
TagOption = Annotated[str | None, typer.Option("--tag", help="Only sources with this tag.")]
KindOption = Annotated[str | None, typer.Option("--kind", help=f"Only sources of this kind: {', '.join(KINDS)}.")]


def chosen(roster: Roster, group: str | None, tag: str | None, kind: str | None) -> tuple[Listed, ...]:
    """The sources that the options leave; a name that no source has is a mistake of usage."""
    known = {
        "group": (group, set(roster.groups)),
        "tag": (tag, {t for each in roster.listed for t in each.source.tags}),
        "kind": (kind, set(KINDS)),
    }
    for what, (wanted, names) in known.items():
        if wanted is not None and wanted not in names:
            raise fail(f"--{what}: there is no {what} {wanted!r}, {suggest(wanted, names) or 'there are ' + ', '.join(sorted(names))}")
    return tuple(
        each
        for each in roster.listed
        if (group is None or each.source.group == group) and (tag is None or tag in each.source.tags) and kind in {None, each.source.kind}
    )


def find(roster: Roster, source_id: str) -> Listed:
    """The source of this id; a mistake of usage without one."""
    for each in roster.listed:
        if each.source.id == source_id:
            return each
    hint = suggest(source_id, [each.source.id for each in roster.listed]) or "see `concordat sources list`"
    raise fail(f"there is no source {source_id!r}, {hint}; an address begins with https://")


def home_of(settings: Settings) -> Path:
    """The folder of sources of a home that is there."""
    if not settings.home.is_dir():
        raise fail(f"there is no home at {settings.home}; `concordat init {settings.home}` writes one")
    return settings.home / "sources"


@asynccontextmanager
async def reaching(settings: Settings) -> AsyncIterator[Reach]:
    """What sources are asked with, as the watcher asks them."""
    agent = user_agent(__version__, settings.public_url)
    async with Client(user_agent=agent, allow_private=settings.allow_private_addresses) as client:
        yield Reach(client, HostGate(), credentials_of(settings))


def not_read(roster: Roster, entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each group that is off and that new entries are in, so that nobody waits for them."""
    groups = Counter(str(e.get("group", "")) for e in entries if e.get("enabled") is not True)
    return [
        f"not read: {counted(n, 'source')} in the group {name}, which is off; `concordat sources enable {name}` switches it on"
        for name, n in groups.items()
        if name in roster.groups and not roster.groups[name].on
    ]


def short_path(path: Path) -> str:
    """A path as it is shown: below the current folder without it."""
    shown = os.path.relpath(path)
    return str(path) if shown.startswith("..") else shown


def ago(moment: datetime | None, now: datetime) -> str:
    """`5m ago`, `in 3h`: a moment seen from now."""
    if moment is None:
        return ""
    span = span_text(abs(moment - now))
    return f"in {span}" if moment > now else f"{span} ago"


def span_text(span: timedelta) -> str:
    """A span by its largest unit."""
    seconds = round(span.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * size or (seconds >= size and unit != "d"):
            return f"{round(seconds / size)}{unit}"
    return f"{seconds}s"


def counted(n: int, one: str, many: Sequence[str] | str = "") -> str:
    """`1 source`, `3 sources`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def title_of(source: Source) -> str:
    """How a source is called before people."""
    return source.title or source.url
