"""The Bot API's rules, one by one, without a server."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.botrules import (
    Flood,
    Limits,
    Refused,
    check_commands,
    check_upload,
    check_webhook,
    read_html,
    read_keyboard,
    read_text,
    units,
)


def test_html_becomes_text_and_entities() -> None:
    """Tags become entities in UTF-16 units, named and numeric references become characters."""
    text, entities = read_html('😀 <b>a <i>b</i></b> &lt;&#39;&quot;&amp; <a href="http://x/?a=1&amp;b=2">l</a>')
    assert text == "😀 a b <'\"& l"
    assert entities == [
        {"type": "bold", "offset": 3, "length": 3},
        {"type": "italic", "offset": 5, "length": 1},
        {"type": "text_link", "offset": 12, "length": 1, "url": "http://x/?a=1&b=2"},
    ]


def test_html_keeps_what_is_no_markup() -> None:
    """Unknown named references stand as they are, as does a lone ampersand or `>`."""
    assert read_html("R&D &nbsp; a > b") == ("R&D &nbsp; a > b", [])


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("é<div>x</div>", 'Unsupported start tag "div" at byte offset 2'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("a <b", "Unclosed start tag at byte offset 2"),
        ("1 < 2", "Unclosed start tag at byte offset 2"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_html_that_does_not_parse(source: str, why: str) -> None:
    """Unknown, unbalanced and broken tags are refused with the byte where they stand."""
    with pytest.raises(Refused) as refused:
        read_html(source)
    assert (refused.value.code, refused.value.why) == (400, f"Bad Request: can't parse entities: {why}")


@given(st.text())
def test_escaped_text_always_parses(text: str) -> None:
    """Text with `<`, `>` and `&` escaped comes out as it went in, without entities."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert read_html(escaped) == (text, [])


def entity(offset: int, length: int) -> dict[str, Any]:
    """A bold entity."""
    return {"type": "bold", "offset": offset, "length": length}


@pytest.mark.parametrize(
    ("entities", "why"),
    [
        ([entity(0, 5)], "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 5"),
        ([entity(1, 1)], "entity begins in a middle of a UTF-16 symbol at UTF-16 offset 1"),
        ([entity(0, 1)], "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol"),
        ([entity(0, 0)], "ENTITY_BOUNDS_INVALID"),
        ([entity(-1, 2)], "ENTITY_BOUNDS_INVALID"),
        ([entity(2, 1)] * 101, "ENTITIES_TOO_LONG"),
    ],
)
def test_entities_lie_inside_the_text(entities: list[dict[str, Any]], why: str) -> None:
    """Explicit entities lie on whole characters inside the text, a hundred at most; 😀ab is four units long."""
    with pytest.raises(Refused) as refused:
        read_text({"text": "😀ab", "entities": entities})
    assert refused.value.why == f"Bad Request: {why}"


def test_entities_that_fit() -> None:
    """Entities that lie inside are kept, whether they come as JSON or not."""
    assert read_text({"text": "😀ab", "entities": '[{"type": "bold", "offset": 0, "length": 4}]'})[1] == [entity(0, 4)]


def test_length_counts_utf16_after_parsing() -> None:
    """4,096 units are counted after markup is gone; an emoji is two."""
    read_text({"text": f"<b>{'x' * 4096}</b>", "parse_mode": "HTML"})
    read_text({"text": "😀" * 2048})
    for text in ("x" * 4097, "😀" * 2048 + "x"):
        with pytest.raises(Refused, match="message is too long"):
            read_text({"text": text})
    with pytest.raises(Refused, match="message caption is too long"):
        read_text({"caption": "x" * 1025}, "caption")


@pytest.mark.parametrize("args", [{}, {"text": " \n"}, {"text": "<b> </b>", "parse_mode": "HTML"}])
def test_empty_text(args: dict[str, Any]) -> None:
    """A message must show something."""
    with pytest.raises(Refused, match="message text is empty"):
        read_text(args)


def test_unknown_parse_mode() -> None:
    """A parse mode that is not HTML is refused."""
    with pytest.raises(Refused, match="unsupported parse_mode"):
        read_text({"text": "x", "parse_mode": "BBCode"})


def keyboard(*buttons: dict[str, str]) -> dict[str, Any]:
    """A call's parameters with one row of buttons."""
    return {"reply_markup": {"inline_keyboard": [list(buttons)]}}


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (keyboard({"text": "x", "callback_data": "é" * 33}), "BUTTON_DATA_INVALID"),
        (keyboard({"text": "x", "callback_data": ""}), "BUTTON_DATA_INVALID"),
        (keyboard({"text": "x"}), "Text buttons are unallowed"),
        (keyboard({"text": "", "url": "http://x"}), "must be non-empty"),
        (keyboard({"text": "x", "url": "javascript:alert(1)"}), "Wrong HTTP URL"),
        (keyboard(*[{"text": "x", "callback_data": "y"}] * 101), "reply markup is too long"),
    ],
)
def test_keyboards_that_are_refused(args: dict[str, Any], why: str) -> None:
    """Callback data has 1–64 bytes, a button a text and an action, a keyboard a hundred buttons at most."""
    with pytest.raises(Refused, match=why):
        read_keyboard(args)


