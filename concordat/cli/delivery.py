"""`subscribers`, `digest`, `deliveries` and `dead`: who gets what, and what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select, update

from concordat.cli.common import HomeOption, JsonOption, console, fail, now, show, with_runtime, with_store, write_json
from concordat.cli.people import invite_command, role_command
from concordat.runtime import Runtime
from notifier import digests, ledger, subscribers
from notifier.model import Channel, State
from notifier.paper import Mail, Sender, as_mail
from notifier.service import drain
from notifier.tables import deliveries
from notifier.wishes import Of
from rules.service import SET_ASIDE
from watcher.bus import DELIVERIES, ITEMS, PUSHES
from watcher.store import Store
from watcher.store.tables import dead_letters, items, websub_inbox

subscribers_app = typer.Typer(help="Who gets alerts and digests.", no_args_is_help=True)
digest_app = typer.Typer(help="The digest: a look at it, and sending it.", no_args_is_help=True)
deliveries_app = typer.Typer(help="The ledger of deliveries.", no_args_is_help=True)
dead_app = typer.Typer(help="What could not be carried on and was set aside.", no_args_is_help=True)

TelegramOption = Annotated[str | None, typer.Option("--telegram", help="A Telegram chat id.")]
EmailOption = Annotated[str | None, typer.Option("--email", help="A mail address.")]


@subscribers_app.command("list")
def list_subscribers(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Everybody who gets something."""

    def read(store: Store) -> list[dict[str, Any]]:
        with store.reading() as conn:
            return [
                {"id": s.id, "channel": str(s.channel), "address": s.address, "state": str(s.state), "why": s.state_reason,
                 "role": str(s.role), "joined": str(s.joined), "alerts": s.wishes.alerts,
                 "topics": list(s.wishes.followed(Of.TOPIC)) or ["all"], "digest": s.wishes.digest_at, "tz": s.tz}
                for s in subscribers.everyone(conn)
            ]  # fmt: skip

    columns = ("id", "channel", "address", "state", "topics", "digest", "tz", "why")
    nobody = "nobody yet; people send /start to the bot, or `concordat subscribers add`"
    show(with_store(home, read), columns, as_json=as_json, empty=nobody)


