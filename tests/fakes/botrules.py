"""What the Bot API takes and what it refuses: texts, entities, keyboards, commands and rates. Pure: `now` is an
argument.

HTML and explicit entities are known; other parse modes are refused. Refusals carry Telegram's own words where they are
on record.
"""

from __future__ import annotations

import html
import json
import math
import re
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_ENTITIES = 100
MAX_BUTTONS = 100
MAX_CALLBACK = 64
MAX_ANSWER = 200
MAX_SECRET = 256
MAX_UPLOAD = 50 << 20
WEBHOOK_PORTS = frozenset({80, 88, 443, 8443})

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
}
_MARKUP = re.compile(
    r"&(?:#x[0-9a-fA-F]+|#\d+|lt|gt|amp|quot);|<(?P<slash>/?)(?P<name>[^\s<>/]*)(?P<rest>[^<>]*)(?P<close>>?)"
)
_WEB = re.compile(r"(https?|tg)://\S+$")
_HREF = re.compile(r"href\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|(\S+))")


class Refused(Exception):  # noqa: N818
    """A call that Telegram answers with `ok: false`."""

    def __init__(self, code: int, why: str, **parameters: int) -> None:
        super().__init__(why)
        self.code = code
        self.why = why
        self.parameters = parameters


def units(text: str) -> int:
    """The length of a text as Telegram counts it: in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _unparsable(why: str) -> Refused:
    return Refused(400, f"Bad Request: can't parse entities: {why}")


def read_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """The visible text of HTML markup, and its entities; raises Refused where tags are unknown or do not nest."""
    text, at = "", 0
    opened: list[tuple[str, dict[str, Any]]] = []
    entities: list[dict[str, Any]] = []
    for m in _MARKUP.finditer(source):
        text += source[at : m.start()]
        at, byte = m.end(), len(source[: m.start()].encode())
        if m["name"] is None:
            text += html.unescape(m[0])
        elif not m["close"]:
            raise _unparsable(f"Unclosed {'end' if m['slash'] else 'start'} tag at byte offset {byte}")
        elif m["slash"]:
            entities.append(_close(m["name"].lower(), opened, text, byte))
        else:
            opened.append((m["name"].lower(), _open(m["name"].lower(), m["rest"], text, byte)))
    if opened:
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{opened[-1][0]}"')
    return text + source[at:], sorted((e for e in entities if e["length"]), key=lambda e: (e["offset"], -e["length"]))


def _open(name: str, rest: str, text: str, byte: int) -> dict[str, Any]:
    if name not in TAGS:
        raise _unparsable(f'Unsupported start tag "{name}" at byte offset {byte}')
    if name == "span" and "tg-spoiler" not in rest:
        raise _unparsable(f'Tag "span" must have class "tg-spoiler" at byte offset {byte}')
    entity: dict[str, Any] = {"type": TAGS[name], "offset": units(text), "length": 0}
    if name == "a" and (href := _HREF.search(rest)):
        entity["url"] = html.unescape(next(g for g in href.groups() if g is not None))
    if name == "blockquote" and "expandable" in rest:
        entity["type"] = "expandable_blockquote"
    return entity


def _close(name: str, opened: list[tuple[str, dict[str, Any]]], text: str, byte: int) -> dict[str, Any]:
    if not opened:
        raise _unparsable(f"Unexpected end tag at byte offset {byte}")
    expected, entity = opened.pop()
    if name not in {"", expected}:
        raise _unparsable(f'Unmatched end tag at byte offset {byte}, expected "</{expected}>", found "</{name}>"')
    return {**entity, "length": units(text) - entity["offset"]}


def check_entities(text: str, entities: list[dict[str, Any]]) -> None:
    """Explicit entities must lie inside the text, on whole characters, at most a hundred of them; raises Refused."""
    if len(entities) > MAX_ENTITIES:
        raise Refused(400, "Bad Request: ENTITIES_TOO_LONG")
    total, borders = 0, {0}
    for character in text:
        total += units(character)
        borders.add(total)
    for entity in entities:
        start, end = int(entity["offset"]), int(entity["offset"]) + int(entity["length"])
        if start < 0 or end <= start:
            raise Refused(400, "Bad Request: ENTITY_BOUNDS_INVALID")
        if end > total:
            raise _misplaced(
                f"beginning at UTF-16 offset {start} ends after the end of the text at UTF-16 offset {end}"
            )
        if start not in borders:
            raise _misplaced(f"begins in a middle of a UTF-16 symbol at UTF-16 offset {start}")
        if end not in borders:
            raise _misplaced(f"beginning at UTF-16 offset {start} ends in a middle of a UTF-16 symbol")


def _misplaced(how: str) -> Refused:
    return Refused(400, f"Bad Request: entity {how}")


def read_text(args: Mapping[str, Any], name: str = "text") -> tuple[str, list[dict[str, Any]]]:
    """The text of a message (or its `caption`) with its entities, as Telegram would keep them; raises Refused."""
    source, mode = str(args.get(name) or ""), str(args.get("parse_mode") or "").lower()
    if mode not in {"", "html"}:
        raise Refused(400, "Bad Request: unsupported parse_mode")
    if mode:
        text, entities = read_html(source)
    else:
        text, entities = source, unpacked(args.get("entities" if name == "text" else "caption_entities")) or []
        check_entities(text, entities)
    if name == "text" and not text.strip():
        raise Refused(400, "Bad Request: message text is empty")
    if units(text.strip()) > (MAX_TEXT if name == "text" else MAX_CAPTION):
        raise Refused(
            400, "Bad Request: message is too long" if name == "text" else "Bad Request: message caption is too long"
        )
    return text, entities


def unpacked(value: Any) -> Any:
    """A parameter that may come as JSON inside a form field."""
    return json.loads(value) if isinstance(value, str) and value else value or None


def read_keyboard(args: Mapping[str, Any]) -> dict[str, Any] | None:
    """The reply markup of a call, checked; raises Refused."""
    markup: dict[str, Any] | None = unpacked(args.get("reply_markup"))
    buttons = [button for row in (markup or {}).get("inline_keyboard", []) for button in row]
    if len(buttons) > MAX_BUTTONS:
        raise Refused(400, "Bad Request: reply markup is too long")
    for button in buttons:
        if not button.get("text"):
            raise Refused(400, 'Bad Request: can\'t parse inline keyboard button: Field "text" must be non-empty')
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= MAX_CALLBACK:
            raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
        if not button.keys() - {"text"}:
            raise Refused(400, "Bad Request: Text buttons are unallowed in the inline keyboard")
        if "url" in button and not _WEB.match(button["url"]):
            raise Refused(400, f"Bad Request: inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    return markup


def check_webhook(args: Mapping[str, Any], *, local: bool) -> None:
    """An https address on a port that Telegram calls, and a secret of its alphabet; raises Refused.

    `local` is a Bot API server of one's own, which takes any http address.
    """
    url = urlsplit(str(args["url"]))
    if not local and url.scheme != "https":
        raise Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if not local and (url.port or 443) not in WEBHOOK_PORTS:
        raise Refused(400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    secret = str(args.get("secret_token") or "")
    if len(secret) > MAX_SECRET:
        raise Refused(400, "Bad Request: secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise Refused(400, "Bad Request: secret token contains unallowed characters")
    if not 1 <= int(args.get("max_connections") or 40) <= 100:
        raise Refused(400, "Bad Request: max_connections must be between 1 and 100")


def check_upload(content: bytes) -> None:
    """A file that is sent has something in it, and 50 MB at the most; raises Refused."""
    if not content:
        raise Refused(400, "Bad Request: file must be non-empty")
    if len(content) > MAX_UPLOAD:
        raise Refused(413, "Request Entity Too Large")


def check_commands(commands: list[dict[str, Any]]) -> None:
    """At most a hundred commands, names of 1–32 lower-case letters, digits and `_`, descriptions of 1–256; raises
    Refused.
    """
    if len(commands) > 100:
        raise Refused(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command.get("command", "")).removeprefix("/")):
            raise Refused(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= 256:
            raise Refused(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is too much: `overall` messages a second; to a person `burst` in a second and `minute` in a minute, as Telegram asks
    for one a second and tolerates short bursts, of a size that it does not publish; to a group `group` in `group_window` s.

    `grace` is how much shorter, in seconds, the windows are than documented, so that loopback jitter is not taken for
    haste.
    """

    overall: int = 30
    burst: int = 3
    minute: int = 60
    group: int = 20
    group_window: float = 60.0
    grace: float = 0.1


