"""Who may change what a group gets: its admins, as Telegram names them. Asked once a minute for each group at the most."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from notifier.bot.intents import Intent
from notifier.channels.telegram import Telegram
from watcher.errors import DeliveryError

KEPT = 60.0  # seconds for which an answer of Telegram's holds
MOST = 1000  # groups whose admins are kept in mind

log = structlog.get_logger("bot")


class Gate:
    """Asks Telegram, and remembers for a minute."""

    def __init__(self, client: Telegram, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._clock = client, clock
        self._admins: dict[str, tuple[float, frozenset[int]]] = {}

    async def may(self, intent: Intent) -> bool | None:
        """Whether whoever asks may have it done; None when Telegram cannot tell us."""
        if intent.private or intent.nameless or not intent.changes:
            return True
        try:
            return intent.user in await self._admins_of(intent.chat)
        except DeliveryError as e:
            log.warning("the admins of a group are not known", why=str(e))
            return None

    async def _admins_of(self, chat: str) -> frozenset[int]:
        asked, admins = self._admins.get(chat, (0.0, frozenset()))
        if chat not in self._admins or self._clock() - asked > KEPT:
            admins = await self._client.admins(chat)
            if len(self._admins) >= MOST:
                self._admins.clear()
            self._admins[chat] = self._clock(), admins
        return admins
