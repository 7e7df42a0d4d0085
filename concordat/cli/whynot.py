"""What `why` and `why-not` ask beyond the record: which rules an item came near to, what else told the same, who could have had a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from rules.explain import Explanation, State, explain
from rules.matcher import Matcher
from watcher.model import Item
from watcher.poll import current_state
from watcher.sources.load import Roster
from watcher.store.sources import load_states
from watcher.store.tables import items
from watcher.urls import canonical, host_of, registrable

NEAR = 3  # rules that are shown as near misses
COPIES = 10  # other items that are shown
_HELD = frozenset({State.MET, State.CLEAR})


def explained(matcher: Matcher, item: Item, rules: Sequence[str] = (), near: int = NEAR) -> list[Explanation]:
    """The rules that fire on an item, then those that come nearest to it; or these rules, in their order."""
    reading = matcher.read(item)
    if rules:
        return [explain(rule, reading) for rule in map(matcher.ruleset.rule, rules) if rule is not None]
    every = [explain(rule, reading) for rule in matcher.ruleset.rules]
    missed = sorted((e for e in every if not e.fires and _met(e)), key=lambda e: (e.missing, -_met(e), e.rule))
    return [*(e for e in every if e.fires), *missed[:near]]


def _met(explanation: Explanation) -> int:
    """How many clauses that ask for something hold."""
    return sum(c.state is State.MET for c in explanation.clauses)


def shortfall(explanation: Explanation) -> str:
    """What stands between an item and a rule, in a line."""
    parts = [f"the item's {explanation.where} is another"] if explanation.where else []
    parts += [f"{c.label}: {c.state}" for c in explanation.clauses if c.state not in _HELD]
    if explanation.too_low:
        parts.append(f"score {explanation.score:.2f} is below {explanation.at_least:g}")
    return "; ".join(parts)


def copies(conn: Connection, item: dict[str, Any]) -> list[dict[str, Any]]:
    """Other items of the same page, in order of arrival."""
    if not item["canonical_url"]:
        return []
    columns = items.c.id, items.c.source_id, items.c.seen_at, items.c.title
    query = select(*columns).where(items.c.canonical_url == item["canonical_url"], items.c.id != item["id"])
    return [dict(row) for row in conn.execute(query.order_by(items.c.id).limit(COPIES)).mappings()]


def could_have_had(conn: Connection, roster: Roster, address: str) -> list[dict[str, Any]]:
    """The sources that a page could have come by: those on its host or site, and those that brought items of that site before."""
    host = host_of(address) or host_of(f"https://{canonical(address)}")
    site = registrable(host)
    if not site:
        return []
    brought = select(items.c.source_id, func.count().label("n"), func.max(items.c.seen_at).label("last")).where(items.c.outlet == site)
    known = {row.source_id: row for row in conn.execute(brought.group_by(items.c.source_id))}
    listed = [e for e in roster.listed if e.source.id in known or registrable(host_of(e.source.url)) == site]
    states = load_states(conn, [e.source.id for e in listed])
    rows = []
    for each in listed:
        source, state = each.source, current_state(each.source, states.get(each.source.id))
        told = known.get(source.id)
        rows.append({
            "source": source.id, "kind": source.kind, "url": source.url, "same_host": host_of(source.url) == host,
            "health": "off" if each.off else str(state.health), "why": each.off or state.health_reason,
            "last_polled": state.last_polled_at, "last_ok": state.last_ok_at, "last_new": state.last_new_at, "next": state.next_at,
            "items_of_the_site": told.n if told else 0, "last_of_the_site": told.last if told else None,
        })  # fmt: skip
    rows += [_struck(row) for source, row in known.items() if source not in {r["source"] for r in rows}]
    return sorted(rows, key=lambda r: (not r["same_host"], -r["items_of_the_site"], r["source"]))


def _struck(row: Any) -> dict[str, Any]:
    """A source that brought items of the site and stands in no file any more."""
    nothing = dict.fromkeys(("last_polled", "last_ok", "last_new", "next"))
    return {
        "source": row.source_id, "kind": "", "url": "", "same_host": False, "health": "off", "why": "it stands in no file any more",
        **nothing, "items_of_the_site": row.n, "last_of_the_site": row.last,
    }  # fmt: skip


def unseen_lines(address: str, sources: Sequence[dict[str, Any]]) -> Iterator[str]:
    """For people: who could have had a page that was never read."""
    yield f"{address} was never read"
    if not sources:
        yield f"  no source reads its site, and none ever brought a page of it; `concordat sources add {address}` looks for its feed"
    for row in sources:
        yield f"  source    {row['source']}: {row['health']}" + (f", {row['why']}" if row["why"] else "")
        read = f"read last {_moment(row['last_polled'])}" if row["last_polled"] else "no reading is on record"
        news = f", something new last {_moment(row['last_new'])}" if row["last_new"] else ""
        after = f", next {_moment(row['next'])}" if row["next"] and row["health"] != "off" else ""
        yield f"            {read}{news}{after}; {_brought(row)}"
    if sources:
        yield "  `concordat sources check SOURCE` shows what a source holds now"


def _brought(row: dict[str, Any]) -> str:
    if not row["items_of_the_site"]:
        return "no item of this site came by it"
    return f"{row['items_of_the_site']} items of this site came by it, the last {_moment(row['last_of_the_site'])}"


def _moment(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