@dataclass(slots=True)
class Flood:
    """The rates of one bot. A chat that was told to wait is refused until the wait is over, as Telegram does.

    `held` are chats that must wait whatever they sent, `held_all` the moment until which nobody is written to: floods that have other
    causes than what was sent here. Moments are of the server's clock.
    """

    limits: Limits = field(default_factory=Limits)
    held: dict[int, float] = field(default_factory=dict)
    held_all: float = 0.0
    _all: deque[float] = field(default_factory=deque)
    _chats: dict[int, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def check(self, chat: int, now: float) -> None:
        """Count a message to `chat` at `now` (seconds, any clock that only grows), or raise Refused with
        `retry_after`.
        """
        own = self._group(chat, now) if chat < 0 else self._private(chat, now)
        wait = max(self.held_all - now, self.held.get(chat, 0) - now, self._overall(now), own)
        if wait > 0:
            self.held[chat] = now + wait
            seconds = math.ceil(wait)
            raise Refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        self._all.append(now)
        self._chats[chat].append(now)

    def _overall(self, now: float) -> float:
        return _wait(self._all, self.limits.overall, 1 - self.limits.grace, now)

    def _group(self, chat: int, now: float) -> float:
        return _wait(self._chats[chat], self.limits.group, self.limits.group_window - self.limits.grace, now)

    def _private(self, chat: int, now: float) -> float:
        times = self._chats[chat]
        whole = _wait(times, self.limits.minute, 60 - self.limits.grace, now)
        short = times[-self.limits.burst] + 1 - self.limits.grace - now if len(times) >= self.limits.burst else 0
        return max(whole, short)


def _wait(times: deque[float], most: int, window: float, now: float) -> float:
    while times and now - times[0] >= window:
        times.popleft()
    return times[0] + window - now if len(times) >= most else 0
