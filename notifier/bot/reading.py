"""What there is to read: /latest, /search and its pages, /why, and the outlets of an alert."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import select

from notifier import search as index
from notifier import stories, wording
from notifier.bot import reasons
from notifier.bot.grammar import pieces
from notifier.bot.turn import Answer, Turn, old_button, pressed
from notifier.bot.vocabulary import Named
from notifier.model import Story
from notifier.render import Button, Message, source_list
from notifier.richtext import RichText, bold, bold_link, join, one_line, plain
from notifier.tables import deliveries
from notifier.wishes import Of

PER_PAGE = 5
MOST = 100  # stories that one search or /latest leads through
_TITLE = 300
_NUMBER = re.compile(r"#?(\d{1,15})")


def latest(turn: Turn) -> Answer:
    """The newest stories that concern them."""
    return Answer(say=_latest(turn, 0), more={"list": "latest"})


def search(turn: Turn) -> Answer:
    """Stories that say or name what is asked for."""
    if not turn.intent.text:
        return turn.say("search.how")
    return Answer(say=_search(turn, turn.intent.text, 0), more={"list": "search", "query": turn.intent.text})


def page(turn: Turn) -> Answer:
    """Another page of what the pressed message lists."""
    row, number = pressed(turn), turn.number()
    if row is None or number is None or "list" not in row.payload:
        return old_button(turn)
    more = {k: row.payload[k] for k in ("list", "query") if k in row.payload}
    drawn = _search(turn, row.payload["query"], number) if more["list"] == "search" else _latest(turn, number)
    return Answer(show=drawn, more=more)


def why(turn: Turn) -> Answer:
    """Why an alert came, or why a story did not ring: a reply, a number, or the last alert."""
    number = _NUMBER.fullmatch(turn.intent.text)
    if number:
        return _why_of(turn, [int(number[1])])
    if turn.intent.text:
        return turn.say("why.how")
    found = reasons.told(turn.conn, turn.person.id, turn.intent.message)
    if found:
        return _why_of(turn, found)
    return turn.say("why.no_alert" if turn.intent.message else "why.none_yet")


def outlets(turn: Turn) -> Answer:
    """Everybody who reports the story of an alert."""
    mine = select(deliveries.c.story_id).where(deliveries.c.id == turn.number(), deliveries.c.subscriber_id == turn.person.id)
    id_ = turn.conn.scalar(mine)
    story = stories.load(turn.conn, [id_]).get(id_) if id_ else None
    return Answer(say=Message(source_list(story))) if story else old_button(turn)


def _why_of(turn: Turn, found: Sequence[int]) -> Answer:
    shown = [message for story in found[:3] if (message := reasons.account(turn, story))]
    return Answer(say=Message(join(shown, "\n\n"))) if shown else turn.say("why.gone")


def _latest(turn: Turn, number: int) -> Message:
    found = stories.latest(turn.conn, turn.person, MOST, turn.now)
    return _listing(turn, turn.t("latest.head"), found, number) if found else Message(turn.t.rich("latest.none"))


def _search(turn: Turn, asked: str, number: int) -> Message:
    terms = []
    for piece in pieces(asked):
        words = [piece] if piece.quoted else turn.house.words.find_all(piece)
        whole = turn.house.words.find(words[0]) if len(words) == 1 else []
        if whole or piece.quoted:
            terms.append((piece.text, _entities(whole)))
        else:
            terms += [(w, _entities(turn.house.words.find(type(piece)(w)))) for w in piece.text.split()]
    ids = index.find(turn.conn, terms, MOST) if terms else []
    found = stories.load(turn.conn, ids)
    if not found:
        return Message(turn.t.rich("search.none", what=one_line(asked)[:200]))
    head = turn.t("search.head", n=len(found), what=one_line(asked)[:200])
    return _listing(turn, head, [found[i] for i in ids if i in found], number)


def _entities(found: Sequence[Named]) -> tuple[str, ...]:
    return tuple(n.follow.what for n in found if n.follow.of is Of.ENTITY)


def _listing(turn: Turn, head: str, found: Sequence[Story], number: int) -> Message:
    last = (len(found) - 1) // PER_PAGE
    number = min(number, last)
    shown = found[number * PER_PAGE : (number + 1) * PER_PAGE]
    ways = [Button(f"‹ {turn.t.number(number)}", f"pg:{number - 1}")] if number else []
    ways += [Button(f"{turn.t.number(number + 2)} ›", f"pg:{number + 1}")] if number < last else []
    return Message(join([bold(head), *(_line(turn, s) for s in shown)], "\n\n"), (tuple(ways),) if ways else ())


def _line(turn: Turn, story: Story) -> RichText:
    title = one_line(story.title) or story.url
    shown = title if len(title) <= _TITLE else title[: _TITLE - 1] + "…"
    outlets_named = ", ".join(one_line(o) for o in story.outlets[:3])
    about = [outlets_named, turn.t.moment(story.published_at or story.created_at, turn.person.tz), f"#{story.id}"]
    head = plain(f"{wording.MARKS.get(story.severity, '•')} ") + bold_link(shown, story.url)
    return join([head, plain(wording.parties(story)), plain(" · ".join(a for a in about if a))])
