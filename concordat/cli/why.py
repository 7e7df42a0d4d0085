"""`why` and `why-not`: everything that was decided about one item, and what the rules as they stand make of it. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection, and_, or_, select

from concordat.cli.common import HomeOption, JsonOption, console, fail, now, with_store, write_json
from concordat.cli.ruleset import check_known
from concordat.cli.whynot import copies, could_have_had, explained, shortfall, unseen_lines
from concordat.runtime import settings_for
from notifier.model import State
from notifier.tables import deliveries
from notifier.untold import untold
from rules.live import Folders
from rules.matcher import Matcher
from rules.tables import alerts, matches, stories, story_items
from watcher.bus import DELIVERIES
from watcher.errors import OperatorError
from watcher.model import Item
from watcher.settings import load_settings
from watcher.sources.load import roster_of
from watcher.store import Store
from watcher.store.items import as_item
from watcher.store.tables import dead_letters, items
from watcher.urls import canonical

DELIVERY = (
    "id", "subscriber_id", "state", "reason", "attempts", "created_at", "not_before", "sent_at", "change", "carrier_id", "remote_ref",
)  # fmt: skip
NAMED = 5  # subscribers that are named beside one reason


WhatArgument = Annotated[str, typer.Argument(help="An item's number or its address.")]
QUIET = {
    "first_poll": "it stood there before the source was first read", "too_old": "it was published too long ago",
    "renewed": "its source brought back its past under new names",
}  # fmt: skip


def why_command(what: WhatArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show what became of an item: read when, matched why, joined which story, sent to whom. Exit 1 when it was never read."""
    _tell(what, home, (), as_json=as_json, whole=False)


