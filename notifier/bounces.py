"""What comes back by mail: reports that a message was not delivered, complaints, and requests to end. Pure; every byte of it is foreign.

Nobody is believed for an address alone: a report counts by the Message-ID of the mail that it returns, half of which only those know who
had the mail, and a request by the token that stands in its subject.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message
from email.policy import compat32

from notifier.richtext import one_line
from watcher.text import cut

MOST_BYTES = 2_000_000  # of a report; the mail that it returns is below a hundred thousand
MOST_PARTS = 30
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_OURS = re.compile(r"<([\w.-]+@[\w.-]+)>", re.ASCII)
_ENDS = re.compile(r"^\s*unsubscribe\s+([\w-]{8,64})\s*$", re.ASCII | re.IGNORECASE)
# the mailbox is not there, was closed, or moved away; what else a server refuses is about the message, about us, or passes
_NOBODY = re.compile(r"5\.(1\.([0-36]|10)|2\.[01])")


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail of ours that was not delivered, by its Message-ID (with brackets), and why in the server's words."""

    message_id: str
    status: str
    said: str

    @property
    def nobody(self) -> bool:
        """Whether there is no such mailbox, so that no other mail will reach it."""
        return _NOBODY.fullmatch(self.status) is not None


@dataclass(frozen=True, slots=True)
class Complaint:
    """Somebody called a mail of ours spam."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Ends:
    """Whoever holds this token wants no more."""

    token: str


Returned = Bounce | Complaint | Ends


def read_returned(raw: bytes) -> Returned | None:
    """What a mail to us says; None where it is nothing of the three, such as a notice that delivery takes longer."""
    if len(raw) > MOST_BYTES:
        return None
    try:
        message = email.message_from_bytes(raw, policy=compat32)
        return _ends(message) or _report(message)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError):  # what the parser raises for odd mail
        return None


def _ends(message: Message) -> Ends | None:
    found = _ENDS.match(str(message.get("Subject", "")))
    return Ends(found[1]) if found else None


def _report(message: Message) -> Returned | None:
    kind = str(message.get_param("report-type") or "").lower()
    if message.get_content_type() != "multipart/report" or kind not in {"delivery-status", "feedback-report"}:
        return None
    parts = [part for part, _ in zip(message.walk(), range(MOST_PARTS), strict=False)]
    ids = [i for part in parts if (i := _returned_id(part))]
    if not ids:
        return None
    if kind == "feedback-report":
        return Complaint(ids[0])
    failed = [block for part in parts if part.get_content_type() == "message/delivery-status" for block in _blocks(part) if _failed(block)]
    if not failed:
        return None
    said = one_line(str(failed[0].get("Diagnostic-Code", "")).split(";", 1)[-1])
    found = _STATUS.search(str(failed[0].get("Status", ""))) or _STATUS.search(said)
    return Bounce(ids[0], found[0] if found else "", cut(said, 200))


def _blocks(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    yield from (block for block in payload if isinstance(block, Message)) if isinstance(payload, list) else ()


def _failed(block: Message) -> bool:
    return str(block.get("Action", "")).strip().lower() == "failed"


def _returned_id(part: Message) -> str:
    """The Message-ID of the mail that a report returns, whole or its headers alone."""
    text = ""
    if part.get_content_type() == "message/rfc822":
        payload = part.get_payload()
        text = str(payload[0].get("Message-ID", "")) if isinstance(payload, list) and payload and isinstance(payload[0], Message) else ""
    elif part.get_content_type() == "text/rfc822-headers":
        given = part.get_payload(decode=True)
        text = str(email.message_from_bytes(given).get("Message-ID", "")) if isinstance(given, bytes) else ""
    found = _OURS.search(text)
    return f"<{found[1]}>" if found else ""
