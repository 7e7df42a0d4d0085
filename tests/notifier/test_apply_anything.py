"""Whatever people write and press, in whatever order: the bot answers, in a form that Telegram takes, and no wish is broken."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from notifier import claims, ledger, subscribers
from notifier.bot.apply import apply
from notifier.bot.intents import COMMANDS, Intent, Verb
from notifier.bot.turn import House
from notifier.bot.vocabulary import Vocabulary
from notifier.model import Channel
from notifier.notice import read_notice
from notifier.richtext import LIMIT, units
from notifier.routing import route_alerts
from notifier.seal import ROOM
from notifier.tables import deliveries
from notifier.wishes import as_json, from_json
from tests.notifier.world import tell
from watcher.store import Store, metadata

NOW = datetime(2025, 1, 30, 14, 5, tzinfo=UTC)
HOUSE = House(words=Vocabulary(("labs", "partnerships", "policy")), admins=frozenset({7}), mail=True)
NUMBERS = itertools.count(1)
WORDS = st.sampled_from([
    "", "labs", "all", "off", "8h", "forever", "8", "22:00-07:00 Europe/Paris", "08:00 mon-fri", "OpenAI", '"two words"', "policy 3d",
    "high bundle", "normal digest", "ada@example.org", "123456", "fr", "Atlantis", "1", "#1", "topic-labs", "invite-x", "{0} {x} %s", "…",
])  # fmt: skip
TEXTS = WORDS | st.text(max_size=300) | st.lists(WORDS, min_size=2, max_size=3).map(", ".join)
PAGES = st.sampled_from(["main", "topics", "follows", "mutes", "loud", "urgency", "quiet", "budget", "digest", "email", "lang", "odd"])
REST = st.sampled_from(["", "off", "on", "all", "wd", "loud", "high", "low", "8", "0800", "2200-0700", "fr", "p", "x", "t"])
PARTS = st.sampled_from(["up", "down", "fb", "back", "src", "pg", "fol", "unm", "mus", "mute", "forget", "op", "go", "s", "odd"])
PRESSES = st.tuples(st.just("s"), PAGES, REST, st.sampled_from(["", "0", "1", "ffffffff"])) | st.tuples(
    PARTS, st.sampled_from(["", "1", "2", "x", "labs", "yes", "no", "status", "sources", "send", "noise"]), REST
)
COMMANDED = st.tuples(st.sampled_from(sorted({*COMMANDS.values(), Verb.TALK, Verb.UNKNOWN} - {Verb.BROADCAST})), TEXTS)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One database; each example is rolled back."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('anything') / 'c.db'}")
    with store.begin() as conn:
        metadata.create_all(conn)
    yield store
    store.close()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(COMMANDED | PRESSES, min_size=1, max_size=8))
def test_the_bot_answers_whatever_comes(store: Store, steps: list[tuple[str, ...]]) -> None:
    """Nothing raises; every message is within Telegram's limits; wishes are kept as they are read; a forgotten person is gone."""
    with store.engine.connect() as conn:
        apply(conn, Intent(next(NUMBERS), "7", Verb.START, user=7), HOUSE, NOW)
        _deliver(conn, route_alerts(conn, [tell(conn, at=NOW)], NOW))
        for n, step in enumerate(steps):
            verb, rest = (Verb(step[0]), step[1]) if step[0] in set(Verb) and len(step) == 2 else (Verb.PRESS, "")
            words = step if verb is Verb.PRESS else ()
            query = "q" if words else None
            intent = Intent(next(NUMBERS), "7", verb, rest, words, user=7, said="9", message="100", query=query)
            applied = apply(conn, intent, HOUSE, NOW + timedelta(minutes=n))
            assert len(applied.word) <= 200
            _deliver(conn, [d.id for d in applied.dues])
        found = subscribers.find(conn, Channel.TELEGRAM, "7")
        assert found is None or from_json(as_json(found.wishes)) == found.wishes
        conn.rollback()


def _deliver(conn: Connection, ids: list[int]) -> None:
    """Look at what is to be sent as Telegram would, and take it."""
    for id_ in ids:
        payload = conn.scalar(select(deliveries.c.payload).where(deliveries.c.id == id_))
        if payload and "text" in payload:
            message, _ = read_notice(payload)
            assert 0 < units(message.body.text) <= LIMIT
            assert all(0 < len(b.data.encode()) <= ROOM and b.text.strip() for row in message.keyboard for b in row)
        job = claims.claim(conn, id_, NOW + timedelta(hours=1))
        if job:
            ledger.sent(conn, job, "100", NOW)
