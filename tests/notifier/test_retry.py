"""Promises of notifier.retry and of the table of Telegram's errors."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import error as errors

from notifier.channels.telegramerrors import explain
from notifier.retry import FIRST, GIVE_UP, MOST, Course, after_failure, backoff
from watcher.errors import DeliveryError, DeliveryReason

YOUNG = timedelta(minutes=1)


def caused(error: errors.TelegramError, cause: Exception) -> errors.TelegramError:
    """An error as the client raises it from another."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "reason", "course"),
    [
        (errors.BadRequest("Can't parse entities: odd"), DeliveryReason.MARKUP, Course.BURY),
        (errors.BadRequest("Chat not found"), DeliveryReason.GONE, Course.GONE),
        (errors.BadRequest("Topic_closed"), DeliveryReason.GONE, Course.GONE),
        (errors.BadRequest("Message thread not found"), DeliveryReason.GONE, Course.GONE),
        (errors.BadRequest("Not enough rights to send text messages to the chat"), DeliveryReason.GONE, Course.GONE),
        (errors.BadRequest("Need administrator rights in the channel chat"), DeliveryReason.GONE, Course.GONE),
        (errors.BadRequest("Chat_write_forbidden"), DeliveryReason.GONE, Course.GONE),
        (errors.Forbidden("Forbidden: the group chat was deleted"), DeliveryReason.GONE, Course.GONE),
        (errors.BadRequest("Entities_too_long"), DeliveryReason.MARKUP, Course.BURY),
        (errors.BadRequest("Message is too long"), DeliveryReason.REFUSED, Course.BURY),
        (errors.Forbidden("Forbidden: bot was blocked by the user"), DeliveryReason.BLOCKED, Course.GONE),
        (errors.Forbidden("Forbidden: user is deactivated"), DeliveryReason.GONE, Course.GONE),
        (errors.ChatMigrated(-1005), DeliveryReason.MOVED, Course.MOVE),
        (errors.RetryAfter(timedelta(seconds=7)), DeliveryReason.RATE_LIMITED, Course.AGAIN),
        (errors.InvalidToken("no"), DeliveryReason.AUTH, Course.AGAIN),
        (errors.TimedOut(), DeliveryReason.UNKNOWN_OUTCOME, Course.AGAIN),
        (caused(errors.TimedOut(), httpx.ConnectTimeout("")), DeliveryReason.NETWORK, Course.AGAIN),
        (errors.NetworkError("Bad Gateway"), DeliveryReason.SERVER, Course.AGAIN),
        (errors.NetworkError("httpx.ConnectError: https://api/bot42:SECRET"), DeliveryReason.NETWORK, Course.AGAIN),
        (errors.Conflict("terminated by other getUpdates"), DeliveryReason.REFUSED, Course.AGAIN),
    ],
)
def test_every_error_has_its_meaning(error: errors.TelegramError, reason: DeliveryReason, course: Course) -> None:
    """Each of Telegram's errors is one reason, from which follows one course; no secret passes."""
    meaning = explain(error)
    assert meaning.reason is reason
    assert after_failure(meaning, 1, YOUNG, 0.5).course is course
    assert "SECRET" not in str(meaning)


def test_a_limited_chat_waits_as_asked() -> None:
    """The wait that Telegram asks for is kept, holds the chat, and is no failed try."""
    step = after_failure(DeliveryError(DeliveryReason.RATE_LIMITED, "wait", retry_after=7), 3, YOUNG, 0)
    assert (step.wait, step.hold, step.counts) == (7, True, False)


def test_an_outage_ends_in_giving_up() -> None:
    """News that could not be told for two days is set aside."""
    error = DeliveryError(DeliveryReason.SERVER, "Bad Gateway")
    assert after_failure(error, 90, GIVE_UP, 0).course is Course.AGAIN
    assert after_failure(error, 90, GIVE_UP + YOUNG, 0).course is Course.BURY


@given(st.integers(0, 10_000), st.floats(0, 0.999))
def test_backoff_is_bounded(attempts: int, chance: float) -> None:
    """The wait grows to its cap and never beyond, and never falls below half a second."""
    assert FIRST / 2 <= backoff(attempts, chance) <= MOST
    assert backoff(attempts, chance) <= backoff(attempts + 1, chance)
