"""The pages that people without an account see: ending mails with one click. Routes for whoever serves HTTP.

Looking at the page changes nothing, because mail scanners open every link; the POST acts at once, as RFC 8058 asks of it: no login, no
cookie, no redirect.
"""

from __future__ import annotations

import re

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from notifier import subscribers
from notifier.model import Standing
from watcher.errors import StoreError
from watcher.store import Store

BY_LINK = "unsubscribed by link"
_TOKEN = re.compile(r"[\w-]{8,64}", re.ASCII)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_PAGE = Environment(loader=PackageLoader("notifier"), autoescape=True, undefined=StrictUndefined).get_template("unsubscribe.html.j2")


def routes(store: Store) -> list[Route]:
    """`/unsubscribe/{token}`: GET asks, POST acts."""

    async def ask(request: Request) -> Response:
        return await _answer(store, request, act=False)

    async def act(request: Request) -> Response:
        return await _answer(store, request, act=True)

    return [Route("/unsubscribe/{token}", ask, methods=["GET"]), Route("/unsubscribe/{token}", act, methods=["POST"])]


def unsubscribe(conn: Connection, token: str) -> Standing | None:
    """Stop everything for the holder of this token; their standing after it, or None when nobody holds it."""
    known = subscribers.by_token(conn, token)
    if known is None:
        return None
    if known.active:
        subscribers.set_state(conn, known.id, Standing.STOPPED, BY_LINK)
    return Standing.STOPPED


def standing(conn: Connection, token: str) -> Standing | None:
    """The standing of the holder of this token; None when nobody holds it."""
    known = subscribers.by_token(conn, token)
    return known.state if known else None


async def _answer(store: Store, request: Request, *, act: bool) -> Response:
    token = request.path_params["token"]
    try:
        known = await (store.write(unsubscribe, token) if act else store.read(standing, token)) if _TOKEN.fullmatch(token) else None
    except StoreError:
        return _page(503, "Please try again", "This cannot be done at the moment. Please try again in a minute.")
    if known is None:
        return _page(404, "Nobody to unsubscribe", "This link belongs to no subscription. It was ended already, or the link is not whole.")
    if known is Standing.ACTIVE:
        return _page(
            200, "Stop these messages?", "Concordat will send you nothing more. Nothing changes until you press the button.", ask=True
        )
    return _page(200, "You are unsubscribed", "Concordat sends you nothing more. You can close this page.")


def _page(status: int, title: str, text: str, ask: bool = False) -> Response:
    return HTMLResponse(_PAGE.render(title=title, text=text, ask=ask), status, _HEADERS | ({"Retry-After": "60"} if status == 503 else {}))
