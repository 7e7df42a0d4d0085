"""The seal on a button's data: what comes back was put there by us, for this very chat. Pure.

Telegram passes on whatever a person's program claims to have pressed; without a seal anybody could press a button that they were never
shown, or one of another chat. The key is made from the bot's token, so that every process of one bot has the same.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode

MARK = "~"
LENGTH = 8  # characters of a seal: 48 bits, which nobody guesses at Telegram's pace
ROOM = 64 - LENGTH - len(MARK)  # bytes that are left for the data of a button


class Seal:
    """Seals and opens the data of buttons for one bot."""

    def __init__(self, token: str) -> None:
        self._key = hmac.digest(token.encode(), b"the data of buttons", hashlib.sha256)

    def close(self, chat: str, data: str) -> str:
        """The data as it is sent to Telegram."""
        return f"{data}{MARK}{self._mark(chat, data)}"

    def open(self, chat: str, sealed: str) -> str | None:
        """The data that was sealed for this chat; None for anything else."""
        data, found, mark = sealed.rpartition(MARK)
        return data if found and hmac.compare_digest(mark.encode(), self._mark(chat, data).encode()) else None

    def _mark(self, chat: str, data: str) -> str:
        digest = hmac.digest(self._key, f"{chat}\n{data}".encode(), hashlib.sha256)
        return urlsafe_b64encode(digest).decode()[:LENGTH]


def key(*parts: object) -> str:
    """Eight characters that stand for something whose name may be too long for a button."""
    return hashlib.blake2s("\n".join(map(str, parts)).encode(), digest_size=4).hexdigest()
