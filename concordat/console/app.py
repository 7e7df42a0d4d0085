"""The HTTP application of one process, and the server that carries it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from concordat.health import Health
from notifier import feeds, preferences, returning
from notifier.hook import routes as hook_routes
from notifier.web import routes as notifier_routes
from watcher.bus import Bus
from watcher.errors import SettingsError
from watcher.settings import Settings
from watcher.store import Store
from watcher.websub.web import routes as websub_routes

log = structlog.get_logger("console")

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def build_app(settings: Settings, health: Health, store: Store, bus: Bus) -> Starlette:
    """Every route of the process."""

    async def healthz(_: Request) -> Response:
        return JSONResponse(health.as_dict(), status_code=200 if health.working else 503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    async def home(_: Request) -> Response:
        return PlainTextResponse("Concordat is running. See /healthz and /metrics.\n")

    own: list[BaseRoute] = [Route("/", home), Route("/healthz", healthz), Route("/metrics", metrics)]
    bounces = settings.bounce_key.get_secret_value() if settings.bounce_key else ""
    mail = [*notifier_routes(store), *preferences.routes(store), *returning.routes(store, bounces)]
    own += feeds.routes(store, settings.public_url)
    return Starlette(routes=[*own, *mail, *hook_routes(store), *websub_routes(store, bus)])


def listen(settings: Settings) -> socket.socket:
    """The listening socket; SettingsError says what to change when it cannot be had.

    Beyond loopback the console asks for a password to be set.
    """
    if settings.console_host not in LOOPBACK and settings.console_password is None:
        raise SettingsError(
            f"CONCORDAT_CONSOLE_HOST is {settings.console_host}, which others can reach: set CONCORDAT_CONSOLE_PASSWORD, or use 127.0.0.1"
        )
    family = socket.AF_INET6 if ":" in settings.console_host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((settings.console_host, settings.console_port))
    except OSError as e:
        sock.close()
        raise SettingsError(
            f"cannot listen on {settings.console_host}:{settings.console_port} ({e.strerror}); choose another CONCORDAT_CONSOLE_PORT"
        ) from None
    return sock


async def serve(app: Starlette, sock: socket.socket, stop: asyncio.Event) -> None:
    """Serve until `stop`."""
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=3, server_header=False)
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    await stop.wait()
    server.should_exit = True
    await serving


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: signals are the supervisor's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing."""
        yield
