"""`subscribers`, `deliveries` and `dead`: who gets what, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

import typer
from sqlalchemy import select, update

from concordat.cli.common import HomeOption, JsonOption, console, fail, now, show, with_store, write_json
from concordat.cli.people import invite_command, role_command
from notifier import ledger, subscribers
from notifier.bot.grammar import weekday_list
from notifier.channels.other import INSTALL, is_address
from notifier.model import Channel, State, Subscriber
from notifier.tables import deliveries
from notifier.wishes import Of
from rules.service import SET_ASIDE
from watcher.bus import DELIVERIES, ITEMS, PUSHES
from watcher.store import Store
from watcher.store.tables import dead_letters, items, websub_inbox

subscribers_app = typer.Typer(help="Who gets alerts and digests.", no_args_is_help=True)
deliveries_app = typer.Typer(help="The ledger of deliveries.", no_args_is_help=True)
dead_app = typer.Typer(help="What could not be carried on and was set aside.", no_args_is_help=True)

TelegramOption = Annotated[str | None, typer.Option("--telegram", help="A Telegram chat id.")]
EmailOption = Annotated[str | None, typer.Option("--email", help="A mail address.")]
WebhookOption = Annotated[str | None, typer.Option("--webhook", help="An address of the web that alerts are posted to.")]
AppriseOption = Annotated[str | None, typer.Option("--apprise", help="An Apprise URL, such as ntfy://… or slack://….")]


@subscribers_app.command("list")
def list_subscribers(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Everybody who gets something."""

    def read(store: Store) -> list[dict[str, Any]]:
        with store.reading() as conn:
            return [
                {"id": s.id, "channel": str(s.channel), "address": s.shown, "state": str(s.state), "why": s.state_reason,
                 "role": str(s.role), "joined": str(s.joined), "alerts": s.wishes.alerts,
                 "topics": list(s.wishes.followed(Of.TOPIC)) or ["all"], "digest": s.wishes.digest_at, "tz": s.tz}
                for s in subscribers.everyone(conn)
            ]  # fmt: skip

    columns = ("id", "channel", "address", "state", "topics", "digest", "tz", "why")
    nobody = "nobody yet; people send /start to the bot, or `concordat subscribers add`"
    show(with_store(home, read), columns, as_json=as_json, empty=nobody)


@subscribers_app.command("add")
def add_subscriber(
    telegram: TelegramOption = None, email: EmailOption = None, webhook: WebhookOption = None, apprise: AppriseOption = None,
    topics: Annotated[str, typer.Option("--topics", help="Topics, with commas between them; default: every topic.")] = "",
    at: Annotated[str | None, typer.Option("--at", help="The hour of the digest, such as 08:00.")] = None,
    tz: Annotated[str, typer.Option("--tz", help="An IANA time zone, such as Europe/Paris.")] = "UTC",
    days: Annotated[str, typer.Option("--days", help="The digest's weekdays, such as mon-fri or mon; default: every day.")] = "",
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Subscribe somebody; added by the operator means confirmed."""
    chosen = [t for t in topics.replace(",", " ").split() if t] or None
    channel, address = _one(telegram, email, webhook, apprise)
    if channel is Channel.APPRISE and is_address(address) is not True:
        raise fail("Apprise does not know this address" if is_address(address) is False else f"Apprise is not installed: {INSTALL}")
    if channel is Channel.EMAIL:
        at = at or subscribers.DIGEST_AT
    weekdays = weekday_list(days) if days else ()
    if weekdays is None:
        raise fail(f"{days!r} are no weekdays; write some such as mon-fri or mon,thu")
    wish = _WISHES[channel](address, topics=chosen, at=at, tz=tz)
    wish = replace(wish, wishes=replace(wish.wishes, digest_days=weekdays))

    def write(store: Store) -> Subscriber:
        with store.begin() as conn:
            return subscribers.add(conn, wish, now())

    added = with_store(home, write)
    key = {"signing_key": added.token} if channel is Channel.WEBHOOK else {}
    if as_json:
        write_json({"id": added.id, **key})
        return
    console.print(f"subscribed, number {added.id}", highlight=False)
    if key:
        console.print(f"posts are signed with {added.token}", highlight=False)


subscribers_app.command("invite")(invite_command)
subscribers_app.command("role")(role_command)


@subscribers_app.command("remove")
def remove_subscriber(
    telegram: TelegramOption = None, email: EmailOption = None, webhook: WebhookOption = None, apprise: AppriseOption = None,
    home: HomeOption = None,
) -> None:  # fmt: skip
    """Erase a subscriber and everything kept of them. Exit 1 when there is none."""
    channel, address = _one(telegram, email, webhook, apprise)

    def write(store: Store) -> bool:
        with store.begin() as conn:
            return subscribers.remove(conn, channel, address)

    if not with_store(home, write):
        raise fail("there is no such subscriber; see `concordat subscribers list`", 1)
    console.print("removed")


_WISHES: dict[Channel, Callable[..., subscribers.Wish]] = {
    Channel.TELEGRAM: subscribers.by_telegram,
    Channel.EMAIL: subscribers.by_email,
    Channel.WEBHOOK: subscribers.by_webhook,
    Channel.APPRISE: subscribers.by_apprise,
}


def _one(*given: str | None) -> tuple[Channel, str]:
    """The one address that was given, and its channel; options stand in the order of `_WISHES`."""
    named = [(channel, address) for channel, address in zip(_WISHES, given, strict=True) if address is not None]
    if len(named) != 1:
        raise fail("name one subscriber: --telegram ID, --email ADDRESS, --webhook URL or --apprise URL")
    return named[0]


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
