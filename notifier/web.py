"""The pages that people without an account see: ending mails with one click, and confirming an address. Routes for whoever serves HTTP.

Looking at the page changes nothing, because mail scanners open every link; the POST acts at once, as RFC 8058 asks of it: no login, no
cookie, no redirect.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from notifier import mailboxes, subscribers
from notifier.model import Standing
from notifier.tongue import tongue
from watcher.errors import StoreError
from watcher.store import Store

BY_LINK = "unsubscribed by link"
TOKEN = re.compile(r"[\w-]{8,64}", re.ASCII)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_PAGE = Environment(loader=PackageLoader("notifier"), autoescape=True, undefined=StrictUndefined).get_template("unsubscribe.html.j2")


def routes(store: Store) -> list[Route]:
    """`/unsubscribe/{token}` and `/confirm/{token}`: GET asks, POST acts."""

    async def ask(request: Request) -> Response:
        return await _answer(store, request, act=False)

    async def act(request: Request) -> Response:
        return await _answer(store, request, act=True)

    async def ask_confirm(request: Request) -> Response:
        return await _confirm(store, request, act=False)

    async def confirm(request: Request) -> Response:
        return await _confirm(store, request, act=True)

    return [
        Route("/unsubscribe/{token}", ask, methods=["GET"]), Route("/unsubscribe/{token}", act, methods=["POST"]),
        Route("/confirm/{token}", ask_confirm, methods=["GET"]), Route("/confirm/{token}", confirm, methods=["POST"]),
    ]  # fmt: skip


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
        known = await (store.write(unsubscribe, token) if act else store.read(standing, token)) if TOKEN.fullmatch(token) else None
    except StoreError:
        return page(503, "Please try again", "This cannot be done at the moment. Please try again in a minute.")
    if known is None:
        return page(404, "Nobody to unsubscribe", "This link belongs to no subscription. It was ended already, or the link is not whole.")
    if known is Standing.ACTIVE:
        return page(
            200, "Stop these messages?", "Concordat will send you nothing more. Nothing changes until you press the button.", ask=True
        )
    return page(200, "You are unsubscribed", "Concordat sends you nothing more. You can close this page.")


async def _confirm(store: Store, request: Request, *, act: bool) -> Response:
    token, now = request.path_params["token"], datetime.now(UTC)
    try:
        lang = await store.read(mailboxes.language_of, token, now) if TOKEN.fullmatch(token) else None
        done = await store.write(mailboxes.by_token, token, now) if lang is not None and act else None
    except StoreError:
        return page(503, "Please try again", "This cannot be done at the moment. Please try again in a minute.")
    t = tongue(lang or "")
    if lang is None or (act and done is not mailboxes.Confirmed.DONE):
        return page(404, t("mail.over_title"), t("mail.over"), lang=t.code)
    if act:
        return page(200, t("mail.done_title"), t("mail.done"), lang=t.code)
    return page(200, t("mail.ask_title"), t("mail.ask"), ask=True, lang=t.code, button=t("mail.button"))


def page(status: int, title: str, text: str, *, ask: bool = False, lang: str = "en", button: str = "Unsubscribe") -> Response:
    """A page of one sentence, with a button where it asks."""
    shown = _PAGE.render(title=title, text=text, ask=ask, lang=lang, button=button)
    return HTMLResponse(shown, status, HEADERS | ({"Retry-After": "60"} if status == 503 else {}))
