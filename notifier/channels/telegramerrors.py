"""What each of Telegram's errors means for a delivery: the one table. Pure.

Telegram's words are foreign, and its client's may hold the address that was called, token and all. What is passed on is short and holds
neither a token, nor an address, nor the number of a chat.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from watcher.errors import DeliveryError, DeliveryReason
from watcher.text import clean

NOT_OUR_BOT = "Telegram refuses the bot's token; set CONCORDAT_TELEGRAM_TOKEN to the one that @BotFather gave"
CONFLICT = "another program reads this bot's messages; stop it, or make a bot of its own for Concordat with @BotFather"
UNREACHED = "it is tried again; check the network and CONCORDAT_TELEGRAM_API_URL"

# nobody is there, or we may not speak there: until somebody sends /start again. Some of these Telegram writes in capitals and underscores.
_GONE = (
    "chat not found", "user not found", "user is deactivated", "bot was kicked", "bot is not a member", "group chat was deleted",
    "group chat was deactivated", "peer_id_invalid", "not enough rights to send", "have no rights to send", "need administrator rights",
    "chat_write_forbidden", "chat_restricted", "chat_send_plain_forbidden", "topic_closed", "topic_deleted", "message thread not found",
)  # fmt: skip
_SERVER = ("bad gateway", "internal server error", "gateway timeout", "service unavailable", "too many requests")
_LONGEST = 200  # characters of Telegram's words
_SECRETS = (
    re.compile(r"\S*://\S*"),  # any address
    re.compile(r"\S*\d+:[\w-]{4,}\S*"),  # a token, on its own or in a path
    re.compile(r"\S+@\S*|@\w+"),  # mail addresses and names of chats
    re.compile(r"-?\d{5,}"),  # numbers of chats and people
    re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b|\[?[0-9a-fA-F]*:[0-9a-fA-F:]+:[0-9a-fA-F:]*\]?(?::\d+)?"),  # hosts by number
)


def harmless(words: str) -> str:
    """Telegram's words without what may be known to nobody."""
    text = clean(words, _LONGEST * 4)
    for secret in _SECRETS:
        text = secret.sub("…", text)
    return clean(text, _LONGEST)


def explain(error: TelegramError) -> DeliveryError:
    """The one table of Telegram's errors; BadRequest and TimedOut come first, because they are network errors to the library."""
    for kind, meaning in _TABLE:
        if isinstance(error, kind):
            return meaning(error)
    return DeliveryError(DeliveryReason.SERVER, "Telegram answered something unknown")


def _bad_request(error: Any) -> DeliveryError:
    text = error.message.lower()
    if any(phrase in text for phrase in _GONE):
        return DeliveryError(DeliveryReason.GONE, f"Telegram: {harmless(error.message)}", permanent=True)
    if "entities" in text or "entity" in text:
        return DeliveryError(DeliveryReason.MARKUP, f"Telegram: {harmless(error.message)}", permanent=True)
    return DeliveryError(DeliveryReason.REFUSED, f"Telegram: {harmless(error.message)}", permanent=True)


def _timed_out(error: Any) -> DeliveryError:
    if isinstance(error.__cause__, httpx.PoolTimeout | httpx.ConnectTimeout):
        return DeliveryError(DeliveryReason.NETWORK, "Telegram could not be reached in time")
    return DeliveryError(DeliveryReason.UNKNOWN_OUTCOME, "Telegram did not answer in time; it may have taken the message")


def _forbidden(error: Any) -> DeliveryError:
    blocked = "blocked" in error.message.lower()
    return DeliveryError(DeliveryReason.BLOCKED if blocked else DeliveryReason.GONE, f"Telegram: {harmless(error.message)}", permanent=True)


def _retry_after(error: Any) -> DeliveryError:
    wait = error.retry_after
    seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
    return DeliveryError(DeliveryReason.RATE_LIMITED, f"Telegram asks to wait {seconds:.0f} s", retry_after=seconds)


def _network(error: Any) -> DeliveryError:
    if any(phrase in error.message.lower() for phrase in _SERVER):
        return DeliveryError(DeliveryReason.SERVER, f"Telegram: {harmless(error.message)}")
    return DeliveryError(DeliveryReason.NETWORK, f"Telegram cannot be reached ({type(error.__cause__ or error).__name__}); {UNREACHED}")


_TABLE: tuple[tuple[type[TelegramError], Callable[[Any], DeliveryError]], ...] = (
    (BadRequest, _bad_request),
    (TimedOut, _timed_out),
    (Forbidden, _forbidden),
    (RetryAfter, _retry_after),
    (ChatMigrated, lambda e: DeliveryError(DeliveryReason.MOVED, "the group has a new id", moved_to=str(e.new_chat_id))),
    (InvalidToken, lambda _: DeliveryError(DeliveryReason.AUTH, NOT_OUR_BOT)),
    (Conflict, lambda _: DeliveryError(DeliveryReason.REFUSED, CONFLICT)),
    (NetworkError, _network),
)  # fmt: skip
