"""Conversations with the bot as they are written down in `tests/data/talks`, and the small world they are played in.

A talk begins with what it needs (`lang: fr`, `chat: group`, …) and an empty line. Then `> words` are said, `7> words` by user 7 of a group,
`^ words` as a reply to the last alert, `* label` is a press on the newest button of that name, and `! alert high` or `! mail` let
something happen. What stands between is what the chat is shown, whole: new messages as they are, changed ones after `(changed)`, the
word on a button after `=`. `…` stands for anything. `python -m tests.notifier.talks NAME…` writes what is shown now into the files.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import insert, text

from notifier import invitations
from notifier.bot.loop import Bot
from notifier.bot.turn import House
from notifier.bot.vocabulary import Vocabulary
from notifier.channels.chat import ChatOutlet
from notifier.channels.mailbox import mail_outlet
from notifier.channels.outlet import Outlet
from notifier.channels.telegram import Telegram as Client
from notifier.limiter import Answer, Go, Limiter
from notifier.model import Channel
from notifier.service import Notifier
from rules.load import load_ruleset
from tests.fakes.smtp import MailServer
from tests.fakes.telegram import Message, Telegram
from tests.notifier.world import settings_for, tell
from watcher.bus import Bus
from watcher.bus.embedded import EmbeddedRedis
from watcher.store import Store, metadata
from watcher.store.tables import source_state

TALKS = Path(__file__).parent.parent / "data" / "talks"
PERSON, GROUP, CHANNEL, FORUM = 7, -1001, -1002, -1003
BOB = 8
THREAD = 5
_STEP = re.compile(r"^(?:(?P<who>\d*)> |(?P<what>[\^*!]) )(?P<rest>.*)$")


# what is another the next time that a talk is played
_TIME = re.compile(r"(\d{1,2}\.? \S+ \d{4},? )?\b\d{2}:\d{2} (UTC|[A-Z]{3,4})\b|\b[0-9a-f]{16}$", re.MULTILINE)


class AtOnce(Limiter):
    """No limits: the plays are about words, and limits have tests of their own."""

    async def ask(self, chat: str) -> Answer:
        """Always at once."""
        return Go(0.0)

    async def turn(self) -> None:
        """Nobody waits."""


@dataclass
class World:
    """A bot that listens, and what the talks may change about its house."""

    telegram: Telegram
    mail: MailServer
    store: Store
    bus: Bus
    notifier: Notifier
    words: Vocabulary
    bot: Bot | None = None
    admins: set[int] = field(default_factory=set)
    open: bool = True
    code: str = ""

    def house(self) -> House:
        """The house as the present talk has it."""
        admins = frozenset(self.admins)
        return House(self.open, admins, self.words, mail=True, bot="concordat_bot", version="0.1.0")

    def empty(self) -> None:
        """Begin a talk: nobody is known, nothing was told."""
        with self.store.begin() as conn:
            for table in reversed(metadata.sorted_tables):
                conn.execute(table.delete())
            conn.execute(text("DELETE FROM sqlite_sequence"))
        fake = self.telegram
        for kept in (fake.sent, fake.edits, fake.messages, fake.answers, fake.refused, fake.standing, self.mail.received):
            kept.clear()
        self.admins, self.open, self.code = set(), True, ""
        fake.admins = {GROUP: {PERSON}, CHANNEL: {PERSON}, FORUM: {PERSON}}
        fake.topics = {FORUM: {THREAD: True}}
        fake.kinds[CHANNEL] = "channel"

    async def settled(self) -> None:
        """Whatever people did is answered."""
        assert self.bot
        await self.telegram.until(lambda: not self.telegram.updates)
        await self.notifier.sender.idle()
        await self.bot.idle()
        await self.telegram.until(lambda: not self.telegram.queries)

    async def alert(self, severity: str, title: str) -> None:
        """A story breaks, and whom it reaches is told."""
        values = {"title": title} if title else {}
        with self.store.begin() as conn:
            id_ = tell(conn, **values, severity=severity or "high", at=datetime.now(UTC))
        await self.notifier.route([id_])
        await self.notifier.sweep()
        await self.settled()


@asynccontextmanager
async def world(redis_url: str, home: Path) -> AsyncIterator[World]:
    """The world for the length of a block."""
    store, bus = Store(f"sqlite:///{home / 'talks.db'}"), Bus(redis_url)
    await bus.redis.flushall()
    with store.begin() as conn:
        metadata.create_all(conn)
    ruleset = load_ruleset(home / "rules", home / "entities")
    async with Telegram(enforce=False) as telegram, MailServer() as mail:
        settings = settings_for(telegram, home, smtp_url=SecretStr(mail.url), mail_from="Concordat <concordat@example.org>")
        client = Client(telegram.token, telegram.url)
        post = mail_outlet(settings, store, bus)
        assert post
        outlets: dict[Channel, Outlet] = {Channel.TELEGRAM: ChatOutlet(client, AtOnce(bus), store), Channel.EMAIL: post}
        notifier = Notifier(store, bus, outlets, health=lambda _part, _problem: None)
        here = World(telegram, mail, store, bus, notifier, Vocabulary(ruleset.topics, ruleset))
        here.bot = Bot(client, store, notifier.sender, here.house, now=lambda: datetime.now(UTC), health=lambda _part, _problem: None)
        stop = asyncio.Event()
        tasks = [asyncio.create_task(here.bot.run(stop)), asyncio.create_task(notifier.sender.run(stop))]
        try:
            yield here
        finally:
            stop.set()
            await asyncio.gather(*tasks)
            for outlet in outlets.values():
                await outlet.close()
            await bus.close()
            store.close()


def read(path: Path) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """What a talk needs, and its steps, each with what is to be shown after it."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    needs = dict(line.split(": ", 1) for line in head.splitlines() if not line.startswith("#"))
    steps: list[tuple[str, str]] = []
    for line in body.splitlines():
        if _STEP.match(line):
            steps.append((line, ""))
        elif steps:
            steps[-1] = (steps[-1][0], steps[-1][1] + line + "\n")
    return needs, [(step, shown.strip("\n")) for step, shown in steps]


