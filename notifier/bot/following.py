"""What reaches a person: /follow, /unfollow, /mute and /unmute, and the buttons that do the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from notifier import stories
from notifier.bot import pages
from notifier.bot.grammar import Piece, Span, ending, is_all, pieces
from notifier.bot.intents import Verb
from notifier.bot.turn import Answer, Turn, old_button
from notifier.bot.vocabulary import Named
from notifier.model import Kind, Story
from notifier.render import Button, Message
from notifier.richtext import RichText, one_line
from notifier.seal import key
from notifier.tables import deliveries
from notifier.wishes import Follow, Mute, Of
from rules.fold import fold

MOST = 100  # follows, and mutes, of one person
FOR_ALL = timedelta(hours=8)  # how long everything is muted where no time is said
TIMES = (("8h", timedelta(hours=8)), ("3d", timedelta(days=3)), ("ever", None))
_MUTABLE = frozenset({Of.TOPIC, Of.ENTITY, Of.RULE})


def follow(turn: Turn) -> Answer:
    """More of something: a topic, an entity, a country, a rule, or words in quotes."""
    if not turn.intent.text:
        return Answer(say=pages.show(turn, "follows"))
    if is_all(turn.intent.text):
        return _summary(turn.after(pages.everything(turn.wishes)), "follow.all")
    found, problem = _named(turn)
    if problem:
        return problem
    wishes = turn.wishes.following(*(n.follow for n in found))
    if len(wishes.follows or ()) > MOST:
        return turn.say("follow.too_many", n=MOST)
    was_all = turn.wishes.follows is None
    return _summary(turn.after(wishes), "follow.narrowed" if was_all else "follow.done", found)


def unfollow(turn: Turn) -> Answer:
    """Less of something; whoever follows everything has it muted instead."""
    if not turn.intent.text:
        return Answer(say=pages.show(turn, "follows"))
    if is_all(turn.intent.text):
        return _summary(turn.after(replace(turn.wishes, follows=())), "follow.nothing")
    found, problem = _named(turn)
    if problem:
        return problem
    if turn.wishes.follows is None:
        mutes = [n for n in found if n.follow.of in _MUTABLE]
        if not mutes:
            return turn.say("unfollow.everything")
        return _muted(turn, mutes, Span())
    mine = [f for n in found for f in turn.wishes.follows if _same(f, n.follow)]
    if not mine:
        return turn.say("unfollow.not_followed", what=turn.t.several(turn.name(n) for n in found))
    left = turn.after(turn.wishes.leaving(*mine))
    return _summary(left, "unfollow.done" if left.wishes.follows else "follow.nothing", found)


def mute(turn: Turn) -> Answer:
    """Silence everything or something, for a while or for ever; as a reply to an alert without a target, its parts to choose from."""
    target, span = ending(turn.intent.text)
    if not target and turn.intent.message:
        return _menu_for(turn, turn.intent.message)
    if not target and not span.given:
        return Answer(say=pages.show(turn, "mutes"))
    if not target or is_all(target):
        length = span.length if span.given else FOR_ALL
        until = turn.now + length if length else None
        there = turn.after(turn.wishes.muting(Mute(Of.ALL, "", until), turn.now))
        return Answer(say=Message(_silenced(there, "mute.all", until), _lift(there, Of.ALL, "")))
    found, problem = _named(turn, target)
    if problem:
        return problem
    if any(n.follow.of not in _MUTABLE for n in found):
        return turn.say("mute.not_these")
    return _muted(turn, found, span)


def unmute(turn: Turn) -> Answer:
    """Lift a mute, or all of them."""
    text = turn.intent.text
    if not text:
        return Answer(say=pages.show(turn, "mutes"))
    if is_all(text):
        return turn.after(replace(turn.wishes, mutes=())).say("unmute.all")
    found, problem = _named(turn)
    if problem:
        return problem
    wishes = turn.wishes
    for each in found:
        wishes = wishes.unmuting(each.follow.of, each.follow.what)
    names = turn.t.several(turn.name(n) for n in found)
    if wishes == turn.wishes:
        return turn.say("unmute.not_muted", what=names)
    return turn.after(wishes).say("unmute.done", what=names)


def chosen(turn: Turn) -> Answer:
    """A button that offered one reading of a name, or a near miss."""
    named = turn.house.words.by_key(turn.intent.words[-1], turn.topics)
    if named is None:
        return old_button(turn)
    there = turn.after(turn.wishes.following(named.follow))
    said = _summary(there, "follow.narrowed" if turn.wishes.follows is None else "follow.done", [named])
    return Answer(show=said.say)


def lifted(turn: Turn) -> Answer:
    """The button beside a mute that was just made."""
    wanted = turn.intent.words[-1]
    mute = next((m for m in turn.wishes.mutes if key(m.of, m.what) == wanted), None)
    if mute is None:
        return old_button(turn)
    name = turn.t("mute.everything") if mute.of is Of.ALL else turn.house.words.name(Follow(mute.of, mute.what), turn.t.code)
    there = turn.after(turn.wishes.unmuting(mute.of, mute.what))
    return Answer(show=Message(there.t.rich("unmute.done", what=name)))


def mute_topic(turn: Turn) -> Answer:
    """The button under an alert that mutes a topic."""
    topic = turn.intent.words[-1]
    if topic not in turn.topics:
        return old_button(turn)
    turn.after(turn.wishes.muting(Mute(Of.TOPIC, topic), turn.now))
    return turn.word("mute.topic_word", what=topic)


def mute_story(turn: Turn) -> Answer:
    """A choice of the menu: a part of the story, then for how long."""
    _, _, part, time = (*turn.intent.words, "", "", "")[:4]
    number = turn.number(1)
    story = stories.load(turn.conn, [number]).get(number) if number is not None else None
    if story is None:
        return old_button(turn)
    if not part:
        return Answer(show=_menu(turn, story))
    follow = next((f for f in _parts(story) if key(f.of, f.what) == part), None)
    if follow and not time:
        return Answer(show=_times(turn, story, follow))
    length = dict(TIMES).get(time)
    if follow is None or time not in dict(TIMES):
        return old_button(turn)
    until = turn.now + length if length else None
    there = turn.after(turn.wishes.muting(Mute(follow.of, follow.what, until), turn.now))
    return Answer(show=Message(_silenced(there, "mute.done", until, _part_name(there, follow)), _lift(there, follow.of, follow.what)))


def _menu_for(turn: Turn, message: str) -> Answer:
    mine = select(deliveries.c.id).where(
        deliveries.c.subscriber_id == turn.person.id, deliveries.c.remote_ref == message, deliveries.c.kind == Kind.ALERT
    )
    delivery = turn.conn.scalar(mine.order_by(deliveries.c.id.desc()).limit(1))
    story = _story(turn, delivery) if delivery else None
    return Answer(say=_menu(turn, story)) if story else turn.say("why.no_alert")


def _menu(turn: Turn, story: Story) -> Message:
    """The parts of a story to choose from."""
    buttons = [Button(_part_name(turn, part)[:40], f"mus:{story.id}:{key(part.of, part.what)}") for part in _parts(story)]
    rows = tuple(tuple(buttons[i : i + 2]) for i in range(0, len(buttons), 2))
    return Message(turn.t.rich("mute.choose", title=one_line(story.title)[:200]), rows)


def _times(turn: Turn, story: Story, part: Follow) -> Message:
    """For how long a part is to be muted."""
    times = tuple(Button(turn.t(f"time.{t}"), f"mus:{story.id}:{key(part.of, part.what)}:{t}") for t, _ in TIMES)
    back = (Button("‹", f"mus:{story.id}"),)
    return Message(turn.t.rich("mute.how_long", what=_part_name(turn, part)), (times, back))


def _part_name(turn: Turn, part: Follow) -> str:
    return turn.t("mute.this_story") if part.of is Of.STORY else one_line(turn.house.words.name(part, turn.t.code))


def _parts(story: Story) -> list[Follow]:
    topics = [Follow(Of.TOPIC, t) for t in story.topics[:3]]
    entities = [Follow(Of.ENTITY, p.id) for p in story.parties[:4]]
    return [Follow(Of.STORY, str(story.id)), *topics, *entities, *(Follow(Of.RULE, r) for r in story.rules[:2])]


def _story(turn: Turn, delivery: int) -> Story | None:
    mine = select(deliveries.c.story_id).where(deliveries.c.id == delivery, deliveries.c.subscriber_id == turn.person.id)
    id_ = turn.conn.scalar(mine)
    return stories.load(turn.conn, [id_]).get(id_) if id_ else None


def _muted(turn: Turn, found: Sequence[Named], span: Span) -> Answer:
    until = turn.now + span.length if span.length else None
    wishes = turn.wishes
    for each in found:
        wishes = wishes.muting(Mute(each.follow.of, each.follow.what, until), turn.now)
    if len(wishes.mutes) > MOST:
        return turn.say("mute.too_many", n=MOST)
    there = turn.after(wishes)
    names = there.t.several(there.name(n) for n in found)
    lift = _lift(there, found[0].follow.of, found[0].follow.what) if len(found) == 1 else ()
    return Answer(say=Message(_silenced(there, "mute.done", until, names), lift))


def _named(turn: Turn, text: str | None = None) -> tuple[list[Named], Answer | None]:
    """What the command names, or the answer to what is unknown or means several things."""
    words, topics = turn.house.words, turn.topics
    asked = [p for piece in pieces(turn.intent.text if text is None else text) for p in words.find_all(piece, topics)]
    mine = {fold(f.what): Named(f, f.what) for f in turn.wishes.follows or () if f.of is Of.WORDS}
    found: list[Named] = []
    for piece in asked:
        several = words.find(piece, topics) or [n for n in (mine.get(fold(piece.text)),) if n]
        if not several:
            return [], _unknown(turn, piece)
        if len(several) > 1:
            return [], _which(turn, piece, several)
        found.append(several[0])
    return (found, None) if found else ([], turn.say("follow.how"))


def _unknown(turn: Turn, piece: Piece) -> Answer:
    near = turn.house.words.near(piece, turn.topics)
    if near and turn.intent.verb is not Verb.FOLLOW:
        return turn.say("name.near", what=piece.text, near=turn.t.several((turn.name(n) for n in near), either=True))
    if not near:
        topics = turn.t.several(turn.topics[:20])
        return turn.say("follow.unknown", what=piece.text, topics=topics) if topics else turn.say("follow.unknown_yet", what=piece.text)
    return Answer(say=Message(turn.t.rich("follow.near", what=piece.text), _choices(turn, near)))


def _which(turn: Turn, piece: Piece, several: Sequence[Named]) -> Answer:
    if turn.intent.verb is not Verb.FOLLOW:
        return turn.say("name.which", what=piece.text, names=turn.t.several((turn.name(n) for n in several), either=True))
    return Answer(say=Message(turn.t.rich("follow.which", what=piece.text), _choices(turn, several[:8])))


def _choices(turn: Turn, several: Sequence[Named]) -> tuple[tuple[Button, ...], ...]:
    names = [(n, f"{turn.name(n)} ({turn.t(f'of.{n.follow.of}')})") for n in several]
    return tuple((Button(turn.t("follow.button", what=name), f"fol:{n.key}"),) for n, name in names)


def _summary(turn: Turn, text: str, found: Sequence[Named] = ()) -> Answer:
    what = turn.t.several(turn.name(n) for n in found)
    return Answer(say=Message(turn.t.rich(text, what=what, all=pages.following(turn))))


def _silenced(turn: Turn, text: str, until: datetime | None, what: str = "") -> RichText:
    """The text for a mute with an end, or its `_forever` sister."""
    if until is None:
        return turn.t.rich(f"{text}_forever", what=what)
    return turn.t.rich(text, what=what, until=turn.t.until(until, turn.now, turn.person.tz))


def _lift(turn: Turn, of: Of, what: str) -> tuple[tuple[Button, ...], ...]:
    return ((Button(turn.t("unmute.button"), f"unm:{key(of, what)}"),),)


def _same(one: Follow, other: Follow) -> bool:
    return one.of is other.of and (one.what == other.what or (one.of is Of.WORDS and fold(one.what) == fold(other.what)))
