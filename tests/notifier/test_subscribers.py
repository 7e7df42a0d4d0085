"""Promises of notifier.subscribers: who is added, with which wishes, and what is refused with a word on what to write."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from notifier import subscribers
from notifier.model import Channel, Standing
from notifier.subscribers import FIRST_WINDOW, by_email, by_telegram
from notifier.wishes import Wishes
from tests.notifier.world import some_wishes
from watcher.errors import SettingsError
from watcher.store import Store

NOW = datetime(2025, 1, 30, 14, tzinfo=UTC)


def test_what_the_operator_adds(store: Store) -> None:
    """A chat gets alerts on every topic, a mailbox a digest at 08:00 UTC; each has a secret of its own."""
    with store.begin() as conn:
        chat = subscribers.add(conn, by_telegram("-100123"), NOW)
        mail = subscribers.add(conn, by_email("ada@example.org", topics=[" Labs ", "policy", ""]), NOW)
        assert (chat.channel, chat.wishes) == (Channel.TELEGRAM, Wishes())
        assert mail.wishes == some_wishes(topics=("labs", "policy"), alerts=False, digest_at="08:00")
        assert chat.token != mail.token
        assert "ada@" not in repr(mail)
        assert mail.token not in repr(mail)


def test_adding_again_changes_wishes(store: Store) -> None:
    """One address is one subscriber: added again it takes the new wishes and is active, with the same secret."""
    with store.begin() as conn:
        first = subscribers.add(conn, by_email("ada@example.org"), NOW)
        subscribers.set_state(conn, first.id, Standing.GONE, "no such mailbox")
        again = subscribers.add(conn, by_email("ada@example.org", at="18:30", tz="Europe/Paris"), NOW + FIRST_WINDOW)
        assert (again.id, again.token, again.active, again.wishes.digest_at) == (first.id, first.token, True, "18:30")
        assert subscribers.by_token(conn, first.token) == again
        assert len(subscribers.everyone(conn)) == 1


@pytest.mark.parametrize("wrong", ["ada", "ada@", "@b", "a b@c.org", "a@b\nBcc: x@y", "a@b,c@d", "<a@b>", "a" * 250 + "@b.org"])
def test_no_address(wrong: str) -> None:
    """What is no mail address is refused, headers in disguise too."""
    with pytest.raises(SettingsError, match="write one such as"):
        by_email(wrong)


@pytest.mark.parametrize("wrong", ["@ada", "7.5", "", "1" * 25])
def test_no_chat(wrong: str) -> None:
    """What is no chat id is refused."""
    with pytest.raises(SettingsError, match="write the number"):
        by_telegram(wrong)


def test_no_zone(store: Store) -> None:
    """An unknown zone is refused before anything is written."""
    with store.begin() as conn, pytest.raises(SettingsError, match="write one such as UTC"):
        subscribers.add(conn, by_email("ada@example.org", tz="Mars"), NOW)
    with store.reading() as conn:
        assert subscribers.everyone(conn) == []
