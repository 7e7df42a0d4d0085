"""The operator's chat: /status, /sources, /silence, /broadcast, /invite, and their buttons. Whoever is no operator never comes here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from notifier import invitations, ledger, silences, subscribers, vitals
from notifier.bot.grammar import duration, ending, near_word
from notifier.bot.turn import Answer, Turn, old_button, pressed
from notifier.model import Channel, Kind, Role, Subscriber
from notifier.notice import notice
from notifier.render import Button, Message
from notifier.richtext import RichText, bold, cut, join, one_line, plain
from notifier.seal import key
from watcher.state import Health

PER_PAGE = 10
WELL = (Health.OK, Health.SLOW, Health.NEW)
MOST_BROADCAST = 3500  # UTF-16 units: one message, with room for its head
_WHY = 160  # characters of a source's reason


def status(turn: Turn) -> Answer:
    """How everything is doing, in one message."""
    t, house, now = turn.t, turn.house, turn.now
    found = vitals.read(turn.conn, now)
    version = house.words.ruleset.version if house.words.ruleset else ""
    held = silences.current(turn.conn, now)
    sick = sum(n for health, n in found.sources.items() if health not in WELL)
    states = t.several(f"{t.number(n)} {health}" for health, n in found.sources.items()) or "0"
    last = t("status.last", ago=_ago(turn, found.last_item), outlet=found.last_outlet) if found.last_item else t("status.no_item")
    oldest = t("status.oldest", ago=_ago(turn, found.oldest_delivery)) if found.oldest_delivery else ""
    lines = [
        bold(f"Concordat {house.version}".strip()) + plain(t("status.rules", version=version) if version else ""),
        plain(("⚠ " if sick else "✓ ") + t("status.sources", states=states)),
        plain(last),
        plain(t("status.backlog", items=found.unmatched, alerts=found.unrouted, deliveries=found.pending) + oldest),
        plain(t("status.day", items=found.items, stories=found.stories, alerts=found.alerts, digests=found.digests)),
        plain(("⚠ " if found.dead else "✓ ") + t("status.dead", n=found.dead)),
        plain(t("status.people", active=found.active, stopped=found.stopped, gone=found.gone)),
        plain(t("status.silenced", rules=t.several(_held(turn, s) for s in held)) if held else ""),
        plain("⚠ " + t("status.refused", why=one_line(house.refused)[:400]) if house.refused else ""),
    ]
    return Answer(say=Message(join(lines), ((Button(t("status.to_sources"), "op:sources:0"), Button("⟳", "op:status")),)))


def sources(turn: Turn) -> Answer:
    """Every source that was asked, the broken ones first."""
    return Answer(say=_sources(turn, 0))


def silence(turn: Turn) -> Answer:
    """Hold a rule still for a while; without a rule, those that are held."""
    asked, span = ending(turn.intent.text)
    if not asked:
        return Answer(say=_silences(turn))
    rule = _rule(turn, asked)
    if isinstance(rule, Answer):
        return rule
    if not span.given:
        return turn.say("silence.how_long", rule=rule)
    until = turn.now + span.length if span.length else None
    silences.silence(turn.conn, rule, until, f"telegram {turn.intent.user}", turn.now)
    lift = ((Button(turn.t("silence.lift", rule=rule), f"op:lift:{key(rule)}"),),)
    said = (
        turn.t.rich("silence.done", rule=rule, until=turn.t.until(until, turn.now, turn.person.tz))
        if until
        else turn.t.rich("silence.done_forever", rule=rule)
    )
    return Answer(say=Message(said, lift))


def unsilence(turn: Turn) -> Answer:
    """Let a rule ring again."""
    asked = turn.intent.text.strip().lower()
    if not asked:
        return Answer(say=_silences(turn))
    return turn.say("silence.lifted" if silences.lift(turn.conn, asked) else "silence.not_held", rule=asked)


def broadcast(turn: Turn) -> Answer:
    """A word to everybody on Telegram, which is sent only once its number of readers was confirmed."""
    said = turn.intent.text.strip()
    if not said:
        return turn.say("broadcast.how")
    if len(plain(said)) > MOST_BROADCAST:
        return turn.say("broadcast.long", n=MOST_BROADCAST)
    readers = len(_readers(turn))
    if not readers:
        return turn.say("broadcast.nobody")
    buttons = ((Button(turn.t("broadcast.send", n=readers), "op:send"), Button(turn.t("broadcast.cancel"), "op:cancel")),)
    body = join([bold(turn.t("broadcast.ask", n=readers)), plain(said)], "\n\n")
    return Answer(say=Message(body, buttons), more={"broadcast": said})


def invite(turn: Turn) -> Answer:
    """A code for so many people (`/invite 5 3d`); with `admin`, for another admin."""
    uses, lasts, role = 1, invitations.LASTS, Role.SUBSCRIBER
    for word in turn.intent.text.lower().split():
        length: timedelta | None = duration(word)
        if word.isdigit() and 0 < int(word) <= invitations.MOST_USES:
            uses = int(word)
        elif length:
            lasts = length
        elif word == "admin":
            role = Role.ADMIN
        else:
            return turn.say("invite.how")
    code = invitations.make(turn.conn, turn.now, uses=uses, lasts=lasts, role=role, note=f"telegram {turn.intent.user}")
    link = f"https://t.me/{turn.house.bot}?start=invite-{code}" if turn.house.bot else f"/start invite-{code}"
    until = turn.t.moment(turn.now + lasts, turn.person.tz)
    said = turn.t("invite.done", n=uses, until=until) + (" " + turn.t("invite.admin") if role is Role.ADMIN else "")
    return Answer(say=Message(join([plain(said), plain(link)])))


def press(turn: Turn) -> Answer:
    """A button of the operator's, pressed by the operator."""
    what = turn.intent.words[1] if len(turn.intent.words) > 1 else ""
    if not turn.is_operator:
        return turn.word("desk.not_yours")
    return _PRESSES.get(what, old_button)(turn)


