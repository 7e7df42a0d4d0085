"""An HTTP interface on loopback, which the fakes of networks are made on: it logs what it is asked, and has troubles on demand."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes.server import Server

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes.feedfaults import Fault


@dataclass(slots=True)
class Question:
    """One request as it came, and the status that was answered (0 until then)."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    status: int = 0


class RefusalError(Exception):
    """Raised by a handler to answer with an error in the interface's own shape."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers or {}


class Service(Server):
    """The server; `base` is its address once entered. `faults` each answer one request, `fault` all for as long as it is set."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Question] = []
        self.fault: Fault | None = None
        self.faults: deque[Fault] = deque()

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """What it answers; each fake has its own."""

    def paths(self) -> list[str]:
        """The paths asked for so far."""
        return [q.path for q in self.asked]

    def application(self) -> web.Application:
        """Its routes, with a log before them."""
        app = web.Application(middlewares=[self._log])
        app.add_routes(self.routes())
        return app

    @web.middleware
    async def _log(self, request: web.Request, handler: Any) -> web.StreamResponse:
        question = Question(request.method, request.path, dict(request.query), dict(request.headers), await request.read())
        self.asked.append(question)
        self.changed()
        response = await self._answer(request, handler)
        question.status = response.status
        self.changed()
        return response

    async def _answer(self, request: web.Request, handler: Any) -> web.StreamResponse:
        fault = self.faults.popleft() if self.faults else self.fault
        if fault is not None:
            return await fault(request, b"", "application/json")
        try:
            answer: web.StreamResponse = await handler(request)
        except RefusalError as e:
            if isinstance(e.body, str):
                return web.Response(status=e.status, text=e.body, content_type="text/html", headers=e.headers)
            return web.json_response(e.body, status=e.status, headers=e.headers)
        except web.HTTPRedirection as e:
            return web.Response(status=e.status, headers={"Location": e.headers["Location"]})
        except web.HTTPException as e:
            return web.Response(status=e.status, text=e.text)
        return answer


def as_json(data: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer, not escaped to ASCII, as most interfaces write it."""
    return web.Response(text=json.dumps(data, ensure_ascii=False), content_type="application/json", headers=headers)


def whole(request: web.Request, name: str, default: int, least: int, most: int, error: Any) -> int:
    """A whole number of the query within its limits; else the interface's 400 with `error`."""
    given = request.query.get(name)
    if given is None:
        return default
    if not given.isdecimal() or not least <= int(given) <= most:
        raise RefusalError(400, error)
    return int(given)
