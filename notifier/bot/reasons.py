"""Why an alert came: the rules, the words they saw, how its items came together, and why it reached this reader."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from notifier import stories
from notifier.model import Kind, Subscriber
from notifier.render import Message
from notifier.richtext import RichText, bold, bold_link, join, one_line, plain
from notifier.route import unwanted, wanted
from notifier.tables import deliveries
from rules.tables import matches, story_items
from watcher.store.tables import items

_ITEMS = 5
_QUOTES = 6
_FIELDS = frozenset({"title", "summary", "content"})


def told(conn: Connection, subscriber: int, message: str | None) -> Row[Any] | None:
    """The alert that a chat's message showed, or without one the last alert that it got."""
    chosen = select(deliveries).where(deliveries.c.subscriber_id == subscriber, deliveries.c.kind == Kind.ALERT)
    chosen = chosen.where(deliveries.c.remote_ref == message if message else deliveries.c.remote_ref.is_not(None))
    return conn.execute(chosen.order_by(deliveries.c.id.desc()).limit(1)).one_or_none()


def reasons(conn: Connection, delivery: Row[Any], person: Subscriber, now: datetime) -> Message | None:
    """The full account of one alert; None when its story is no more."""
    story = stories.load(conn, [delivery.story_id]).get(delivery.story_id) if delivery.story_id else None
    if story is None:
        return None
    because = unwanted(story, person, now) or wanted(story, person, now)
    parts = [bold_link(one_line(story.title), story.url), plain(f"To you because: {because}")]
    query = (
        select(items, story_items.c.how)
        .join(story_items, story_items.c.item_id == items.c.id)
        .where(story_items.c.story_id == story.id)
        .order_by(story_items.c.seq)
        .limit(_ITEMS)
    )
    for item in conn.execute(query).all():
        parts.append(bold(one_line(item.outlet)) + plain(f" ({item.how})"))
        parts += [_rule(item, row) for row in conn.execute(select(matches).where(matches.c.item_id == item.id)).all()]
    if story.item_count > _ITEMS:
        parts.append(plain(f"and {story.item_count - _ITEMS} more items"))
    return Message(join(parts))


def _rule(item: Row[Any], match: Row[Any]) -> RichText:
    seen = ", ".join(_quotes(item, match.evidence))
    return plain(f"• rule {match.rule_id}, {match.severity}" + (f": {seen}" if seen else ""))


def _quotes(item: Row[Any], evidence: Sequence[Any]) -> list[str]:
    """The words that the rule saw, each once."""
    words = [one_line(getattr(item, where)[start:end]) for where, start, end in evidence if where in _FIELDS]
    return [f"“{w}”" for w in dict.fromkeys(words) if w][:_QUOTES]
