"""The settings: one message of buttons with pages, as they stand now. What a press on them changes is `notifier.bot.presses`.

A button's data is `s:<page>` to look at a page, or `s:<page>:<what>[:<value>]` to change something on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from notifier import mailboxes
from notifier.bot.turn import Turn
from notifier.render import Button, Keyboard, Message
from notifier.richtext import RichText, bold, join, one_line, plain
from notifier.seal import key
from notifier.tongue import LANGUAGES
from notifier.wishes import Follow, Mute, Of, Tier, Wishes
from rules.spec import SEVERITIES

PER_PAGE = 20  # topics, follows or mutes shown at a time
_LABEL = 28  # characters of a name on a button
_MAIN = ("topics", "follows", "loud", "urgency", "quiet", "budget", "digest", "email", "mutes", "lang")
QUIET = (("22:00", "07:00"), ("23:00", "08:00"), ("20:00", "08:00"))
BUDGETS = (3, 5, 8, 15, 30)
HOURS = ("07:00", "08:00", "09:00", "18:00")
WORKDAYS = (0, 1, 2, 3, 4)


def everything(wishes: Wishes) -> Wishes:
    """The wishes of whoever follows everything again; single topics are no longer muted."""
    return replace(wishes, follows=None, mutes=tuple(m for m in wishes.mutes if m.of is not Of.TOPIC))


def show(turn: Turn, page: str, number: int = 0) -> Message:
    """A page as it stands now; the first one for a page that is not there."""
    draw = PAGES.get(page, _main)
    return draw(turn, number)


# ---------------------------------------------------------------- the pages


def _main(turn: Turn, _number: int) -> Message:
    t, wishes = turn.t, turn.wishes
    box = mailboxes.confirmed(turn.conn, turn.person.id)
    lines = [
        bold(t("settings.head")),
        plain("" if turn.person.active else t("settings.stopped")),
        t.rich("settings.follows", what=following(turn)),
        t.rich("settings.loud", severity=t.severity(wishes.min_severity)),
        plain(t("settings.urgency") + " " + _tiers(turn)),
        plain(_muted_line(turn)),
        t.rich("settings.quiet", what=_quiet_line(turn)),
        t.rich("settings.budget", what=t("settings.none") if wishes.budget is None else t("settings.a_day", n=wishes.budget)),
        t.rich("settings.digest", what=digest_hours(turn)),
        t.rich("settings.email", what=box.address) if box else RichText(),
        t.rich("settings.zone", tz=wishes.tz),
    ]
    buttons = [Button(t(f"page.{p}"), f"s:{p}") for p in _MAIN]
    muted = wishes.muted(Of.ALL, turn.now)
    pause = Button(t("page.resume"), "s:main:on") if muted else Button(t("page.pause"), "s:main:off")
    return Message(join(lines), (*_rows(buttons, 2), (pause,)))


def _topics(turn: Turn, number: int) -> Message:
    buttons = [Button(_mark(turn, topic) + topic, f"s:topics:t:{key(topic)}") for topic in turn.topics]
    shown, pager = _paged(turn, "topics", buttons, number)
    body = join([bold(turn.t("topics.head")), plain(following(turn)), plain(turn.t("topics.how" if buttons else "topics.none"))])
    everything = () if turn.wishes.follows is None else ((Button(turn.t("follows.everything"), "s:topics:all"),),)
    return Message(body, (*_rows(shown, 2), *pager, *everything, _back(turn)))


def _follows(turn: Turn, number: int) -> Message:
    follows = turn.wishes.follows or ()
    buttons = [Button("✖ " + _short(turn, f), f"s:follows:x:{key(f.of, f.what)}") for f in follows]
    shown, pager = _paged(turn, "follows", buttons, number)
    body = join([bold(turn.t("follows.head")), plain(following(turn)), plain(turn.t("follows.how"))])
    everything = () if turn.wishes.follows is None else ((Button(turn.t("follows.everything"), "s:follows:all"),),)
    return Message(body, (*_rows(shown, 2), *pager, *everything, _back(turn)))


def _mutes(turn: Turn, number: int) -> Message:
    t = turn.t
    mutes = [m for m in turn.wishes.mutes if m.holds(turn.now)]
    lines = [plain(f"• {_mute_name(turn, m)}: " + _how_long(turn, m)) for m in mutes]
    buttons = [Button("✖ " + _mute_name(turn, m)[:_LABEL], f"s:mutes:x:{key(m.of, m.what)}") for m in mutes]
    shown, pager = _paged(turn, "mutes", buttons, number)
    listed = lines[number * PER_PAGE : (number + 1) * PER_PAGE]
    body = join([bold(t("mutes.head")), *listed, plain(t("mutes.how" if mutes else "mutes.none"))])
    return Message(body, (*_rows(shown, 2), *pager, _back(turn)))


def _loud(turn: Turn, _number: int) -> Message:
    t, chosen = turn.t, turn.wishes.min_severity
    buttons = [Button(("✅ " if s == chosen else "") + t.severity(s), f"s:loud:{s}") for s in SEVERITIES]
    return Message(join([bold(t("page.loud")), plain(t("loud.how"))]), (*_rows(buttons, 2), _back(turn)))


def _urgency(turn: Turn, _number: int) -> Message:
    t = turn.t
    buttons = [
        Button(f"{t.severity(s)}: {t(f'tier.{turn.wishes.tier(s)}')}", f"s:urgency:{s}") for s in reversed(SEVERITIES)
    ]
    body = join([bold(t("page.urgency")), *(plain(t(f"urgency.is_{tier}")) for tier in Tier), plain(t("urgency.press"))])
    return Message(body, (*_rows(buttons, 1), _back(turn)))


def _quiet(turn: Turn, _number: int) -> Message:
    t, mine = turn.t, turn.wishes.quiet
    hours_of = [(s, e) for s, e in QUIET if mine is None or (mine.start, mine.end) != (s, e)]
    buttons = [Button(f"{s}–{e}", f"s:quiet:{s.replace(':', '')}-{e.replace(':', '')}") for s, e in hours_of]
    off = (Button(t("page.off"), "s:quiet:off"),) if mine else ()
    loud = (Button(("✅ " if turn.wishes.loud_quiet else "▫️ ") + t("quiet.loud"), "s:quiet:loud"),)
    body = join([bold(t("page.quiet")), plain(_quiet_line(turn)), plain(t("quiet.about")), plain(t("quiet.how"))])
    return Message(body, (*_rows(buttons, 3), *([off] if off else []), loud, _back(turn)))


def _budget(turn: Turn, _number: int) -> Message:
    t, mine = turn.t, turn.wishes.budget
    buttons = [Button(("✅ " if n == mine else "") + t.number(n), f"s:budget:{n}") for n in BUDGETS]
    off = Button(("✅ " if mine is None else "") + t("settings.none"), "s:budget:off")
    body = join([bold(t("page.budget")), plain(t("budget.about")), plain(t("budget.how"))])
    return Message(body, (*_rows([*buttons, off], 3), _back(turn)))


def _digest(turn: Turn, _number: int) -> Message:
    t, mine = turn.t, turn.wishes.digest_at
    buttons = [Button(("✅ " if at == mine else "") + at, f"s:digest:{at.replace(':', '')}") for at in HOURS]
    more = [Button(("✅ " if turn.wishes.digest_days == WORKDAYS else "▫️ ") + t("digest.workdays"), "s:digest:wd")] if mine else []
    off = [Button(t("page.off"), "s:digest:off")] if mine else []
    body = join([bold(t("page.digest")), plain(digest_hours(turn)), plain(t("digest.about"))])
    return Message(body, (*_rows(buttons, 4), *_rows([*more, *off], 2), _back(turn)))


def _email(turn: Turn, _number: int) -> Message:
    t = turn.t
    box = mailboxes.confirmed(turn.conn, turn.person.id)
    said = t("email.is", address=box.address, at=box.wishes.digest_at or "", tz=box.tz) if box else t("email.how")
    off = ((Button(t("page.off"), "s:email:off"),),) if box else ()
    return Message(join([bold(t("page.email")), plain(said if turn.house.mail else t("email.none_here"))]), (*off, _back(turn)))


def _lang(turn: Turn, _number: int) -> Message:
    now = turn.t.code
    buttons = [Button(("✅ " if code == now else "") + name, f"s:lang:{code}") for code, name in LANGUAGES.items()]
    return Message(bold(turn.t("page.lang")), (*_rows(buttons, 2), _back(turn)))


PAGES: Mapping[str, Callable[[Turn, int], Message]] = {
    "main": _main, "topics": _topics, "follows": _follows, "mutes": _mutes, "loud": _loud, "urgency": _urgency, "quiet": _quiet,
    "budget": _budget, "digest": _digest, "email": _email, "lang": _lang,
}  # fmt: skip


# ---------------------------------------------------------------- words of several pages


def following(turn: Turn) -> str:
    """`everything but policy`, `labs and OpenAI`, `nothing`."""
    t, wishes = turn.t, turn.wishes
    muted = wishes.muted(Of.TOPIC, turn.now)
    if wishes.follows is None:
        return t("following.but", topics=t.several(sorted(muted))) if muted else t("following.everything")
    return t.several(turn.house.words.name(f, t.code) for f in wishes.follows) or t("following.nothing")


def digest_hours(turn: Turn) -> str:
    """`08:00, Mon, Tue (Europe/Paris)`, or that there is none."""
    t, wishes = turn.t, turn.wishes
    if wishes.digest_at is None:
        return t("settings.none")
    days = t.weekdays(wishes.digest_days) if wishes.digest_days else t("digest.daily")
    return t("digest.hours", at=wishes.digest_at, days=days, tz=wishes.tz)


def _quiet_line(turn: Turn) -> str:
    mine = turn.wishes.quiet
    return f"{mine.start}–{mine.end} ({mine.tz})" if mine else turn.t("settings.none")


def _tiers(turn: Turn) -> str:
    t = turn.t
    return " · ".join(f"{t.severity(s)}: {t(f'tier.{turn.wishes.tier(s)}')}" for s in reversed(SEVERITIES))


def _muted_line(turn: Turn) -> str:
    mutes = [m for m in turn.wishes.mutes if m.holds(turn.now)]
    shown = [f"{_mute_name(turn, m)} ({_how_long(turn, m)})" for m in mutes[:5]]
    return turn.t("settings.muted", what=turn.t.several(shown) + (" …" if len(mutes) > len(shown) else "")) if shown else ""


def _mute_name(turn: Turn, mute: Mute) -> str:
    if mute.of is Of.ALL:
        return turn.t("mute.everything")
    if mute.of is Of.STORY:
        return turn.t("mute.a_story", n=int(mute.what))
    return turn.house.words.name(Follow(mute.of, mute.what), turn.t.code)


def _how_long(turn: Turn, mute: Mute) -> str:
    return turn.t("time.until", until=turn.t.until(mute.until, turn.now, turn.person.tz)) if mute.until else turn.t("time.ever")


def _mark(turn: Turn, topic: str) -> str:
    wishes = turn.wishes
    on = topic not in wishes.muted(Of.TOPIC, turn.now) and (wishes.follows is None or topic in wishes.followed(Of.TOPIC))
    return "✅ " if on else "▫️ "


def _short(turn: Turn, follow: Follow) -> str:
    return one_line(turn.house.words.name(follow, turn.t.code))[:_LABEL]


def _rows(buttons: Sequence[Button], width: int) -> Iterator[tuple[Button, ...]]:
    return (tuple(buttons[i : i + width]) for i in range(0, len(buttons), width))


def _back(turn: Turn) -> tuple[Button, ...]:
    return (Button(f"‹ {turn.t('page.main')}", "s:main"),)


def _paged(turn: Turn, page: str, buttons: Sequence[Button], number: int) -> tuple[Sequence[Button], Keyboard]:
    """The buttons of one page, and the row that leads to its neighbours."""
    last = max(0, (len(buttons) - 1) // PER_PAGE)
    number = min(number, last)
    ways = [Button(f"‹ {turn.t.number(number)}", f"s:{page}:p:{number - 1}")] if number else []
    ways += [Button(f"{turn.t.number(number + 2)} ›", f"s:{page}:p:{number + 1}")] if number < last else []
    return buttons[number * PER_PAGE : (number + 1) * PER_PAGE], (tuple(ways),) if ways else ()
