"""The page on which a reader of mail changes their digest, without an account: whoever has the link of the mail is its reader.

Looking changes nothing. A form can only name what the page offers; what else somebody follows (entities, words) stays as it is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from notifier import stories, subscribers
from notifier.model import Subscriber
from notifier.schedule import WEEKDAYS, check_time
from notifier.subscribers import DIGEST_AT
from notifier.web import HEADERS, TOKEN, page
from notifier.wishes import Follow, Of, Wishes
from rules.spec import SEVERITIES
from watcher.errors import SettingsError, StoreError
from watcher.store import Store

MOST_BYTES = 20_000  # of a form
MOST_TOPICS = 60
_PAGE = Environment(loader=PackageLoader("notifier"), autoescape=True, undefined=StrictUndefined).get_template("preferences.html.j2")
_NOBODY = "This link belongs to no subscription. It was ended already, or the link is not whole."


def routes(store: Store) -> list[Route]:
    """`/preferences/{token}`: GET shows, POST saves."""

    async def show(request: Request) -> Response:
        return await _answer(store, request, None)

    async def save(request: Request) -> Response:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                return page(413, "Too much", "This form holds more than we take.")
        return await _answer(store, request, parse_qs(body.decode("utf-8", "replace"), max_num_fields=200))

    return [Route("/preferences/{token}", show, methods=["GET"]), Route("/preferences/{token}", save, methods=["POST"])]


def wished(wishes: Wishes, form: dict[str, list[str]], offered: list[str]) -> Wishes:
    """The wishes after this form was filled in; raises SettingsError for an hour that is none. The zone is checked when they are kept."""
    chosen = sorted({int(d) for d in form.get("day", []) if d in {"0", "1", "2", "3", "4", "5", "6"}})
    severity = form.get("severity", [""])[0]
    ticked = [t for t in offered if t in form.get("topic", [])]
    others = tuple(f for f in wishes.follows or () if f.of is not Of.TOPIC or f.what not in offered)
    everything = ticked == offered and (wishes.follows is None or not others)
    return replace(
        wishes,
        digest_at=check_time(form.get("at", [""])[0]),
        digest_days=tuple(chosen) if 0 < len(chosen) < len(WEEKDAYS) else (),
        tz=form.get("tz", [""])[0].strip(),
        min_severity=severity if severity in SEVERITIES else wishes.min_severity,
        follows=None if everything else (*others, *(Follow(Of.TOPIC, t) for t in ticked)),
    )


def _save(conn: Connection, token: str, form: dict[str, list[str]] | None, now: datetime) -> tuple[Subscriber | None, list[str], str]:
    """Keep what a form says; the reader afterwards, the topics that are offered, and a word on it."""
    known = subscribers.by_token(conn, token)
    if known is None:
        return None, [], ""
    offered = sorted({*stories.topics_seen(conn)[:MOST_TOPICS], *known.wishes.followed(Of.TOPIC)})
    if form is None:
        return known, offered, ""
    try:
        subscribers.set_wishes(conn, known, wished(known.wishes, form, offered), now)
    except SettingsError as e:
        return known, offered, f"Not saved: {e}."
    return subscribers.get(conn, known.id), offered, "Saved."


async def _answer(store: Store, request: Request, form: dict[str, list[str]] | None) -> Response:
    token = request.path_params["token"]
    try:
        now = datetime.now(UTC)
        work = store.read if form is None else store.write
        known, offered, said = await work(_save, token, form, now) if TOKEN.fullmatch(token) else (None, [], "")
    except StoreError:
        return page(503, "Please try again", "This cannot be done at the moment. Please try again in a minute.")
    if known is None:
        return page(404, "Nobody is here", _NOBODY)
    return HTMLResponse(_PAGE.render(_shown(known, offered, said)), 400 if said.startswith("Not") else 200, HEADERS)


def _shown(known: Subscriber, offered: list[str], said: str) -> dict[str, Any]:
    wishes = known.wishes
    return {
        "at": wishes.digest_at or DIGEST_AT, "tz": wishes.tz, "weekdays": [d[:3] for d in WEEKDAYS],
        "days": wishes.digest_days or tuple(range(7)), "severities": SEVERITIES, "severity": wishes.min_severity, "topics": offered,
        "everything": wishes.follows is None, "followed": wishes.followed(Of.TOPIC), "said": said, "token": known.token,
    }  # fmt: skip
