"""Logs: no secret in any line, for people or as JSON, of ours or of a library, in a value or in a trace."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from typing import Literal

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watcher.log import STARS, Redact, configure_logging, secrets_of
from watcher.settings import SECRETS, Settings, load_settings

TOKEN = "123456789:AAF" + "k" * 32
PASSWORDS = ("hunter-two-of-mail", "p@ss/word-of-db", "word-of-redis", "word-of-console")
GIVEN = {
    "CONCORDAT_TELEGRAM_TOKEN": TOKEN,
    "CONCORDAT_SMTP_URL": f"smtp://me:{PASSWORDS[0]}@mail.example.org:587",
    "CONCORDAT_DATABASE_URL": "postgresql://concordat:p%40ss%2Fword-of-db@db.example.org/concordat",
    "CONCORDAT_REDIS_URL": f"redis://:{PASSWORDS[2]}@redis.example.org:6379/0",
    "CONCORDAT_CONSOLE_PASSWORD": PASSWORDS[3],
    "CONCORDAT_SAM_API_KEY": "SAM-9f8e7d6c5b4a39281706",
    "CONCORDAT_X_BEARER_TOKEN": "AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0",
    "CONCORDAT_BLUESKY_PASSWORD": "abcd-efgh-ijkl-mnop",
    "CONCORDAT_MASTODON_TOKEN": "ZA-Yj3aBD8U8Cm7lKUp-lm9O9BmDgdhHzDeqsY8tlL0",
    "CONCORDAT_DKIM_KEY": "MIIEvgIBADANBgkqhkiG9w0BAQEFAASC",
    "CONCORDAT_BOUNCE_KEY": "returned-mail-comes-here-4711",
}
Format = Literal["console", "json"]
FORMATS: tuple[Format, ...] = ("console", "json")
Lines = Callable[[], str]


def _settings(log_format: Format) -> Settings:
    return load_settings(Path("nowhere"), {**GIVEN, "CONCORDAT_LOG_FORMAT": log_format})


def _assert_clean(text: str) -> None:
    for secret in (*GIVEN.values(), *PASSWORDS):
        assert secret not in text
    assert "p%40ss" not in text


@pytest.fixture(params=FORMATS)
def lines(request: pytest.FixtureRequest) -> Lines:
    """Logging in each format, with every secret known; gives what was written."""
    return _logging_to(_settings(request.param))


def _logging_to(chosen: Settings) -> Lines:
    written = io.StringIO()
    with redirect_stderr(written):  # loggers keep the stream that they were set up with
        configure_logging(chosen)
    return written.getvalue


def test_every_secret_of_the_settings_is_known() -> None:
    """A setting that is a secret, and the password inside its address, is among what is starred."""
    known = secrets_of(_settings("json"))
    assert set(GIVEN.values()) <= set(known)
    assert set(PASSWORDS) <= set(known)
    assert {name.removeprefix("CONCORDAT_").lower() for name in GIVEN} == SECRETS


@pytest.mark.parametrize("secret", [*GIVEN.values(), *PASSWORDS])
def test_values_are_starred(lines: Lines, secret: str) -> None:
    """In the event, in a value, in a list, deep in a mapping, and in an object's own text."""
    log = structlog.get_logger("test")
    event = f"said {secret} aloud"
    log.warning(event, value=secret, many=[secret, {"deep": (secret,)}], thing=ValueError(f"refused {secret}"))
    written = lines()
    assert STARS in written
    assert "aloud" in written
    _assert_clean(written)


@pytest.mark.parametrize("secret", [*GIVEN.values(), *PASSWORDS])
def test_traces_are_starred(lines: Lines, secret: str) -> None:
    """The error, its cause, and everything else that a trace shows."""
    log = structlog.get_logger("test")
    try:
        try:
            raise OSError(f"cannot reach {secret}")
        except OSError as cause:
            raise RuntimeError(f"login with {secret} failed") from cause
    except RuntimeError:
        log.exception("it broke")
    written = lines()
    assert "Traceback" in written
    assert "cannot reach" in written
    _assert_clean(written)


@pytest.mark.parametrize("secret", [*GIVEN.values(), *PASSWORDS])
def test_libraries_are_starred(lines: Lines, secret: str) -> None:
    """What a library logs, its arguments and its traces, goes the same way."""
    library = logging.getLogger("some.library")
    library.warning("POST https://api.telegram.org/bot%s/getMe", secret)
    try:
        raise ConnectionError(f"no answer from {secret}")
    except ConnectionError:
        library.exception("gave up on %s", secret)
    written = lines()
    assert "gave up" in written
    assert "no answer" in written
    _assert_clean(written)


def test_libraries_are_heard_only_in_trouble(lines: Lines) -> None:
    """A request that went well is not logged: its address may hold the token."""
    logging.getLogger("httpx").info("HTTP Request: POST https://api.telegram.org/bot%s/getMe", TOKEN)
    assert lines() == ""


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("GET https://api.telegram.org/bot987654321:BBF" + "q" * 32 + "/getMe", "BBF"),
        ("GET https://someone:unheard-of@feeds.example.org/rss", "unheard-of"),
        ("GET https://concordat.example.org/websub/Zt3-unheard_of" + "x" * 30, "unheard_of"),
        ("GET https://api.example.org/v1?api_key=unheard-of&q=labs", "unheard-of"),
    ],
)
def test_what_looks_like_a_secret_is_starred(text: str, hidden: str) -> None:
    """A token or password that no setting holds, such as one in a source's address."""
    cleaned = Redact([]).text(text)
    assert hidden not in cleaned
    assert cleaned.startswith("GET https://")


def test_json_lines_stay_json() -> None:
    """Each line is one object, with level, time and the plain values that were given."""
    lines = _logging_to(_settings("json"))
    structlog.get_logger("test").warning("two\nlines", count=3, ok=True, ratio=0.5, nothing=None)
    (line,) = lines().splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["count"], entry["ok"], entry["ratio"], entry["nothing"]) == ("two\nlines", 3, True, 0.5, None)
    assert entry["level"] == "warning"
    assert entry["timestamp"].endswith("Z")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=st.text("abcdefghij0123456789+/=?&@:.*[]()\\", min_size=6, max_size=40), before=st.text("xyz ", max_size=8))
def test_any_secret_of_six_characters_goes(secret: str, before: str) -> None:
    """Whatever signs it is made of, and whatever stands around it."""
    assert secret not in Redact([secret]).text(f"{before}{secret}{before}")
