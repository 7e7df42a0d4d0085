"""Coming, going, mail, and what is kept of a person: /start, /stop, /email, /export, /forget, /help."""

from __future__ import annotations

import re
from dataclasses import replace

from sqlalchemy import update

from notifier import invitations, mailboxes, subscribers
from notifier.bot.grammar import Piece, is_off, near_word
from notifier.bot.intents import COMMANDS, OPERATOR, Verb
from notifier.bot.turn import Answer, Turn, old_button
from notifier.mailboxes import Confirmed
from notifier.model import Joined, Role, Standing
from notifier.render import Button, Keyboard, Message
from notifier.richtext import bold, join, plain
from notifier.schedule import next_digest
from notifier.subscribers import FIRST_WINDOW
from notifier.tables import subscribers as people
from watcher.errors import SettingsError

FILE = "concordat-{0}.json"
SHOWN = tuple(v for v in COMMANDS.values() if v not in OPERATOR)
_LINK = re.compile(r"(topic|entity|country|rule|invite)-([A-Za-z0-9_-]{1,60})")
_CODE = re.compile(r"\d{6}")


def start(turn: Turn) -> Answer:
    """Subscribe at once, or bring back; a link may carry an invitation or what to follow."""
    link = _LINK.fullmatch(turn.intent.text)
    kind, value = (link[1], link[2]) if link else ("", "")
    first = turn.person.joined is Joined.NO
    joined, role = _admitted(turn, value if kind == "invite" else "")
    if joined is Joined.NO:
        return turn.say("start.invitation_used" if kind == "invite" else "start.by_invitation", chat=turn.intent.chat)
    _activate(turn, joined, role)
    here = turn.anew()
    named = here.house.words.find(Piece(f"{kind}:{value}"), here.topics) if link and kind != "invite" else []
    if named and (first or here.wishes.follows is not None):
        here = here.after(here.wishes.following(*(n.follow for n in named)))
    greeting = "start.welcome" if first else "start.back"
    followed = here.t("start.only", what=here.t.several(here.name(n) for n in named)) if named else here.t("start.everything")
    if not first and not named:
        followed = here.t("start.as_before")
    body = join([bold(here.t(greeting)) + plain(" " + here.t("start.what")), plain(followed), plain(here.t("start.narrow"))], "\n\n")
    return Answer(say=Message(body, _beginnings(here)))


def _admitted(turn: Turn, code: str) -> tuple[Joined, Role | None]:
    """How they are here from now on; NO where they may not come in."""
    person = turn.person
    if person.joined is not Joined.NO:
        return person.joined, None
    role = invitations.use(turn.conn, code, turn.now) if code else None
    if role:
        return Joined.INVITATION, role
    if turn.house.open:
        return Joined.OPEN, None
    return (Joined.OPERATOR, None) if turn.is_operator else (Joined.NO, None)


def _activate(turn: Turn, joined: Joined, role: Role | None) -> None:
    person, wishes = turn.person, turn.wishes
    values: dict[str, object] = {"joined": joined, "name": turn.intent.name or person.name, "thread": turn.intent.thread}
    if turn.intent.lang:
        values["lang"] = turn.intent.lang
    if role:
        values["role"] = role
    if not person.active and wishes.digest_at:  # what was missed while they were away is not made up for
        values["digest_next"] = next_digest(turn.now, wishes.digest_at, wishes.tz, wishes.digest_days)
        late = people.c.digest_from < turn.now - FIRST_WINDOW
        turn.conn.execute(update(people).where(people.c.id == person.id, late).values(digest_from=turn.now - FIRST_WINDOW))
    subscribers.change(turn.conn, person.id, **values)
    subscribers.set_state(turn.conn, person.id, Standing.ACTIVE, "")
    mailboxes.pause(turn.conn, person.id, stop=False)


def _beginnings(turn: Turn) -> Keyboard:
    pages = ("topics", "loud", "quiet", "digest", "lang", "main")
    buttons = [Button(turn.t(f"page.{p}"), f"go:{p}") for p in pages]
    return tuple(tuple(buttons[i : i + 2]) for i in range(0, len(buttons), 2))


