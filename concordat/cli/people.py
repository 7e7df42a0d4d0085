"""`subscribers invite`, `subscribers role` and `rules precision`: letting people in, and what they say of the rules."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from concordat.cli.common import HomeOption, JsonOption, console, fail, now, show, with_store, write_json
from notifier import feedback, invitations, subscribers
from notifier.model import Channel, Role
from watcher.store import Store
from watcher.units import parse_duration


def invite_command(
    uses: Annotated[int, typer.Option("--uses", min=1, max=invitations.MOST_USES, help="How many people it lets in.")] = 1,
    lasts: Annotated[str, typer.Option("--for", help="How long it is good, such as 7d; `ever` until it is used up.")] = "7d",
    admin: Annotated[bool, typer.Option("--admin", help="Its holder may use the operator's commands in the chat.")] = False,
    note: Annotated[str, typer.Option("--note", help="A word for yourself.")] = "",
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Make a code by which somebody may subscribe where access is by invitation."""
    try:
        length = None if lasts == "ever" else parse_duration(lasts)
    except ValueError as e:
        raise fail(str(e)) from None

    def write(store: Store) -> str:
        with store.begin() as conn:
            role = Role.ADMIN if admin else Role.SUBSCRIBER
            return invitations.make(conn, now(), uses=uses, lasts=length, role=role, note=note)

    code = with_store(home, write)
    if as_json:
        write_json({"code": code, "start": f"invite-{code}"})
        return
    console.print(f"/start invite-{code}", highlight=False)
    console.print(f"or, as a link: https://t.me/YOUR_BOT?start=invite-{code}", highlight=False)


def role_command(
    telegram: Annotated[str, typer.Option("--telegram", help="A Telegram chat id.")],
    role: Annotated[Role, typer.Argument(help="What they may do from now on.")],
    home: HomeOption = None,
) -> None:
    """Make somebody an admin in the chat, or take it back. Exit 1 when there is no such subscriber."""

    def write(store: Store) -> bool:
        with store.begin() as conn:
            known = subscribers.find(conn, Channel.TELEGRAM, telegram)
            if known:
                subscribers.change(conn, known.id, role=role)
            return known is not None

    if not with_store(home, write):
        raise fail("there is no such subscriber; see `concordat subscribers list`", 1)
    console.print(f"{telegram} is {role} now", highlight=False)


def precision_command(
    since: Annotated[str, typer.Option("--since", help="Votes of the last so many days, such as 30d.")] = "90d",
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """How many of each rule's alerts were worth it, by the votes of readers; the least precise first."""
    try:
        after = now() - parse_duration(since)
    except ValueError as e:
        raise fail(str(e)) from None

    def read(store: Store) -> list[feedback.Precision]:
        with store.reading() as conn:
            return sorted(feedback.precision(conn, after).values(), key=lambda p: (not p.enough, p.interval[1], p.rule))

    rows = [_row(p) for p in with_store(home, read)]
    columns = ("rule", "votes", "up", "down", "share", "between", "whys")
    show(rows, columns, as_json=as_json, empty="no votes yet; readers press 👍 or 👎 under an alert")


def _row(found: feedback.Precision) -> dict[str, Any]:
    low, high = found.interval
    return {
        "rule": found.rule, "votes": found.votes, "up": found.up, "down": found.down,
        "share": f"{found.share:.0%}" if found.share is not None else f"below {feedback.LEAST} votes",
        "between": f"{low:.0%} to {high:.0%}", "whys": ", ".join(f"{why} {n}" for why, n in sorted(found.whys.items())),
    }  # fmt: skip
