"""The fake Bot API's other way to give updates: it posts them to a webhook, one after the other, until each was taken."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.fakes.botrules import Refused, check_webhook, unpacked

if TYPE_CHECKING:
    from tests.fakes.telegram import Telegram

FIRST_PAUSE = 0.1  # seconds before an update that was not taken is posted again; doubles to ten
ACTIVE = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


class Webhook:
    """Where updates are posted to, and how that went; `url` is empty while there is none."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram
        self.url = ""
        self.secret = ""
        self.most = 40
        self.answers: list[int] = []  # the status of each post; 0 where nobody answered
        self.error: tuple[float, str] | None = None
        self._task: asyncio.Task[None] | None = None

    def refuse_polling(self) -> None:
        """While updates are posted nobody may ask for them; raises Refused."""
        if self.url:
            raise Refused(409, ACTIVE)

    async def set(self, args: dict[str, Any]) -> None:
        """Post from now on, or no more where the address is empty; raises Refused where it breaks a rule."""
        if args.get("url"):
            check_webhook(args, local=self._telegram.local)
        await self.close()
        self.url, self.secret = str(args.get("url") or ""), str(args.get("secret_token") or "")
        self.most, self.error = int(args.get("max_connections") or 40), None
        if "allowed_updates" in args:
            self._telegram.allowed = frozenset(unpacked(args["allowed_updates"]) or ())
        if str(args.get("drop_pending_updates", "")).lower() == "true":
            self._telegram.updates.clear()
        if self.url:
            self._telegram.polls += 1  # a poll that is still open ends
            self._telegram.changed()
            self._task = asyncio.create_task(self._post())

    def info(self) -> dict[str, Any]:
        """As getWebhookInfo tells it."""
        said: dict[str, Any] = {
            "url": self.url, "has_custom_certificate": False, "pending_update_count": len(self._telegram.updates),
        }  # fmt: skip
        if self.url:
            said |= {"max_connections": self.most, "allowed_updates": sorted(self._telegram.allowed)}
        if self.error:
            said |= {"last_error_date": int(self.error[0]), "last_error_message": self.error[1]}
        return said

    async def close(self) -> None:
        """Post nothing more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _post(self) -> None:
        pause = FIRST_PAUSE
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret} if self.secret else {}
        waiting = self._telegram.updates
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            while True:
                while not waiting:
                    with contextlib.suppress(TimeoutError):
                        await self._telegram.until(lambda: waiting)
                update = waiting[0]
                if await self._taken(session, update, headers):
                    pause = FIRST_PAUSE
                    if waiting and waiting[0] is update:
                        waiting.popleft()
                else:
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, 10.0)

    async def _taken(self, session: aiohttp.ClientSession, update: dict[str, Any], headers: dict[str, str]) -> bool:
        try:
            async with session.post(self.url, json=update, headers=headers) as answer:
                status, words = answer.status, f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError):
            status, words = 0, "Connection refused"
        self.answers.append(status)
        if not 200 <= status < 300:
            self.error = time.time(), words
        self._telegram.changed()
        return 200 <= status < 300
