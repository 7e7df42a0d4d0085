"""What people say of an alert: 👍, 👎, and then what was wrong with it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from notifier import feedback, stories
from notifier.bot.turn import Answer, Turn, old_button
from notifier.feedback import Why
from notifier.model import Kind, State
from notifier.render import Button
from notifier.tables import deliveries


def up(turn: Turn) -> Answer:
    """Worth it."""
    row = _mine(turn)
    if row is None:
        return old_button(turn)
    _vote(turn, row, 1)
    return turn.word("vote.up")


def down(turn: Turn) -> Answer:
    """Not worth it; the buttons under the alert ask why, until one is pressed or the alert changes."""
    row = _mine(turn)
    if row is None:
        return old_button(turn)
    _vote(turn, row, -1)
    asked = [Button(turn.t(f"vote.{w}"), f"fb:{row.id}:{w}") for w in Why]
    rows = (tuple(asked[:2]), tuple(asked[2:]), (Button("‹", f"back:{row.id}"),))
    return Answer(word=turn.t("vote.down"), buttons=rows)


def reason(turn: Turn) -> Answer:
    """What was wrong."""
    row, why = _mine(turn), turn.intent.words[-1]
    if row is None or why not in set(Why):
        return old_button(turn)
    _vote(turn, row, -1, why)
    _redraw(turn, row.id)
    return Answer(word=turn.t("vote.thanks"), also=[row.id])


def back(turn: Turn) -> Answer:
    """No reason given; the usual buttons again."""
    row = _mine(turn)
    if row is None:
        return old_button(turn)
    _redraw(turn, row.id)
    return Answer(also=[row.id])


def _vote(turn: Turn, row: Any, value: int, why: str = "") -> None:
    story = stories.load(turn.conn, [row.story_id]).get(row.story_id) if row.story_id else None
    feedback.vote(turn.conn, row.id, turn.person.id, value, why, story.rules if story else (), turn.now)


def _mine(turn: Turn) -> Any:
    """The alert of this chat that the button speaks of."""
    mine = select(deliveries).where(
        deliveries.c.id == turn.number(1), deliveries.c.subscriber_id == turn.person.id, deliveries.c.kind == Kind.ALERT
    )
    return turn.conn.execute(mine).one_or_none()


def _redraw(turn: Turn, id_: int) -> None:
    """Have the alert shown again as the ledger knows it: what stands under it now was never recorded."""
    shown = update(deliveries).where(deliveries.c.id == id_, deliveries.c.state == State.SENT)
    turn.conn.execute(shown.values(sent_revision=deliveries.c.revision - 1, not_before=turn.now))