def why_not_command(
    what: WhatArgument,
    rule: Annotated[list[str] | None, typer.Option("--rule", help="Explain this rule; by default the nearest. May be given again.")] = None,
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The same, with every clause that rules met and missed; of a page never read, which source could have had it, and exit 1."""
    _tell(what, home, rule or (), as_json=as_json, whole=True)


def _tell(what: str, home: Path | None, rules: Sequence[str], *, as_json: bool, whole: bool) -> None:
    matcher, mistakes = _matcher(home, rules)

    def read(store: Store) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        with store.reading() as conn:
            rows = [dict(row) for row in conn.execute(_query(what)).mappings()]
            found = [{**trace(conn, row), **_judged(matcher, as_item(row), rules)} for row in rows]
            return found, [] if found or what.isdigit() else could_have_had(conn, roster_of(settings_for(home, quiet=True)), what)

    found, sources = with_store(home, read)
    if as_json:
        write_json([{**e, "rules": [asdict(x) for x in e["rules"]]} for e in found] if found else {"seen": False, "sources": sources})
    else:
        told = (line for entry in found for line in (*lines(entry), *rule_lines(entry, whole=whole)))
        for line in told if found else unseen_lines(what, sources):
            console.print(line, highlight=False, markup=False)
        if mistakes:
            console.print(f"the rules cannot be read, so what they missed is not shown:\n{mistakes}", highlight=False, markup=False)
    if not found:
        raise typer.Exit(1)


def _judged(matcher: Matcher | None, item: Item, rules: Sequence[str]) -> dict[str, Any]:
    """What the rules as they stand make of an item, and their version; nothing where they cannot be read."""
    if matcher is None:
        return {"rules": [], "ruleset": None}
    return {"rules": explained(matcher, item, rules), "ruleset": matcher.ruleset.version}


def _matcher(home: Path | None, rules: Sequence[str]) -> tuple[Matcher | None, str]:
    """A matcher of the rules as they stand; None, and why, where they have mistakes."""
    try:
        matcher = Folders.of(load_settings(home)).load()
    except OperatorError as e:
        return None, str(e)
    check_known(matcher.ruleset, rules)
    return matcher, ""


def stored_item(home: Path | None, what: str) -> Item:
    """The item of that number, or the newest of that address; leaves with exit code 2 when there is none."""

    def read(store: Store) -> Item | None:
        with store.reading() as conn:
            rows = conn.execute(_query(what)).mappings().all()
        return as_item(dict(rows[-1])) if rows else None

    found = with_store(home, read)
    if found is None:
        raise fail(f"{what} was never read; `concordat why-not` says which source could have had it")
    return found


def _query(what: str) -> Any:
    if what.isdigit():
        return select(items).where(items.c.id == int(what))
    return select(items).where(or_(items.c.canonical_url == canonical(what), items.c.entry_id == what)).order_by(items.c.id)


def trace(conn: Connection, item: dict[str, Any]) -> dict[str, Any]:
    """All that SQL knows of one item."""
    rows = conn.execute(select(matches).where(matches.c.item_id == item["id"])).mappings()
    joined = conn.execute(
        select(stories, story_items.c.how)
        .join(story_items, story_items.c.story_id == stories.c.id)
        .where(story_items.c.item_id == item["id"])
    ).mappings().first()  # fmt: skip
    rung = conn.execute(select(alerts).where(alerts.c.item_id == item["id"])).mappings()
    told = select(deliveries).where(deliveries.c.story_id == joined["id"]).order_by(deliveries.c.id) if joined else None
    sent = conn.execute(told).mappings().all() if told is not None else ()
    letters = or_(
        and_(dead_letters.c.stream != DELIVERIES, dead_letters.c.ref == str(item["id"])),
        and_(dead_letters.c.stream == DELIVERIES, dead_letters.c.ref.in_([str(r["id"]) for r in sent])),
    )
    dead = conn.execute(select(dead_letters).where(letters).order_by(dead_letters.c.id)).mappings()
    return {
        "item": {**{k: v for k, v in item.items() if k != "content"}, "content_length": len(item["content"])},
        "copies": copies(conn, item),
        "matches": [dict(r) for r in rows],
        "story": dict(joined) if joined else None,
        "alerts": [dict(r) for r in rung],
        "deliveries": [{k: r[k] for k in DELIVERY} for r in sent],
        "untold": [asdict(u) for u in untold(conn, joined["id"], now())] if joined and joined["rung_at"] else [],
        "dead_letters": [dict(r) for r in dead],
    }


def lines(entry: dict[str, Any]) -> list[str]:
    """The trace for people."""
    item, story = entry["item"], entry["story"]
    out = [
        f"item {item['id']}: {item['title'] or item['summary'][:120]}",
        f"  read      {item['seen_at']:%Y-%m-%d %H:%M:%S} UTC from {item['source_id']}",
        f"  parsed    {_parsed(item)}",
    ]
    out += [f"  same page item {c['id']} from {c['source_id']}, read {c['seen_at']:%Y-%m-%d %H:%M} UTC" for c in entry["copies"]]
    if item["quiet"]:
        out.append(f"  quiet     {QUIET.get(item['quiet'], item['quiet'])}")
    if item["matched_at"] is None:
        out.append("  matched   not yet: it waits for the rules stage")
    out += [f"  rule      {m['rule_id']}: {m['severity']}, score {m['score']:.2f}, {', '.join(m['topics'])}" for m in entry["matches"]]
    if item["matched_at"] is not None and not entry["matches"]:
        out.append("  rule      none matched")
    if story:
        out.append(f"  story     {story['id']}: {story['title']} ({story['how']})")
    out += [f"  alert     {a['kind']}, {a['severity']}" + ("" if a["routed_at"] else ", waits for the notifier") for a in entry["alerts"]]
    out += [_delivery(d) for d in entry["deliveries"]]
    out += [f"  not told  {people}: {reason}" for reason, people in _reasons(entry["untold"])]
    out += [f"  dead      {d['error']}" for d in entry["dead_letters"]]
    return out


def rule_lines(entry: dict[str, Any], *, whole: bool) -> Iterator[str]:
    """What the rules as they stand make of an item: every clause, or in a line what each near miss lacks."""
    version, now_version = entry["item"]["ruleset"], entry["ruleset"]
    if now_version and version and version != now_version:
        yield f"  rules     they were of version {version} when it was decided on, and are of {now_version} now"
    if whole and now_version and not entry["rules"]:
        yield "  near      no rule: it holds nothing that any of them asks for"
    for explanation in entry["rules"]:
        if whole:
            yield from (f"  {line}" for line in explanation.lines())
        elif not explanation.fires:
            yield f"  near      {explanation.rule}, {explanation.missing} short: {shortfall(explanation)}"


def _parsed(item: dict[str, Any]) -> str:
    """What was made of the entry: its kind, language and moment, and how much text."""
    published = f"published {item['published_at']:%Y-%m-%d %H:%M} UTC" if item["published_at"] else "without a date"
    sizes = f"{len(item['title'])} characters of title, {len(item['summary'])} of summary, {item['content_length']} of content"
    return f"as {item['kind']}, {item['lang'] or 'language not stated'}, {published}; {sizes}"


def _delivery(d: dict[str, Any]) -> str:
    what = "answer" if d["change"] else "delivery"
    when = f" until {d['not_before']:%Y-%m-%d %H:%M} UTC" if d["state"] == State.PENDING and d["not_before"] > now() else ""
    carried = d["carrier_id"] if d["carrier_id"] not in {None, d["id"]} else None
    where = f", in the message of delivery {carried}" if carried else ""
    answer = f" {d['sent_at']:%Y-%m-%d %H:%M} UTC" if d["sent_at"] else ""
    answer += f" as the channel's {d['remote_ref']}" if d["remote_ref"] else ""
    tried = f" after {d['attempts']} tries" if d["attempts"] > 1 else ""
    return f"  {what:9} {d['id']} to subscriber {d['subscriber_id']}: {d['state']}{answer}{tried}{when}{where}, {d['reason']}"


def _reasons(untold: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Each reason, and whom it kept from hearing: by number, or how many."""
    found: dict[str, list[str]] = {}
    for each in untold:
        reason = f"not yet, or it rang before they came; {each['reason']}" if each["wanted"] else each["reason"]
        found.setdefault(reason, []).append(str(each["subscriber"]))
    return [(r, f"subscriber {', '.join(p)}" if len(p) <= NAMED else f"{len(p)} subscribers") for r, p in found.items()]
