"""One intent of one person, with all that answering it takes; and what an answer may be. The answers themselves are next door."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, select

from notifier import mailboxes, stories, subscribers
from notifier.bot.intents import Intent
from notifier.bot.vocabulary import Named, Vocabulary
from notifier.jobs import Due
from notifier.model import Channel, Kind, Role, Subscriber
from notifier.render import Keyboard, Message
from notifier.tables import deliveries
from notifier.tongue import Tongue, tongue
from notifier.wishes import Of, Wishes

_DIGITS = 15  # of a number in a button's data


@dataclass(frozen=True, slots=True)
class House:
    """What the operator decided, and what there is: who may come in, who are admins, what can be named, whether mail can be sent.

    `bot` is its name on Telegram, for links; `version` that of the program; `refused` why edited rule files are not in force.
    """

    open: bool = True
    admins: frozenset[int] = frozenset()
    words: Vocabulary = field(default_factory=Vocabulary)
    mail: bool = False
    bot: str = ""
    version: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes of an intent: a new message, the pressed message in a new state, a word on the button that was pressed.

    `more` is what the buttons of the message need to know when they are pressed. `buttons` are put under the pressed message and
    `farewell` takes its place without being kept: the first until it changes again, the second because its reader was erased. `also` are
    other deliveries that fell due.
    """

    say: Message | None = None
    show: Message | None = None
    word: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    buttons: Keyboard | None = None
    farewell: Message | None = None
    also: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """What is to be done because of an update: deliveries to send, a word on the button, buttons or a farewell in place of a message."""

    dues: tuple[Due, ...] = ()
    word: str = ""
    buttons: Keyboard | None = None
    farewell: Message | None = None


@dataclass(frozen=True)
class Turn:
    """See the module."""

    conn: Connection
    intent: Intent
    person: Subscriber
    house: House
    now: datetime

    @property
    def wishes(self) -> Wishes:
        """What they wanted before this."""
        return self.person.wishes

    @property
    def t(self) -> Tongue:
        """Their language."""
        return tongue(self.person.language or self.intent.lang)

    def after(self, wishes: Wishes) -> Turn:
        """The same turn once they want this."""
        subscribers.set_wishes(self.conn, self.person, wishes, self.now)
        turn = self.anew()
        mailboxes.follow_suit(self.conn, self.wishes, turn.person, self.now)
        return turn

    def anew(self) -> Turn:
        """The same turn with the person as they are after a change."""
        found = subscribers.get(self.conn, self.person.id)
        assert found is not None  # whoever is erased gets no more turns
        return Turn(self.conn, self.intent, found, self.house, self.now)

    def say(self, key: str, **values: Any) -> Answer:
        """A message of one text."""
        return Answer(say=Message(self.t.rich(key, **values)))

    def word(self, key: str, **values: Any) -> Answer:
        """A word on the button that was pressed."""
        return Answer(word=self.t(key, **values))

    def number(self, place: int = -1) -> int | None:
        """A number in a button's data; None where there is none of a sensible length."""
        words = self.intent.words
        word = words[place] if -len(words) <= place < len(words) else ""
        return int(word) if word.isascii() and word.isdigit() and len(word) <= _DIGITS else None

    @cached_property
    def topics(self) -> list[str]:
        """Every topic that they can choose from: of the rules, of recent stories, and their own."""
        mine = (*self.wishes.followed(Of.TOPIC), *self.wishes.muted(Of.TOPIC, self.now))
        return sorted({*self.house.words.topics, *stories.topics_seen(self.conn), *mine})

    def name(self, named: Named) -> str:
        """What something is called in their language."""
        return self.house.words.name(named.follow, self.t.code)

    @property
    def is_operator(self) -> bool:
        """Whether the operator's commands are theirs: an admin by the settings, one by role, or a chat that the settings name."""
        admins = self.house.admins
        if self.intent.user in admins or int(self.intent.chat) in admins:
            return True
        them = self.person if self.intent.private else subscribers.find(self.conn, Channel.TELEGRAM, str(self.intent.user))
        return them is not None and them.role is Role.ADMIN


Answering = Callable[[Turn], Answer]


def old_button(turn: Turn) -> Answer:
    """What a button says that means nothing any more."""
    return turn.word("button.old")


def pressed(turn: Turn) -> Any:
    """The delivery that the pressed message shows, an answer of ours to this chat; None where it is none."""
    mine = select(deliveries).where(
        deliveries.c.subscriber_id == turn.person.id, deliveries.c.remote_ref == turn.intent.message, deliveries.c.kind == Kind.NOTICE
    )
    return turn.conn.execute(mine.order_by(deliveries.c.id.desc()).limit(1)).one_or_none() if turn.intent.message else None