def stop(turn: Turn) -> Answer:
    """No more messages; what they chose is kept."""
    if turn.person.active:
        subscribers.set_state(turn.conn, turn.person.id, Standing.STOPPED, "sent /stop")
        mailboxes.pause(turn.conn, turn.person.id, stop=True)
    return turn.say("stop.done")


def help_text(turn: Turn) -> Answer:
    """What there is, by what it is for; the operator's commands for the operator."""
    verbs = [*SHOWN, *(sorted(OPERATOR) if turn.is_operator else ())]
    lines = [plain(f"/{v} – {turn.t(f'command.{v}')}") for v in verbs]
    return Answer(say=Message(join([bold(turn.t("help.head")), *lines, plain(turn.t("help.buttons"))])))


def unknown(turn: Turn) -> Answer:
    """A command that nobody knows, or that is not for this person; the nearest one that is."""
    asked = turn.intent.text if turn.intent.verb is Verb.UNKNOWN else str(turn.intent.verb)
    near = near_word(asked, SHOWN)
    return turn.say("unknown.near", asked=asked, near=near) if near else turn.say("unknown.command", asked=asked)


def talk(turn: Turn) -> Answer:
    """Words without a command: what they name can be followed with one press."""
    found = turn.house.words.find(Piece(" ".join(turn.intent.text.split())[:100]), turn.topics) if turn.intent.text else []
    if not found:
        return turn.say("unknown.talk")
    buttons = tuple((Button(turn.t("follow.button", what=turn.name(n)), f"fol:{n.key}"),) for n in found[:5])
    return Answer(say=Message(turn.t.rich("unknown.named"), buttons))


def email(turn: Turn) -> Answer:
    """The digest by mail: an address, then the code that came there; or how it stands."""
    said = turn.intent.text
    if not turn.house.mail:
        return turn.say("email.none_here")
    if is_off(said):
        return turn.say("email.left" if mailboxes.leave(turn.conn, turn.person.id) else "email.none")
    if _CODE.fullmatch(said):
        outcome = mailboxes.by_code(turn.conn, turn.person.id, said, turn.now)
        there = mailboxes.confirmed(turn.conn, turn.person.id)
        if outcome is Confirmed.DONE and there:
            return turn.say("email.confirmed", address=there.address, at=there.wishes.digest_at or "", tz=there.tz)
        return turn.say("email.wrong" if outcome is Confirmed.WRONG else "email.over")
    if not said:
        there = mailboxes.confirmed(turn.conn, turn.person.id)
        return turn.say("email.is", address=there.address, at=there.wishes.digest_at or "", tz=there.tz) if there else turn.say("email.how")
    try:
        asked, mails = mailboxes.ask(turn.conn, turn.person, said, str(turn.intent.update), turn.now)
    except SettingsError:
        return turn.say("email.no_address", said=said[:100])
    return replace(turn.say(f"email.{asked}", address=said), also=mails)


def export(turn: Turn) -> Answer:
    """Everything that is kept of them, as a document."""
    caption = turn.t("export.caption")
    return Answer(say=Message(plain(caption)), more={"file": FILE.format(turn.person.id)})


def forget(turn: Turn) -> Answer:
    """Ask before anything is erased."""
    buttons = ((Button(turn.t("forget.yes"), "forget:yes"),), (Button(turn.t("forget.no"), "forget:no"),))
    return Answer(say=Message(turn.t.rich("forget.ask"), buttons))


def forget_pressed(turn: Turn) -> Answer:
    """Erase, or leave all as it is."""
    if turn.intent.words[-1] == "no":
        return Answer(show=Message(turn.t.rich("forget.kept")))
    if turn.intent.words[-1] != "yes":
        return old_button(turn)
    farewell = Message(turn.t.rich("forget.done"))
    subscribers.erase(turn.conn, turn.person.id)
    return Answer(farewell=farewell, word=turn.t("forget.word"))