@subscribers_app.command("add")
def add_subscriber(
    telegram: TelegramOption = None, email: EmailOption = None,
    topics: Annotated[str, typer.Option("--topics", help="Topics, with commas between them; default: every topic.")] = "",
    at: Annotated[str | None, typer.Option("--at", help="The hour of the digest, such as 08:00.")] = None,
    tz: Annotated[str, typer.Option("--tz", help="An IANA time zone, such as Europe/Paris.")] = "UTC",
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Subscribe somebody; added by the operator means confirmed."""
    if (telegram is None) == (email is None):
        raise fail("name one subscriber: --telegram ID or --email ADDRESS")
    chosen = [t for t in topics.replace(",", " ").split() if t] or None
    if telegram is not None:
        wish = subscribers.by_telegram(telegram, topics=chosen, at=at, tz=tz)
    else:
        assert email is not None
        wish = subscribers.by_email(email, topics=chosen, at=at or subscribers.DIGEST_AT, tz=tz)

    def write(store: Store) -> int:
        with store.begin() as conn:
            return subscribers.add(conn, wish, now()).id

    number = with_store(home, write)
    if as_json:
        write_json({"id": number})
    else:
        console.print(f"subscribed, number {number}", highlight=False)


subscribers_app.command("invite")(invite_command)
subscribers_app.command("role")(role_command)


@subscribers_app.command("remove")
def remove_subscriber(telegram: TelegramOption = None, email: EmailOption = None, home: HomeOption = None) -> None:
    """Erase a subscriber and everything kept of them. Exit 1 when there is none."""
    if (telegram is None) == (email is None):
        raise fail("name one subscriber: --telegram ID or --email ADDRESS")
    channel, address = (Channel.TELEGRAM, telegram) if telegram is not None else (Channel.EMAIL, email)

    def write(store: Store) -> bool:
        with store.begin() as conn:
            return subscribers.remove(conn, channel, address or "")

    if not with_store(home, write):
        raise fail("there is no such subscriber; see `concordat subscribers list`", 1)
    console.print("removed")


@digest_app.command("preview")
def preview_digest(
    to: Annotated[str | None, typer.Option("--to", help="A subscriber's mail address; default: one who follows everything.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the HTML part to this file.")] = None,
    home: HomeOption = None,
) -> None:
    """Show the digest as it would be sent now; nothing is sent."""

    def read(store: Store) -> Mail:
        with store.reading() as conn:
            known = subscribers.find(conn, Channel.EMAIL, to) if to else None
            if to and known is None:
                raise fail(f"{to} is not subscribed; see `concordat subscribers list`")
            return as_mail(digests.preview(conn, known, now()), Sender("Concordat"))

    mail = with_store(home, read)
    if out is None:
        console.print(mail.text, highlight=False, markup=False)
        return
    out.write_text(mail.html, encoding="utf-8")
    console.print(f"wrote {out}", highlight=False)


@digest_app.command("send")
def send_digest(
    at_once: Annotated[bool, typer.Option("--now", help="Send every subscriber's digest, whatever their hour.")] = False,
    to: Annotated[str | None, typer.Option("--to", help="Only to this mail address or chat id.")] = None,
    home: HomeOption = None,
) -> None:
    """Send the digests that are due; exit 1 when one could not be delivered."""

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


def _unsent(conn: Any, ids: list[int]) -> int:
    rows = conn.execute(select(deliveries.c.state).where(deliveries.c.id.in_(ids))).scalars()
    return sum(state in {State.PENDING, State.SENDING, State.DEAD} for state in rows)


@deliveries_app.command("list")
def list_deliveries(
    state: Annotated[str | None, typer.Option("--state", help="pending, sending, sent, dropped or dead.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1)] = 50,
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """What was sent, to whom, why, and why not; the newest first."""
    columns = ("id", "subscriber_id", "kind", "story_id", "state", "attempts", "created_at", "sent_at", "reason")

    def read(store: Store) -> list[dict[str, Any]]:
        query = select(*(deliveries.c[c] for c in columns)).order_by(deliveries.c.id.desc()).limit(limit)
        with store.reading() as conn:
            return [dict(r) for r in conn.execute(query.where(deliveries.c.state == state) if state else query).mappings()]

    show(with_store(home, read), columns, as_json=as_json, empty="no deliveries yet")


@deliveries_app.command("retry")
def retry_deliveries(
    number: Annotated[int | None, typer.Argument(help="One delivery; default: all dead ones.")] = None, home: HomeOption = None
) -> None:
    """Try dead deliveries again at the next opportunity."""

    def write(store: Store) -> int:
        with store.begin() as conn:
            dead = select(deliveries.c.id).where(deliveries.c.state == State.DEAD)
            ids = list(conn.execute(dead if number is None else dead.where(deliveries.c.id == number)).scalars())
            return ledger.revive(conn, ids, now())

    console.print(f"{with_store(home, write)} deliveries are tried again", highlight=False)


@dead_app.command("list")
def list_dead(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Dead letters that were not replayed, the newest first."""
    columns = ("id", "stream", "ref", "attempts", "at", "error")

    def read(store: Store) -> list[dict[str, Any]]:
        query = select(*(dead_letters.c[c] for c in columns)).where(dead_letters.c.replayed_at.is_(None)).order_by(dead_letters.c.id.desc())
        with store.reading() as conn:
            return [dict(r) for r in conn.execute(query).mappings()]

    show(with_store(home, read), columns, as_json=as_json, empty="no dead letters")


@dead_app.command("replay")
def replay_dead(
    number: Annotated[int | None, typer.Argument(help="One dead letter; default: all.")] = None, home: HomeOption = None
) -> None:
    """Let dead letters try again; a running `up`, or the next `once`, takes them."""

    def write(store: Store) -> int:
        with store.begin() as conn:
            query = select(dead_letters).where(dead_letters.c.replayed_at.is_(None))
            rows = list(conn.execute(query.where(dead_letters.c.id == number) if number is not None else query))
            refs = [int(r.ref) for r in rows if r.stream == ITEMS]
            if refs:
                again = update(items).where(items.c.id.in_(refs), items.c.ruleset == SET_ASIDE)
                conn.execute(again.values(matched_at=None, ruleset=None))
            pushes = [int(r.ref) for r in rows if r.stream == PUSHES]
            if pushes:
                conn.execute(update(websub_inbox).where(websub_inbox.c.id.in_(pushes)).values(dead_at=None))
            ledger.revive(conn, [int(r.ref) for r in rows if r.stream == DELIVERIES], now())
            conn.execute(update(dead_letters).where(dead_letters.c.id.in_([r.id for r in rows])).values(replayed_at=now()))
            return len(rows)

    console.print(f"{with_store(home, write)} dead letters are tried again", highlight=False)
