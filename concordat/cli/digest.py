"""`digest`: a look at the digest of anybody on any day, and sending it."""

from __future__ import annotations

from base64 import b64encode
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection, select

from concordat.cli.common import HomeOption, JsonOption, console, fail, now, show, with_runtime, with_store
from concordat.runtime import Runtime, settings_for
from notifier import digests, subscribers
from notifier.digest import Digest, headline
from notifier.letter import WIRE, letter, preferences_url, sender_address, unsubscribe_url
from notifier.model import State, Subscriber
from notifier.paper import CHART, Mail, Sender, as_mail
from notifier.service import drain
from notifier.tables import deliveries
from watcher.settings import Settings
from watcher.store import Store

digest_app = typer.Typer(help="The digest: a look at it, and sending it.", no_args_is_help=True)


@digest_app.command("preview")
def preview_digest(
    to: Annotated[str | None, typer.Option("--to", help="A mail address, chat id or number; default: one who follows everything.")] = None,
    day: Annotated[str | None, typer.Option("--date", help="A day such as 2026-11-23; default: what would be sent now.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file: .eml the whole mail, .txt its text, else HTML.")] = None,
    opened: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    home: HomeOption = None,
) -> None:
    """Show a digest as it would be sent now, or as it was on a day; nothing is sent."""
    settings = settings_for(home, quiet=True)

    def read(store: Store) -> Digest:
        with store.reading() as conn:
            known = _known(conn, to) if to else None
            if day is None:
                return digests.preview(conn, known, now())
            if known is None:
                raise fail("--date asks for --to: everybody's day is another one")
            return digests.on_day(conn, known, _day(day), now())

    digest = with_store(home, read)
    sender = sender_address(settings.mail_from)
    token, public = digest.subscriber.token, settings.public_url
    mail = as_mail(digest, Sender(str(sender), unsubscribe_url(public, token), preferences_url(public, token)))
    if out is None and not opened:
        console.print(mail.text, highlight=False, markup=False)
        return
    file = out or settings.data / "digest.html"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_content(file.suffix, mail, digest, settings))
    console.print(f"wrote {file}", highlight=False)
    if opened:
        typer.launch(file.absolute().as_uri())


@digest_app.command("send")
def send_digest(
    at_once: Annotated[bool, typer.Option("--now", help="Send every subscriber's digest, whatever their hour.")] = False,
    to: Annotated[str | None, typer.Option("--to", help="Only to this mail address or chat id.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say who would be sent what, and send nothing.")] = False,
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Send the digests that are due; exit 1 when one could not be delivered."""
    if dry_run:
        rows = with_store(home, lambda store: _would_send(store, [to] if to else [], at_once=at_once))
        show(rows, ("subscriber", "address", "since", "digest"), as_json=as_json, empty="nobody's digest is due; --now sends all of them")
        return

    async def work(runtime: Runtime) -> tuple[int, int]:
        if at_once or to:
            planned = await runtime.store.write(digests.plan_all_now, now(), [to] if to else [])
        else:
            planned = await runtime.store.write(digests.plan_due, now())
        await drain(runtime.settings, runtime.store, runtime.bus)
        return len(planned), await runtime.store.read(_unsent, planned)

    planned, left = with_runtime(home, work)
    console.print(f"{planned - left} of {planned} digests sent", highlight=False)
    if left:
        raise fail("some digests wait to be tried again; see `concordat deliveries list --state pending`", 1)


def _would_send(store: Store, to: list[str], *, at_once: bool) -> list[dict[str, Any]]:
    with store.reading() as conn:
        rows = digests.asked_for(conn, to) if at_once or to else digests.due(conn, now())
        found = []
        for row in rows:
            person = subscribers.subscriber(row)
            digest = digests.preview(conn, person, now())
            found.append({"subscriber": person.id, "address": person.shown, "since": digest.from_at, "digest": headline(digest)})
        return found


def _content(suffix: str, mail: Mail, digest: Digest, settings: Settings) -> bytes:
    """What a file of this kind holds; in HTML the picture stands within the page."""
    if suffix == ".eml":
        sender = sender_address(settings.mail_from)
        return letter(mail, digest.id, digest.subscriber, sender, settings.public_url, digest.to_at).as_bytes(policy=WIRE)
    if suffix == ".txt":
        return mail.text.encode()
    return mail.html.replace(f"cid:{CHART}", f"data:image/png;base64,{b64encode(mail.picture).decode()}").encode()


def _known(conn: Connection, to: str) -> Subscriber:
    for person in subscribers.everyone(conn):
        if to in {person.address, str(person.id)}:
            return person
    raise fail(f"{to} is not subscribed; see `concordat subscribers list`")


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  a day of whichever zone the reader is in
    except ValueError:
        raise fail(f"{text!r} is no day; write one such as 2026-11-23") from None


def _unsent(conn: Connection, ids: list[int]) -> int:
    rows = conn.execute(select(deliveries.c.state).where(deliveries.c.id.in_(ids))).scalars()
    return sum(state in {State.PENDING, State.SENDING, State.DEAD} for state in rows)
