"""What the operator should hear of reaches the admins: once each, together, and whoever else is away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from notifier import notices
from notifier.model import Channel
from notifier.notices import KINDS, RECENT, bundle
from notifier.richtext import LIMIT
from notifier.service import drain
from notifier.subscribers import find, wanting_alerts
from tests.fakes.telegram import Standing as Stands
from tests.fakes.telegram import Telegram
from tests.notifier.world import ledger_rows, running, settings_for
from watcher.bus import Bus
from watcher.store import Store
from watcher.store.sources import add_notices
from watcher.store.tables import notices as table

ADA, BOB, CLEO = 7, 8, 9
BROKEN, BLOCKED = ("lab-news", "broken: the answer is no feed"), ("ministry", "blocked: the host refuses us (403)")


def happened(store: Store, *what: tuple[str, str], ago: timedelta = timedelta(0)) -> None:
    """The watcher wrote these down."""
    with store.begin() as conn:
        add_notices(conn, what, datetime.now(UTC) - ago)


def untold(store: Store) -> int:
    """How many notices wait."""
    with store.reading() as conn:
        return conn.scalar(select(func.count()).select_from(table).where(table.c.told_at.is_(None))) or 0


async def test_admins_hear_of_it_once_and_together(store: Store, bus: Bus, tmp_path: Path) -> None:
    """Two notices are one message to each admin, nobody else hears of them, and a restart tells nobody again."""
    happened(store, BROKEN, BLOCKED)
    async with Telegram() as telegram:
        settings = settings_for(telegram, tmp_path, telegram_admins=(ADA, BOB))
        async with running(settings, store, bus):
            await telegram.until(lambda: telegram.to(ADA) and telegram.to(BOB))
        assert untold(store) == 0
        await drain(settings, store, bus)
        happened(store, ("other", "well again, after it was broken"))
        async with running(settings, store, bus):
            await telegram.until(lambda: len(telegram.sent) == 4)
        first, second = (m.text for m in telegram.to(ADA))
    assert first.splitlines() == ["Sources", ": ".join(BROKEN), ": ".join(BLOCKED)]
    assert second.splitlines() == ["Sources", "other: well again, after it was broken"]
    assert [m.text for m in telegram.to(BOB)] == [first, second]


async def test_an_admin_who_refuses_holds_nobody(store: Store, bus: Bus, tmp_path: Path) -> None:
    """Who blocked the bot is passed over; the other admin hears of it, and who writes again hears of what comes then."""
    happened(store, BROKEN)
    async with Telegram() as telegram:
        telegram.standing[ADA] = Stands.BLOCKED
        settings = settings_for(telegram, tmp_path, telegram_admins=(ADA, BOB))
        await drain(settings, store, bus)
        assert (len(telegram.to(BOB)), len(telegram.refused)) == (1, 1)
        happened(store, BLOCKED)
        await drain(settings, store, bus)
    assert (len(telegram.to(ADA)), len(telegram.to(BOB)), len(telegram.refused)) == (0, 2, 1)
    assert [r.state for r in ledger_rows(store)] == ["dropped", "sent", "sent"]


async def test_without_admins_nothing_is_told_and_nothing_floods_later(store: Store, bus: Bus, tmp_path: Path) -> None:
    """Notices wait for an admin for a day; one who is set up later hears of those only."""
    happened(store, BROKEN, ago=RECENT + timedelta(minutes=1))
    happened(store, BLOCKED, ago=RECENT - timedelta(minutes=10))
    async with Telegram() as telegram:
        await drain(settings_for(telegram, tmp_path), store, bus)
        assert (telegram.sent, untold(store)) == ([], 2)
        await drain(settings_for(telegram, tmp_path, telegram_admins=(CLEO,)), store, bus)
    assert [m.text.splitlines()[1:] for m in telegram.sent] == [[": ".join(BLOCKED)]]


def test_being_told_is_no_subscription(store: Store) -> None:
    """An admin who never wrote to the bot is known from then on, and alerts do not reach them."""
    happened(store, BROKEN)
    with store.begin() as conn:
        assert len(notices.plan(conn, [CLEO], datetime.now(UTC))) == 1
        assert notices.plan(conn, [CLEO], datetime.now(UTC)) == []
        assert find(conn, Channel.TELEGRAM, str(CLEO))
        assert wanting_alerts(conn) == []


def test_what_does_not_fit_is_counted() -> None:
    """Of a hundred notices as many are shown as fit, and the rest is a number and a command."""
    lines = bundle([("source", f"source-{i}", "broken: " + "x" * 200) for i in range(100)]).body.text.splitlines()
    assert lines[-1] == f"and {100 - (len(lines) - 2)} more: /sources, or concordat sources list"
    assert len(lines) > 10


NOTICES = st.tuples(st.sampled_from([*KINDS, "odd"]), st.text(min_size=1, max_size=64), st.text(max_size=1000))


@given(st.lists(NOTICES, min_size=1, max_size=60))
def test_a_bundle_is_one_message(waiting: list[tuple[str, str, str]]) -> None:
    """Whatever hosts say, a bundle fits into one message, a line for each notice that is shown and for each kind."""
    body = bundle(waiting).body
    assert len(body) <= LIMIT
    assert len(body.text.split("\n")) <= len(waiting) + len({kind for kind, _, _ in waiting}) + 1
