"""Promises of notifier.seal: only what we sealed for a chat opens in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notifier.seal import ROOM, Seal, key

SEAL = Seal("42:TEST")
CHATS = st.integers(-(10**13), 10**13).map(str)


@given(CHATS, st.text(max_size=ROOM).filter(lambda t: len(t.encode()) <= ROOM))
def test_what_was_sealed_opens_and_fits(chat: str, data: str) -> None:
    """Any data that has room comes back from its own chat, within the 64 bytes that Telegram allows."""
    sealed = SEAL.close(chat, data)
    assert len(sealed.encode()) <= 64
    assert SEAL.open(chat, sealed) == data


@given(CHATS, CHATS, st.text(max_size=20))
def test_a_seal_holds_for_one_chat_and_one_bot(chat: str, other: str, data: str) -> None:
    """What was sealed for another chat, by another bot, or by nobody, does not open."""
    if chat != other:
        assert SEAL.open(other, SEAL.close(chat, data)) is None
    assert Seal("43:TEST").open(chat, SEAL.close(chat, data)) is None
    assert SEAL.open(chat, data) is None


def test_keys_tell_things_apart() -> None:
    """A key is eight characters, the same for the same thing only."""
    assert len(key("topic", "labs")) == 8
    assert key("topic", "labs") == key("topic", "labs") != key("topicl", "abs")
