"""What a press on a button of the settings changes, and the page as it is after it. The pages are drawn by `notifier.bot.pages`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from notifier import mailboxes
from notifier.bot import hours
from notifier.bot.pages import BUDGETS, HOURS, PAGES, QUIET, WORKDAYS, everything, show
from notifier.bot.turn import Answer, Turn, old_button
from notifier.seal import key
from notifier.tongue import LANGUAGES
from notifier.wishes import Follow, Mute, Of, Quiet, Tier, Wishes
from rules.spec import SEVERITIES

_PAUSE = timedelta(hours=8)


def press(turn: Turn) -> Answer:
    """A press on one of the buttons: the change, and the page as it is after it."""
    _, page, what, value = (*turn.intent.words, "", "", "")[:4]
    if page not in PAGES:
        return old_button(turn)
    if not what:
        return Answer(show=show(turn, page))
    number = turn.number(3)
    if what == "p" and number is not None:
        return Answer(show=show(turn, page, number))
    if page == "email" and what == "off":
        mailboxes.leave(turn.conn, turn.person.id)
        return Answer(show=show(turn, page))
    wishes = _CHANGES[page](turn, what, value) if page in _CHANGES else None
    if wishes is None:
        return old_button(turn)
    there = turn.after(wishes)
    return Answer(show=show(there, page), word=there.t("page.saved"))



def _change_main(turn: Turn, what: str, _value: str) -> Wishes | None:
    if what == "on":
        return turn.wishes.unmuting(Of.ALL)
    return turn.wishes.muting(Mute(Of.ALL, "", turn.now + _PAUSE), turn.now) if what == "off" else None


def _change_topics(turn: Turn, what: str, value: str) -> Wishes | None:
    if what == "all":
        return everything(turn.wishes)
    topic = next((t for t in turn.topics if key(t) == value), None)
    if what != "t" or topic is None:
        return None
    wishes, follow = turn.wishes, Follow(Of.TOPIC, topic)
    if wishes.follows is None:
        muted = topic in wishes.muted(Of.TOPIC, turn.now)
        return wishes.unmuting(Of.TOPIC, topic) if muted else wishes.muting(Mute(Of.TOPIC, topic), turn.now)
    return wishes.leaving(follow) if follow in wishes.follows else wishes.following(follow)


def _change_follows(turn: Turn, what: str, value: str) -> Wishes | None:
    if what == "all":
        return everything(turn.wishes)
    gone = next((f for f in turn.wishes.follows or () if key(f.of, f.what) == value), None)
    return turn.wishes.leaving(gone) if what == "x" and gone else None


def _change_mutes(turn: Turn, what: str, value: str) -> Wishes | None:
    gone = next((m for m in turn.wishes.mutes if key(m.of, m.what) == value), None)
    return turn.wishes.unmuting(gone.of, gone.what) if what == "x" and gone else None


def _change_loud(turn: Turn, what: str, _value: str) -> Wishes | None:
    return replace(turn.wishes, min_severity=what) if what in SEVERITIES else None


def _change_urgency(turn: Turn, what: str, _value: str) -> Wishes | None:
    if what not in SEVERITIES:
        return None
    tiers = list(Tier)
    following_tier = tiers[(tiers.index(turn.wishes.tier(what)) + 1) % len(tiers)]
    return hours.with_tier(turn.wishes, what, following_tier)


def _change_quiet(turn: Turn, what: str, _value: str) -> Wishes | None:
    wishes = turn.wishes
    if what == "off":
        return replace(wishes, quiet=None)
    if what == "loud":
        return replace(wishes, loud_quiet=not wishes.loud_quiet)
    chosen = next(((s, e) for s, e in QUIET if f"{s}-{e}".replace(":", "") == what), None)
    return replace(wishes, quiet=Quiet(*chosen, wishes.tz)) if chosen else None


def _change_budget(turn: Turn, what: str, _value: str) -> Wishes | None:
    if what == "off":
        return replace(turn.wishes, budget=None)
    return hours.with_digest(replace(turn.wishes, budget=int(what))) if what in map(str, BUDGETS) else None


def _change_digest(turn: Turn, what: str, _value: str) -> Wishes | None:
    if what == "off":
        return replace(turn.wishes, digest_at=None)
    if what == "wd":
        return replace(turn.wishes, digest_days=() if turn.wishes.digest_days == WORKDAYS else WORKDAYS)
    at = next((h for h in HOURS if h.replace(":", "") == what), None)
    return replace(turn.wishes, digest_at=at) if at else None


def _change_lang(turn: Turn, what: str, _value: str) -> Wishes | None:
    return replace(turn.wishes, lang=what) if what in LANGUAGES else None


_CHANGES: Mapping[str, Callable[[Turn, str, str], Wishes | None]] = {
    "main": _change_main, "topics": _change_topics, "follows": _change_follows, "mutes": _change_mutes, "loud": _change_loud,
    "urgency": _change_urgency, "quiet": _change_quiet, "budget": _change_budget, "digest": _change_digest, "lang": _change_lang,
}  # fmt: skip
