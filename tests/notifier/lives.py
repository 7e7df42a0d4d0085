"""A notifier on a borrowed clock, as a process of its own: it lives from tick to tick, and can be killed at every step of one.

    python -m tests.notifier.lives DATABASE SMTP_URL

It reads one line a tick, `MOMENT [wait-planning | wait-planned]`, plans and sends what is due at that moment, and answers `done`. Told to
wait, it says `planning` inside of the transaction, or `planned` behind it, and goes no further.
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection

import notifier.tables
from notifier import digests, ledger
from notifier.channels.email import Mailer, read_server
from notifier.channels.mailbox import MailOutlet
from notifier.letter import sender_address
from notifier.model import Channel
from notifier.sender import Sender
from watcher.store import Store

assert notifier.tables.deliveries is not None

PUBLIC = "https://concordat.example.org"


def say(word: str) -> None:
    """Tell the test where we are."""
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def plan(conn: Connection, now: datetime, *, wait: bool) -> None:
    """Plan what is due; wait with it uncommitted."""
    digests.plan_due(conn, now)
    if wait:
        say("planning")
        time.sleep(600)


async def live(database: str, smtp: str) -> None:
    """Tick until nobody asks for more."""
    store = Store(database)
    clock = [datetime.min.replace(tzinfo=UTC)]
    outlet = MailOutlet(Mailer(read_server(smtp)), store, sender_address("Concordat <alerts@example.org>"), PUBLIC, now=lambda: clock[0])
    sender, stop = Sender(store, {Channel.EMAIL: outlet}, now=lambda: clock[0]), asyncio.Event()
    sending = asyncio.create_task(sender.run(stop))
    say("ready")
    while line := (await asyncio.to_thread(sys.stdin.readline)).split():
        clock[0], word = datetime.fromisoformat(line[0]), line[1] if len(line) > 1 else ""
        await store.write(plan, clock[0], wait=word == "wait-planning")
        if word == "wait-planned":
            say("planned")
            await asyncio.sleep(600)
        sender.submit(await store.read(ledger.due, clock[0], [Channel.EMAIL]))
        await sender.idle()
        say("done")
    stop.set()
    await sending
    await outlet.close()
    store.close()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(live(*sys.argv[1:]))