def test_keyboards_that_are_taken() -> None:
    """Sixty-four bytes of callback data and a hundred buttons are fine."""
    args = keyboard(*[{"text": "x", "callback_data": "é" * 32}] * 100)
    assert read_keyboard(args) == args["reply_markup"]


@pytest.mark.parametrize(
    "command",
    [
        {"command": "Start", "description": "x"},
        {"command": "a" * 33, "description": "x"},
        {"command": "a", "description": ""},
    ],
)
def test_commands_that_are_refused(command: dict[str, str]) -> None:
    """Command names are short and lower-case, descriptions are not empty."""
    with pytest.raises(Refused, match="BOT_COMMAND"):
        check_commands([command])


def refused_after(flood: Flood, chat: int, now: float) -> int:
    """The wait asked for, 0 if the message was taken."""
    try:
        flood.check(chat, now)
    except Refused as no:
        return no.parameters["retry_after"]
    return 0


def test_429_says_how_long() -> None:
    """A refusal names the seconds to wait in words and in its parameters."""
    flood = Flood(Limits(burst=1))
    flood.check(7, 0.0)
    with pytest.raises(Refused) as refused:
        flood.check(7, 0.0)
    assert (refused.value.code, refused.value.why) == (429, "Too Many Requests: retry after 1")
    assert refused.value.parameters == {"retry_after": 1}


def test_private_chats_take_one_a_second_and_short_bursts() -> None:
    """Three within a second pass, the fourth waits for the next; sixty a minute pass for ever, and no more."""
    flood = Flood()
    assert [refused_after(flood, 7, 0.0) for _ in range(4)] == [0, 0, 0, 1]
    steady = Flood()
    assert [refused_after(steady, 7, float(s)) for s in range(90)] == [0] * 90
    hasty = Flood()
    assert [refused_after(hasty, 7, s / 2) for s in range(61)] == [0] * 60 + [30]


def test_a_chat_told_to_wait_is_refused_until_then() -> None:
    """Trying again too early is refused again; after the wait it passes. Other chats are not held."""
    flood = Flood(held={7: 3.0})
    assert refused_after(flood, 7, 1.0) == 2
    assert refused_after(flood, 8, 1.0) == 0
    assert refused_after(flood, 7, 3.0) == 0


def test_a_flood_may_hold_everybody() -> None:
    """While all are held every chat is told to wait, and afterwards none."""
    flood = Flood(held_all=5.0)
    assert [refused_after(flood, chat, 1.0) for chat in (7, 8, -5)] == [4, 4, 4]
    assert [refused_after(flood, chat, 5.0) for chat in (7, 8, -5)] == [0, 0, 0]


def test_groups_take_twenty_a_minute() -> None:
    """The twenty-first message within a minute waits for the first to be a minute old."""
    flood = Flood()
    assert [refused_after(flood, -5, s / 10) for s in range(20)] == [0] * 20
    assert refused_after(flood, -5, 10.0) == 50
    assert refused_after(flood, -5, 60.0) == 0


def test_all_chats_together_take_thirty_a_second() -> None:
    """The thirty-first message within a second waits, whoever it is for."""
    flood = Flood()
    assert [refused_after(flood, chat, 0.0) for chat in range(1, 31)] == [0] * 30
    assert refused_after(flood, 31, 0.5) == 1
    assert refused_after(flood, 32, 1.0) == 0


def test_limits_can_be_shortened() -> None:
    """A test may make the minute of groups as short as it likes."""
    flood = Flood(Limits(group=2, group_window=0.5))
    assert [refused_after(flood, -5, t) for t in (0.0, 0.1, 0.2, 0.5)] == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ({"url": "http://example.org/hook"}, "An HTTPS URL must be provided"),
        ({"url": "https://example.org:8080/hook"}, "only on ports 80, 88, 443 or 8443"),
        ({"url": "https://example.org/hook", "secret_token": "a b"}, "unallowed characters"),
        ({"url": "https://example.org/hook", "secret_token": "a" * 257}, "too long"),
        ({"url": "https://example.org/hook", "max_connections": "101"}, "between 1 and 100"),
    ],
)
def test_webhooks_that_are_refused(args: dict[str, Any], why: str) -> None:
    """A webhook is an https address on one of four ports, with a secret of 256 letters, digits, `_` and `-` at the most."""
    with pytest.raises(Refused, match=why):
        check_webhook(args, local=False)


def test_webhooks_that_are_taken() -> None:
    """An https address with a long secret; any address where the server is one's own."""
    check_webhook({"url": "https://example.org:8443/hook", "secret_token": "a_-9" * 64}, local=False)
    check_webhook({"url": "http://127.0.0.1:9/hook"}, local=True)


def test_uploads() -> None:
    """A file has something in it and 50 MB at the most."""
    check_upload(b"a")
    with pytest.raises(Refused, match="non-empty"):
        check_upload(b"")
    with pytest.raises(Refused, match="Too Large"):
        check_upload(bytes((50 << 20) + 1))


def test_units() -> None:
    """A character beyond the first plane is two units."""
    assert units("aé日😀") == 5
