"""`why`: everything that was decided about one item."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer
from sqlalchemy import Connection, or_, select

from concordat.cli.common import HomeOption, JsonOption, console, fail, now, with_store, write_json
from notifier.model import State
from notifier.tables import deliveries
from notifier.untold import untold
from rules.tables import alerts, matches, stories, story_items
from watcher.store import Store
from watcher.store.tables import dead_letters, items
from watcher.urls import canonical

DELIVERY = (
    "id", "subscriber_id", "state", "reason", "attempts", "created_at", "not_before", "sent_at", "change", "carrier_id",
)  # fmt: skip
NAMED = 5  # subscribers that are named beside one reason


def why_command(
    what: Annotated[str, typer.Argument(help="An item's number or its address.")], home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Show what became of an item: read when, matched why, joined which story, sent to whom. Exit 1 when it was never read."""

    def read(store: Store) -> list[dict[str, Any]]:
        with store.reading() as conn:
            return [trace(conn, dict(row)) for row in conn.execute(_query(what)).mappings()]

    found = with_store(home, read)
    if not found:
        raise fail(f"{what} was never read; `concordat sources check` shows what a source holds now", 1)
    if as_json:
        write_json(found)
        return
    for entry in found:
        for line in lines(entry):
            console.print(line, highlight=False, markup=False)


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
    sent = conn.execute(select(deliveries).where(deliveries.c.story_id == joined["id"])).mappings() if joined else ()
    dead = conn.execute(select(dead_letters).where(dead_letters.c.ref == str(item["id"]))).mappings()
    return {
        "item": {k: v for k, v in item.items() if k != "content"},
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
    ]
    if item["quiet"]:
        reason = {"first_poll": "it stood there before the source was first read", "too_old": "it was published too long ago",
                  "renewed": "its source brought back its past under new names"}.get(item["quiet"], item["quiet"])  # fmt: skip
        out.append(f"  quiet     {reason}")
    if item["matched_at"] is None:
        out.append("  matched   not yet: it waits for the rules stage")
    out += [f"  rule      {m['rule_id']}: {m['severity']}, score {m['score']:.2f}, {', '.join(m['topics'])}" for m in entry["matches"]]
    if item["matched_at"] is not None and not entry["matches"]:
        out.append("  rule      none matched; `concordat rules explain RULE --text …` shows the clauses it missed")
    if story:
        out.append(f"  story     {story['id']}: {story['title']} ({story['how']})")
    out += [f"  alert     {a['kind']}, {a['severity']}" + ("" if a["routed_at"] else ", waits for the notifier") for a in entry["alerts"]]
    out += [_delivery(d) for d in entry["deliveries"]]
    out += [f"  not told  {people}: {reason}" for reason, people in _reasons(entry["untold"])]
    out += [f"  dead      {d['error']}" for d in entry["dead_letters"]]
    return out


def _delivery(d: dict[str, Any]) -> str:
    what = "answer" if d["change"] else "delivery"
    when = f" until {d['not_before']:%Y-%m-%d %H:%M} UTC" if d["state"] == State.PENDING and d["not_before"] > now() else ""
    carried = d["carrier_id"] if d["carrier_id"] not in {None, d["id"]} else None
    where = f", in the message of delivery {carried}" if carried else ""
    return f"  {what:9} {d['id']} to subscriber {d['subscriber_id']}: {d['state']}{when}{where}, {d['reason']}"


def _reasons(untold: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Each reason, and whom it kept from hearing: by number, or how many."""
    found: dict[str, list[str]] = {}
    for each in untold:
        reason = f"not yet, or it rang before they came; {each['reason']}" if each["wanted"] else each["reason"]
        found.setdefault(reason, []).append(str(each["subscriber"]))
    return [(r, f"subscriber {', '.join(p)}" if len(p) <= NAMED else f"{len(p)} subscribers") for r, p in found.items()]
