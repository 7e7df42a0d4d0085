"""What the bot says. Pure: facts in, a message out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from notifier import wording
from notifier.model import SEVERITIES, Story, Subscriber
from notifier.render import Button, Keyboard, Message, fits
from notifier.richtext import RichText, bold, bold_link, join, one_line, plain
from notifier.wishes import Of, Wishes

MENU = (
    ("start", "get alerts"),
    ("topics", "choose what you follow"),
    ("latest", "the newest stories"),
    ("follow", "follow only some topics: /follow labs"),
    ("unfollow", "leave a topic out: /unfollow policy"),
    ("digest", "a daily summary: /digest 08:00 Europe/Paris, or off"),
    ("why", "why you got an alert (reply to it)"),
    ("settings", "what you get now"),
    ("stop", "no more messages"),
    ("help", "what I understand"),
)
_TOPICS_SHOWN = 30
_TITLE = 300


def welcome(again: bool) -> Message:
    """The answer to /start."""
    return Message(
        join([
            bold("Welcome back." if again else "You are subscribed.")
            + plain(" Partnerships between AI companies and governments will reach you within seconds, once each."),
            plain(
                "You get everything of severity normal and up. "
                "To narrow it: /topics chooses what you follow, /settings how loud it must be."
            ),
            plain("/latest shows the newest stories, /digest 08:00 adds a daily summary, /stop ends it."),
        ], "\n\n")
    )  # fmt: skip


def by_invitation(chat: str) -> Message:
    """The answer to strangers where the operator adds people."""
    return Message(plain(f"This bot is by invitation. Ask its operator to add you; your number here is {chat}."))


def stopped() -> Message:
    """The answer to /stop."""
    return Message(plain("Stopped: no more messages. What you chose is kept; /start brings it back."))


def help_text() -> Message:
    """The answer to /help."""
    lines = [plain(f"/{name} – {what}") for name, what in MENU]
    return Message(join([bold("What I understand"), *lines, plain("Under an alert: 👍 👎 tell us whether it was worth it.")]))


def hint() -> Message:
    """The answer to what was not understood."""
    return Message(plain("I did not understand that. /help lists what I know."))


def say(text: str) -> Message:
    """A plain sentence."""
    return Message(plain(text))


def topics(person: Subscriber, known: Sequence[str], now: datetime) -> Message:
    """The answer to /topics: a switch for each topic."""
    if not known:
        return say("No topics yet: they appear with the first stories. You follow everything.")
    how = "Press one to switch it. /follow all brings everything back."
    body = join([bold("Topics you follow"), plain(following(person, now)), plain(how)])
    shown = [t for t in known if fits(f"topic:{t}")][:_TOPICS_SHOWN]
    buttons = [Button(("✅ " if follows(person.wishes, t, now) else "▫️ ") + t, f"topic:{t}") for t in shown]
    return Message(body, tuple(tuple(buttons[i : i + 2]) for i in range(0, len(buttons), 2)))


def follows(wishes: Wishes, topic: str, now: datetime) -> bool:
    """Whether a topic reaches them."""
    return topic not in wishes.muted(Of.TOPIC, now) and (wishes.follows is None or topic in wishes.followed(Of.TOPIC))


def following(person: Subscriber, now: datetime) -> str:
    """`every topic but policy`."""
    wishes, muted = person.wishes, person.wishes.muted(Of.TOPIC, now)
    if wishes.follows is None:
        return "every topic" + (f" but {', '.join(sorted(muted))}" if muted else "")
    return ", ".join(f.what for f in wishes.follows if f.what not in muted) or "none"


def settings(person: Subscriber, now: datetime) -> Message:
    """The answer to /settings: what they get, and how loud it must be to reach them."""
    wishes = person.wishes
    alerts = f"alerts of severity {wishes.min_severity} and up" if wishes.alerts else "no alerts"
    digest = f"each day at {wishes.digest_at} ({wishes.tz})" if wishes.digest_at else "none; /digest 08:00 Europe/Paris sets one"
    lines = [
        bold("Your settings"),
        plain(f"State: {person.state}" + ("" if person.active else "; /start brings alerts back")),
        plain(f"Topics: {following(person, now)} (/topics)"),
        plain(f"Alerts: {alerts}"),
        plain(f"Digest: {digest}"),
    ]
    keyboard: Keyboard = (tuple(Button(("✅ " if s == wishes.min_severity else "") + s, f"sev:{s}") for s in SEVERITIES),)
    return Message(join(lines), keyboard)


def digest_set(person: Subscriber) -> Message:
    """The answer to /digest."""
    if person.wishes.digest_at is None:
        return say("No digest. /digest 08:00 Europe/Paris sets one.")
    return say(f"You get a digest each day at {person.wishes.digest_at} ({person.tz}). /digest off ends it.")


def latest(found: Sequence[Story], person: Subscriber) -> Message:
    """The answer to /latest."""
    if not found:
        return say("Nothing yet that concerns you. /topics shows what you follow.")
    return Message(join([bold("Newest first"), *(_line(s, person.tz) for s in found)], "\n\n"))


def _line(story: Story, tz: str) -> RichText:
    title = one_line(story.title) or story.url
    shown = title if len(title) <= _TITLE else title[: _TITLE - 1] + "…"
    about = [", ".join(one_line(o) for o in story.outlets[:3]), wording.moment(story.published_at or story.created_at, tz)]
    head = plain(f"{wording.MARKS.get(story.severity, '•')} ") + bold_link(shown, story.url)
    return join([head, plain(wording.parties(story)), plain(" · ".join(a for a in about if a))])
