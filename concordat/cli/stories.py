"""`concordat stories list · show · split · merge`: which items tell of one event, why, and mending where that went wrong."""

from __future__ import annotations

import getpass
from typing import Annotated, Any

import typer
from sqlalchemy import Connection, or_, select

from concordat.cli.common import HomeOption, JsonOption, console, fail, now, show, with_store, write_json
from notifier import mended
from rules import mend
from rules.mend import CannotMendError, Word
from rules.tables import stories, story_items, story_log
from watcher.store import Store
from watcher.store.tables import items
from watcher.units import parse_duration

stories_app = typer.Typer(help="What belongs together, and mending it.", no_args_is_help=True)

StoryArgument = Annotated[int, typer.Argument(metavar="ID", help="A story's number, as `stories list` shows it.")]
ByOption = Annotated[str, typer.Option("--by", help="Who mends; default: your name on this machine.")]
WhyOption = Annotated[str, typer.Option("--why", help="Why, for the log.")]


@stories_app.command("list")
def list_stories(
    since: Annotated[str, typer.Option("--since", help="Those that an item joined in this time, such as 24h or 7d.")] = "7d",
    limit: Annotated[int, typer.Option("--limit", min=1)] = 50,
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The stories of the last days, the newest first."""
    try:
        after = now() - parse_duration(since)
    except ValueError as e:
        raise fail(f"--since: {e}") from None
    columns = ("id", "created_at", "updated_at", "severity", "item_count", "outlets", "lang", "title")

    def read(store: Store) -> list[dict[str, Any]]:
        query = select(*(stories.c[c] for c in columns)).where(stories.c.updated_at >= after).order_by(stories.c.id.desc()).limit(limit)
        with store.reading() as conn:
            return [dict(row) for row in conn.execute(query).mappings()]

    empty = f"no story in the last {since}"
    show(with_store(home, read), ("id", "updated_at", "severity", "item_count", "outlets", "title"), as_json=as_json, empty=empty)


@stories_app.command("show")
def show_story(story: StoryArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The items of a story, why each joined, and what people mended. Exit 1 when there is no such story."""

    def read(store: Store) -> dict[str, Any]:
        with store.reading() as conn:
            return _whole(conn, story)

    found = with_store(home, read)
    if as_json:
        write_json(found)
    else:
        for line in _lines(found):
            console.print(line, highlight=False, markup=False)
    if found["story"] is None:
        raise typer.Exit(1)


@stories_app.command("split")
def split_story(
    story: StoryArgument,
    chosen: Annotated[list[str], typer.Option("--items", metavar="ITEM,…", help="The items to take out, by number.")],
    ring: Annotated[bool, typer.Option("--ring", help="Alert of the new story, which else counts as told.")] = False,
    by: ByOption = "", why: WhyOption = "", home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Make some items of a story one of their own. Exit 1 when that cannot be done."""
    numbers = _numbers(chosen)

    def work(conn: Connection) -> int:
        moment = now()
        new = mend.split(conn, story, numbers, _word(by, why), moment, ring=ring)
        mended.split(conn, story, new, moment, ring=ring)
        return new

    new = _mend(home, work)
    if as_json:
        write_json({"story": story, "new": new, "items": sorted(set(numbers))})
    else:
        console.print(f"story {new} was split from story {story}; `concordat stories merge {story} {new}` takes it back", highlight=False)


@stories_app.command("merge")
def merge_stories(
    into: StoryArgument,
    others: Annotated[list[int], typer.Argument(metavar="ID…", help="The stories that become part of the first.")],
    by: ByOption = "", why: WhyOption = "", home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Make several stories one, which keeps the first number. Exit 1 when that cannot be done."""

    def work(conn: Connection) -> None:
        mend.merge(conn, into, others, _word(by, why), now())
        mended.merge(conn, into, others)
        mend.bury(conn, others)

    _mend(home, work)
    if as_json:
        write_json({"story": into, "merged": others})
    else:
        console.print(f"merged into story {into}; its log tells which items to split off to take it back", highlight=False)


def _numbers(written: list[str]) -> list[int]:
    texts = [t for several in written for t in several.replace(",", " ").split()]
    if not texts or not all(t.isascii() and t.isdigit() for t in texts):
        raise fail("--items takes numbers of items with commas between them, such as 12,15")
    return [int(t) for t in texts]


def _word(by: str, why: str) -> Word:
    return Word(by or getpass.getuser(), why)


def _mend(home: Any, work: Any) -> Any:
    def write(store: Store) -> Any:
        with store.begin() as conn:
            return work(conn)

    try:
        return with_store(home, write)
    except CannotMendError as e:
        raise fail(str(e), 1) from None


def _whole(conn: Connection, story: int) -> dict[str, Any]:
    row = conn.execute(select(stories).where(stories.c.id == story)).mappings().one_or_none()
    columns = (items.c.id, items.c.outlet, items.c.lang, items.c.published_at, items.c.title, items.c.summary, items.c.url, items.c.quiet)
    joins = (story_items.c.joined_at, story_items.c.how, story_items.c.similarity)
    query = (
        select(*columns, *joins).join(story_items, story_items.c.item_id == items.c.id).where(story_items.c.story_id == story)
    ).order_by(story_items.c.seq)  # fmt: skip
    told = [dict(r) for r in conn.execute(query).mappings()]
    steps = select(story_log).where(or_(story_log.c.story_id == story, story_log.c.other_id == story)).order_by(story_log.c.id)
    return {
        "story": dict(row) if row else None,
        "items": told,
        "languages": sorted({t["lang"] for t in told if t["lang"]}),
        "log": [dict(r) for r in conn.execute(steps).mappings()],
    }


def _lines(found: dict[str, Any]) -> list[str]:
    story, out = found["story"], []
    if story is None:
        out.append("there is no such story" + ("; what is known of it:" if found["log"] else ""))
    else:
        languages = ", ".join(found["languages"]) or "unknown"
        out += [
            f"story {story['id']}: {story['title']}",
            f"  {story['severity']}, {', '.join(story['topics']) or 'no topic'}; revision {story['revision']}"
            + (f"; rang {story['rung_at']:%Y-%m-%d %H:%M} UTC" if story["rung_at"] else "; rang nobody"),
            f"  outlets   {', '.join(story['outlets'])}",
            f"  languages {languages}",
            "  entities  " + ", ".join(e["name"] for e in story["entities"]),
        ]
        for i in found["items"]:
            out.append(f"  item {i['id']} [{i['lang'] or '?'}] {i['outlet']}: {i['title'] or i['summary'][:120]}")
            quiet = " (quiet)" if i["quiet"] else ""
            out.append(f"    joined {i['joined_at']:%Y-%m-%d %H:%M} UTC, {i['similarity']:.2f}: {i['how']}{quiet}")
    return out + [_step(step) for step in found["log"]]


def _step(step: dict[str, Any]) -> str:
    numbers = ", ".join(map(str, step["items"]))
    if step["kind"] == mend.SPLIT:
        what = f"story {step['other_id']} was split from story {step['story_id']}"
    else:
        what = f"story {step['other_id']} was merged into story {step['story_id']}"
    return f"  {step['at']:%Y-%m-%d %H:%M} UTC {what} by {step['by']}, items {numbers}" + (f": {step['why']}" if step["why"] else "")
