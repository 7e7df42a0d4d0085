"""What the registers on loopback have in common: a server that answers JSON, keeps what it was asked, and goes wrong on demand."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from aiohttp import web

from tests.fakes.server import Server


@dataclass(slots=True)
class Asked:
    """One request as it came; `body` is its JSON where it had one; `status` is what was answered."""

    method: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: Any = None
    status: int = 0

    def one(self, name: str, default: str = "") -> str:
        """The value of a parameter that stands once."""
        return self.query.get(name, [default])[0]


Fault = Callable[[Asked], web.Response]


def refused(status: int, body: object = "", *, retry_after: int | None = None) -> Fault:
    """An answer in a register's place; text is sent as plain text, anything else as JSON."""

    def fault(_: Asked) -> web.Response:
        headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
        if isinstance(body, str):
            return web.Response(status=status, text=body, headers=headers)
        return web.json_response(body, status=status, headers=headers)

    return fault


def page(html: str, status: int = 200) -> Fault:
    """A page for people where JSON should be."""
    return lambda _: web.Response(status=status, text=html, content_type="text/html")


def redirect(to: str) -> Fault:
    """Send the caller elsewhere, with the query that it came with."""
    return lambda asked: web.Response(status=307, headers={"Location": f"{to}&{query_of(asked)}"})


class Refusal(Exception):  # noqa: N818  what a register says, and no error of ours
    """Raised by a register to answer with an error."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(body)
        self.status, self.body = status, body


class Register(Server):
    """One server. `faults` answer one request each before it does; `requests` is what it was asked."""

    path: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Asked] = []
        self.faults: deque[Fault] = deque()

    @property
    def url(self) -> str:
        """Where it is asked."""
        return self.base + self.path

    @abstractmethod
    def answer(self, asked: Asked) -> object:
        """The JSON of a good answer; raises Refusal."""

    def application(self) -> web.Application:
        """One address."""
        app = web.Application(client_max_size=10_000_000)
        app.router.add_route("*", self.path, self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read()) if request.method == "POST" else None
        query = {name: request.query.getall(name) for name in request.query}
        asked = Asked(request.method, query, dict(request.headers), body)
        self.requests.append(asked)
        try:
            if not asked.headers.get("Accept", "").startswith("application/json"):
                raise Refusal(406, "Not acceptable: only JSON is given here, and XML to whoever asks for it")
            response = self.faults.popleft()(asked) if self.faults else web.json_response(self.answer(asked))
        except Refusal as e:
            response = refused(e.status, e.body)(asked)
        asked.status = response.status
        self.changed()
        return response


def known(asked: Asked, names: set[str], status: int = 400) -> None:
    """Refuse parameters that there are none of."""
    for name in asked.query:
        if name not in names:
            raise Refusal(status, {"errors": {name: "is not a valid parameter"}})


def as_date(text: str, form: str = "%Y-%m-%d") -> date | None:
    """A day in a form; None for anything else."""
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007  a day has no zone
    except ValueError:
        return None


def query_of(asked: Asked, **changed: object) -> str:
    """The query of a request with some parameters changed, as a link to the next page has it."""
    return urlencode({**asked.query, **{name: [value] for name, value in changed.items()}}, doseq=True)