def _press_sources(turn: Turn) -> Answer:
    number = turn.number()
    return Answer(show=_sources(turn, number)) if number is not None else old_button(turn)


def _press_lift(turn: Turn) -> Answer:
    held = next((s for s in silences.current(turn.conn, turn.now) if key(s.rule) == turn.intent.words[-1]), None)
    if held is None:
        return old_button(turn)
    silences.lift(turn.conn, held.rule)
    return Answer(show=Message(turn.t.rich("silence.lifted", rule=held.rule)))


def _press_send(turn: Turn) -> Answer:
    """Each reader gets it once, however often the button is pressed."""
    row = pressed(turn)
    if row is None or "broadcast" not in row.payload:
        return old_button(turn)
    readers = _readers(turn)
    payload = notice(Message(cut(plain(row.payload["broadcast"]))))
    rows = [
        ledger.new(f"broadcast:{row.id}:{r.id}", r.id, Kind.BROADCAST, "the operator's word to everybody", turn.now, payload=payload)
        for r in readers
    ]
    written = ledger.write(turn.conn, rows)
    return Answer(show=Message(turn.t.rich("broadcast.sent", n=len(written))), also=written)


def _press_cancel(turn: Turn) -> Answer:
    return Answer(show=Message(turn.t.rich("broadcast.cancelled")))


_PRESSES: Mapping[str, Callable[[Turn], Answer]] = {
    "status": lambda t: Answer(show=status(t).say),
    "sources": _press_sources,
    "lift": _press_lift,
    "send": _press_send,
    "cancel": _press_cancel,
}


def _sources(turn: Turn, number: int) -> Message:
    t = turn.t
    every = vitals.sources(turn.conn)
    last = max(0, (len(every) - 1) // PER_PAGE)
    number = min(number, last)
    lines: list[RichText] = []
    for source in every[number * PER_PAGE : (number + 1) * PER_PAGE]:
        mark = "✓" if source.health in WELL else "⚠"
        since = t("sources.since", when=_ago(turn, source.since)) if source.since and source.health not in WELL else ""
        why = f": {one_line(source.reason)[:_WHY]}" if source.reason and source.health not in WELL else ""
        last_new = t("sources.last_new", when=_ago(turn, source.last_new)) if source.last_new else ""
        lines.append(plain(f"{mark} ") + bold(source.id) + plain(f" {source.health}{since}{why}" + (f" · {last_new}" if last_new else "")))
    ways = [Button(f"‹ {t.number(number)}", f"op:sources:{number - 1}")] if number else []
    ways += [Button(f"{t.number(number + 2)} ›", f"op:sources:{number + 1}")] if number < last else []
    head = bold(t("sources.head", n=len(every)))
    return Message(join([head, *(lines or [plain(t("sources.none"))])]), (tuple(ways),) if ways else ())


def _silences(turn: Turn) -> Message:
    held = silences.current(turn.conn, turn.now)
    if not held:
        return Message(turn.t.rich("silence.none"))
    buttons = tuple((Button(turn.t("silence.lift", rule=s.rule), f"op:lift:{key(s.rule)}"),) for s in held[:20])
    return Message(join([bold(turn.t("silence.head")), *(plain(f"• {_held(turn, s)}") for s in held)]), buttons)


def _held(turn: Turn, held: silences.Silence) -> str:
    return f"{held.rule} ({turn.t.until(held.until, turn.now, turn.person.tz) if held.until else turn.t('time.ever')})"


def _rule(turn: Turn, asked: str) -> str | Answer:
    ruleset = turn.house.words.ruleset
    known = [r.id for r in ruleset.rules] if ruleset else []
    if asked.lower() in known:
        return asked.lower()
    near = near_word(asked, known)
    return turn.say("silence.near", rule=asked, near=near) if near else turn.say("silence.unknown", rule=asked)


def _readers(turn: Turn) -> list[Subscriber]:
    return [s for s in subscribers.reachable(turn.conn) if s.channel is Channel.TELEGRAM]


def _ago(turn: Turn, at: datetime) -> str:
    return turn.t.ago(turn.now - at)
