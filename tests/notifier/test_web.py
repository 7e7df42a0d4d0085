"""Ending mails by their link, as readers, mail programs and scanners do it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from notifier import mailboxes, subscribers
from notifier.mailboxes import Confirmation
from notifier.model import Channel, Standing, Subscriber
from notifier.subscribers import Wish, by_email
from notifier.web import BY_LINK, routes
from watcher.store import Store

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def web(store: Store) -> httpx.AsyncClient:
    """A client of the pages, as the console host serves them."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(Starlette(routes=routes(store))), base_url="http://concordat.example.org")


@pytest_asyncio.fixture
async def client(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """A client that keeps no cookies and follows no redirects."""
    async with web(store) as client:
        yield client


@pytest.fixture
def ada(store: Store) -> Subscriber:
    """A mail subscriber."""
    with store.begin() as conn:
        return subscribers.add(conn, by_email("ada@example.org"), datetime.now(UTC))


def now_is(store: Store, someone: Subscriber) -> Subscriber:
    """The subscriber as stored."""
    with store.reading() as conn:
        found = subscribers.get(conn, someone.id)
        assert found
        return found


async def test_looking_changes_nothing(client: httpx.AsyncClient, store: Store, ada: Subscriber) -> None:
    """A scanner that opens the link, or asks for its head, ends nothing; a person sees a button."""
    page = await client.get(f"/unsubscribe/{ada.token}")
    assert page.status_code == 200
    assert '<form method="post">' in page.text
    assert (await client.head(f"/unsubscribe/{ada.token}")).status_code == 200
    assert now_is(store, ada).active


@pytest.mark.parametrize("multipart", [False, True])
async def test_one_click_acts_at_once(client: httpx.AsyncClient, store: Store, ada: Subscriber, multipart: bool) -> None:
    """The POST of a mail program, in either encoding, is answered 200 without a redirect, and again when it comes twice."""
    for _ in range(2):
        body = {"files": {k: (None, v) for k, v in ONE_CLICK.items()}} if multipart else {"data": ONE_CLICK}
        answer = await client.post(f"/unsubscribe/{ada.token}", **body)
        assert answer.status_code == 200
        assert "You are unsubscribed" in answer.text
    after = now_is(store, ada)
    assert (after.state, after.state_reason) == (Standing.STOPPED, BY_LINK)
    assert "<form" not in (await client.get(f"/unsubscribe/{ada.token}")).text


@pytest.mark.parametrize("token", ["nobody-holds-this", "x", "a" * 5000, "%00%00%00%00%00%00%00%00", "%F0%9F%92%A9" * 9])
async def test_tokens_that_nobody_holds(client: httpx.AsyncClient, store: Store, ada: Subscriber, token: str) -> None:
    """A wrong token is answered 404 and ends nobody's mails."""
    for answer in (await client.get(f"/unsubscribe/{token}"), await client.post(f"/unsubscribe/{token}")):
        assert answer.status_code == 404
    assert now_is(store, ada).active


async def test_pages_give_nothing_away(client: httpx.AsyncClient, ada: Subscriber) -> None:
    """No address on the page; not cached, not indexed, not framed, and the token not passed on as a referrer."""
    page = await client.get(f"/unsubscribe/{ada.token}")
    assert "ada@" not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-robots-tag"] == "noindex"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


async def test_without_a_database_the_reader_is_asked_to_return(tmp_path: Path) -> None:
    """An outage is said as one, never as done."""
    store = Store(f"sqlite:///{tmp_path / 'nowhere' / 'concordat.db'}")
    async with web(store) as client:
        answer = await client.post("/unsubscribe/some-good-token")
    store.close()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"


@pytest.fixture
def asked(store: Store) -> Confirmation:
    """Ada's chat, in French, asked for a mailbox that nobody confirmed yet."""
    now = datetime.now(UTC)
    with store.begin() as conn:
        chat = subscribers.add(conn, Wish(Channel.TELEGRAM, "7", lang="fr"), now)
        mailboxes.ask(conn, chat, "ada@example.org", "1", now)
        found = mailboxes.waiting(conn, mailboxes.of(conn, chat.id)[0].id, now)
    assert found
    return found


async def test_confirming_an_address_by_its_link(client: httpx.AsyncClient, store: Store, asked: Confirmation) -> None:
    """Looking confirms nothing; the button does, once, in the language of whoever asked."""
    page = await client.get(f"/confirm/{asked.token}")
    assert (page.status_code, "Confirmer" in page.text, 'lang="fr"' in page.text) == (200, True, True)
    with store.reading() as conn:
        assert mailboxes.confirmed(conn, asked.owner) is None
    done = await client.post(f"/confirm/{asked.token}")
    assert (done.status_code, "<form" in done.text) == (200, False)
    with store.reading() as conn:
        box = mailboxes.confirmed(conn, asked.owner)
    assert box
    assert (box.address, box.wishes.digest_at) == ("ada@example.org", "08:00")
    assert (await client.post(f"/confirm/{asked.token}")).status_code == 404


@pytest.mark.parametrize("token", ["x" * 32, "short", "a%2F..%2Fb"])
async def test_links_that_confirm_nothing(client: httpx.AsyncClient, asked: Confirmation, token: str) -> None:
    """A made-up link is told plainly, and says nothing of anybody."""
    for answer in (await client.get(f"/confirm/{token}"), await client.post(f"/confirm/{token}")):
        assert answer.status_code == 404
        assert "ada" not in answer.text
    assert asked.code
