"""Logs: structured, for a person or as JSON, on standard error, and never with a secret in them.

Whatever stands in a settings' secret, and whatever looks like a bot token or a password in an address, is starred out of every value
and every trace before it is written.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog

from watcher.settings import SECRETS, Settings

STARS = "***"
_SHAPES = (
    (re.compile(r"(?<!\d)\d{3,12}:[A-Za-z0-9_-]{30,}"), STARS),  # a Telegram bot token, after "bot" in an address too
    (re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"), STARS),  # user:password@
    (re.compile(r"(?<=/websub/)[\w-]{20,}"), STARS),  # the callback that only its hub knows
    (re.compile(r"(?i)(api_?key|token|password|secret)=[^&\s]+"), rf"\1={STARS}"),
)
_SHORTEST = 6  # a shorter secret cannot be told from ordinary words


class Redact:
    """A structlog processor that stars out secrets, however deep they stand in an event."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """The event, starred."""
        for key, value in event.items():
            event[key] = self._clean(value)
        return event

    def text(self, text: str) -> str:
        """A text, starred."""
        if self._known is not None:
            text = self._known.sub(STARS, text)
        for shape, stars in _SHAPES:
            text = shape.sub(stars, text)
        return text

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self._clean(v) for v in value]
        if isinstance(value, dict):
            return {k: self._clean(v) for k, v in value.items()}
        return value if isinstance(value, bool | int | float | None) else self.text(str(value))


def secrets_of(settings: Settings) -> list[str]:
    """Every secret that the settings hold, and of an address its password too, as written and as it is sent."""
    whole = [v.get_secret_value() for name in SECRETS if (v := getattr(settings, name)) is not None]
    passwords = [p for secret in whole if "://" in secret and (p := _password(secret))]
    return [*whole, *passwords, *map(unquote, passwords)]


def _password(address: str) -> str | None:
    try:
        return urlsplit(address).password
    except ValueError:  # not an address after all; then nothing can use a part of it
        return None


def configure_logging(settings: Settings, *, quiet: bool = False) -> None:
    """Set logging up for the process; `quiet` shows warnings and worse only."""
    level = logging.WARNING if quiet else logging.INFO
    as_json = settings.log_format == "json"
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,  # plain traces: values of variables are foreign text, or secrets
        Redact(secrets_of(settings)),
    ]
    last: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_drop_meta, last]))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)  # libraries speak only of trouble; httpx would log every address, token included


def _logger_name(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Loggers of libraries bring their name; ours are given theirs where they are made."""
    record = event.get("_record")
    if record is not None:
        event["logger"] = record.name
    return event


def _drop_meta(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return structlog.stdlib.ProcessorFormatter.remove_processors_meta(_logger, _name, event)
