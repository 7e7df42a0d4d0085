"""Answers of the bot as plain data, so that the outbox can keep them until they are sent. Pure."""

from __future__ import annotations

from typing import Any

from notifier.render import Button, Message
from notifier.richtext import RichText, Span, cut


def notice(message: Message, reply_to: str | None = None, thread: int | None = None, **more: Any) -> dict[str, Any]:
    """The payload of a delivery that says this, as an answer to the chat's message `reply_to`, in a topic of a forum.

    `more` is what the buttons under it need to know when they are pressed.
    """
    body = cut(message.body)
    return {
        "text": body.text,
        "spans": [[s.start, s.end, s.style, s.url] for s in body.spans],
        "keyboard": [[[b.text, b.data] for b in row] for row in message.keyboard],
        "reply_to": reply_to,
        **({"thread": thread} if thread else {}),
        **more,
    }


def read_notice(payload: dict[str, Any]) -> tuple[Message, str | None]:
    """What `notice` was given."""
    body = RichText(payload["text"], tuple(Span(*s) for s in payload["spans"]))
    return Message(body, tuple(tuple(Button(*b) for b in row) for row in payload["keyboard"])), payload["reply_to"]