async def play(here: World, needs: dict[str, str], steps: list[tuple[str, str]]) -> AsyncIterator[tuple[str, str, str]]:
    """Each step, what was to be shown after it, and what is shown."""
    here.empty()
    chat = {"group": GROUP, "channel": CHANNEL, "forum": FORUM}.get(needs.get("chat", ""), PERSON)
    here.open = needs.get("access", "open") == "open"
    if "operator" in needs:
        here.admins.add(PERSON)
    speak = _Speaker(here, chat, needs.get("lang", "en"))
    for step, expected in steps:
        before = len(here.telegram.sent), len(here.telegram.edits), len(here.telegram.answers)
        await speak(step.replace("{code}", here.code))
        await here.settled()
        yield step, expected, _shown(here, chat, *before, extra=speak.extra)
        speak.extra = ""


class _Speaker:
    """Whoever is at the chat."""

    def __init__(self, here: World, chat: int, lang: str) -> None:
        self._here, self._chat, self._lang = here, chat, lang
        self.extra = ""

    async def __call__(self, step: str) -> None:
        found = _STEP.match(step)
        assert found, step
        rest, fake = found["rest"].replace("\\n", "\n"), self._here.telegram
        thread = THREAD if self._chat == FORUM else 0
        if found["what"] == "*":
            message = next(m for m in reversed(fake.shown(self._chat)) if rest in [b["text"] for b in m.buttons])
            fake.presses(message, rest, lang=self._lang, user=PERSON)
        elif found["what"] == "!":
            await self._happens(*rest.split(" ", 1))
        else:
            alert = next((m for m in reversed(fake.to(self._chat)) if "👍" in [b["text"] for b in m.buttons]), None)
            fake.says(
                self._chat, rest, user=int(found["who"] or PERSON), lang=self._lang, thread=thread, name="Ada",
                reply_to=alert.message_id if found["what"] == "^" and alert else 0,
            )  # fmt: skip

    async def _happens(self, what: str, rest: str = "") -> None:
        here = self._here
        if what == "alert":
            severity, _, title = rest.partition(" ")
            await here.alert(severity, title)
        elif what == "mail":
            await here.mail.until(lambda: here.mail.received)
            said = here.mail.received[-1].message.get_content().strip()
            here.code = re.findall(r"\d{6}", said)[-1]
            self.extra = f"{here.mail.received[-1].message['Subject']}\n{said}".replace(here.code, "{code}").replace("\r", "")
        elif what == "invitation":
            with here.store.begin() as conn:
                here.code = invitations.make(conn, datetime.now(UTC))
        elif what == "source":
            with here.store.begin() as conn:
                conn.execute(insert(source_state).values(
                    source_id="doe-news", url="https://example.org/feed", health="broken", health_reason="no answer in 20 s",
                    health_since=datetime.now(UTC) - timedelta(hours=3),
                ))  # fmt: skip
        elif what == "blocked":
            here.telegram.blocks(self._chat)
        elif what == "unblocked":
            here.telegram.unblocks(self._chat)
        elif what == "added":
            here.telegram.adds(self._chat, PERSON)
        elif what == "kicked":
            here.telegram.kicks(self._chat, PERSON)
        elif what == "anonymous":
            here.telegram.says(self._chat, rest, anonymous=True, lang=self._lang)
        else:
            raise ValueError(what)


def _shown(here: World, chat: int, sent: int, edits: int, answers: int, extra: str) -> str:
    fake = here.telegram
    parts = [extra] if extra else []
    parts += [f"= {a['text']}" for a in fake.answers[answers:] if a.get("text")]
    parts += [f"(changed)\n{screen(m)}" for m in fake.edits[edits:] if m.chat_id == chat]
    parts += [screen(m) for m in fake.sent[sent:] if m.chat_id == chat]
    return "\n\n".join(parts)


def screen(message: Message) -> str:
    """A message as its reader sees it, with its buttons in their rows."""
    rows = (message.markup or {}).get("inline_keyboard", [])
    head = [f"<{message.file.name}>"] if message.file else []
    head += [f"(in topic {message.thread})"] if message.thread else []
    return "\n".join([*head, message.text, *("  ".join(f"[{b['text']}]" for b in row) for row in rows)])


def agrees(expected: str, shown: str) -> bool:
    """Whether they are the same, `…` standing for anything."""
    pattern = ".*".join(re.escape(part.strip(" ")) for part in expected.split("…"))
    return re.fullmatch(pattern.replace("\\ ", " "), shown, re.DOTALL) is not None or expected == shown


async def _write(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedRedis(Path(folder))
        server.start()
        try:
            async with world(server.url, Path(folder)) as here:
                for path in sorted(TALKS.glob("*.txt")):
                    if not names or path.stem.split(".")[0] in names:
                        needs, steps = read(path)
                        played = [step async for step in play(here, needs, steps)]
                        said = [f"{s}\n{e if e and agrees(e, shown) else _TIME.sub('…', shown)}".rstrip() for s, e, shown in played]
                        head = "\n".join(f"{k}: {v}" for k, v in needs.items())
                        path.write_text(head + "\n\n" + "\n\n".join(said) + "\n", encoding="utf-8")
        finally:
            server.stop()


if __name__ == "__main__":
    asyncio.run(_write(sys.argv[1:]))
