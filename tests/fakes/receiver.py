"""Somebody's own program on loopback that takes posts, whatever their path: for webhooks, and for what Apprise sends as JSON."""

from __future__ import annotations

from aiohttp import web

from tests.fakes.service import Service


class Receiver(Service):
    """Takes every post with 204; `asked` has them, `faults` and `fault` make trouble."""

    def routes(self) -> list[web.RouteDef]:
        """One for everything."""
        return [web.post("/{path:.*}", self._take)]

    async def _take(self, _: web.Request) -> web.Response:
        return web.Response(status=204)
