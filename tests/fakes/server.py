"""What every server on loopback begins and ends with: an address of its own once entered, and nothing left open behind it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

from aiohttp import web

from tests.fakes.watched import Watched

if TYPE_CHECKING:
    from types import TracebackType


class Server(Watched, ABC):
    """Serves `application()` from entering to leaving; `base` is its address in between."""

    base = ""
    host = "127.0.0.1"
    _runner: web.AppRunner | None = None

    @abstractmethod
    def application(self) -> web.Application:
        """What it answers."""

    async def __aenter__(self) -> Self:
        # an answer that hangs must end when its caller gives up, and must not hold up the end of a test
        self._runner = web.AppRunner(self.application(), access_log=None, handler_cancellation=True, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, 0).start()
        self.base = f"http://{self.host}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
