"""Why an alert came: the rules, the words they saw, how its items came together, and why it reached this reader or did not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from notifier import silences, stories
from notifier.bot.turn import Turn
from notifier.lately import lately
from notifier.model import Kind, State
from notifier.richtext import RichText, bold, bold_link, join, one_line, plain
from notifier.tables import deliveries
from notifier.wanting import NOTHING_LATELY, Decision, concerns, wants
from rules.spec import SEVERITIES
from rules.tables import matches, story_items
from watcher.store.tables import items

_ITEMS = 5
_QUOTES = 6
_FIELDS = frozenset({"title", "summary", "content"})


def told(conn: Connection, subscriber: int, message: str | None) -> list[int]:
    """The stories that a chat's message alerts to, or without one the last that it was alerted to."""
    chosen = select(deliveries.c.story_id).where(deliveries.c.subscriber_id == subscriber, deliveries.c.kind == Kind.ALERT)
    chosen = chosen.where(deliveries.c.remote_ref == message if message else deliveries.c.remote_ref.is_not(None))
    found = conn.scalars(chosen.order_by(deliveries.c.id.desc()).limit(10 if message else 1))
    return list(dict.fromkeys(s for s in found if s))


def account(turn: Turn, id_: int) -> RichText | None:
    """The full account of one story for one reader; None when it is no more."""
    story = stories.load(turn.conn, [id_]).get(id_)
    if story is None:
        return None
    rang = turn.conn.scalar(
        select(deliveries.c.id).where(
            deliveries.c.story_id == id_, deliveries.c.subscriber_id == turn.person.id, deliveries.c.kind == Kind.ALERT,
            deliveries.c.state.in_([State.SENT, State.SENDING, State.PENDING]),
        ).limit(1)
    )  # fmt: skip
    if rang:
        still = concerns(turn.wishes, story, turn.now)
        because = turn.t.rich("why.because" if still.wanted else "why.no_more", reason=say(turn, still))
    else:
        spent = lately(turn.conn, [turn.person], turn.now).get(turn.person.id, NOTHING_LATELY)
        decision = wants(turn.wishes, story, turn.now, spent, silences.rules(turn.conn, turn.now))
        because = turn.t.rich("why.would_ring" if decision.rings else "why.not", reason=say(turn, decision))
    parts = [bold_link(one_line(story.title), story.url), because]
    query = (
        select(items, story_items.c.how)
        .join(story_items, story_items.c.item_id == items.c.id)
        .where(story_items.c.story_id == story.id)
        .order_by(story_items.c.seq)
        .limit(_ITEMS)
    )
    for item in turn.conn.execute(query).all():
        parts.append(bold(one_line(item.outlet)) + plain(f" ({item.how})"))
        parts += [_rule(turn, item, row) for row in turn.conn.execute(select(matches).where(matches.c.item_id == item.id)).all()]
    if story.item_count > _ITEMS:
        parts.append(plain(turn.t("why.more", n=story.item_count - _ITEMS)))
    return join(parts)


def say(turn: Turn, decision: Decision) -> str:
    """The reason of a decision in the reader's language."""
    words = [turn.t.severity(w) if w in SEVERITIES else w for w in decision.words]
    return turn.t(f"reason.{decision.reason.name.lower()}", **{f"a{i}": w for i, w in enumerate(words)})


def _rule(turn: Turn, item: Row[Any], match: Row[Any]) -> RichText:
    seen = ", ".join(_quotes(item, match.evidence))
    return plain(turn.t("why.rule", rule=match.rule_id, severity=turn.t.severity(match.severity)) + (f": {seen}" if seen else ""))


def _quotes(item: Row[Any], evidence: Sequence[Any]) -> list[str]:
    """The words that the rule saw, each once."""
    words = [one_line(getattr(item, where)[start:end]) for where, start, end in evidence if where in _FIELDS]
    return [f"“{w}”" for w in dict.fromkeys(words) if w][:_QUOTES]
