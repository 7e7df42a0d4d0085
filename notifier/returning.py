"""Where a mail provider posts what came back: the whole report as a mail, or its facts as JSON. A route for whoever serves HTTP.

The end of the address is a secret, as those of hubs are; whoever has it can end subscriptions, one Message-ID each.
"""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from notifier import bounced
from notifier.bounces import MOST_BYTES, Bounce, Returned, read_returned
from notifier.richtext import one_line
from watcher.errors import StoreError
from watcher.store import Store


def routes(store: Store, key: str) -> list[Route]:
    """`POST /bounces/{key}`; none while no key is set."""

    async def post(request: Request) -> Response:
        if not hmac.compare_digest(request.path_params["key"].encode(), key.encode()):
            return Response(status_code=404)
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                return Response(status_code=413)
        as_json = request.headers.get("content-type", "").startswith("application/json")
        returned = read_json(bytes(body)) if as_json else read_returned(bytes(body))
        try:
            if returned is not None:
                await store.write(bounced.take, returned, datetime.now(UTC))
        except StoreError:
            return Response(status_code=503, headers={"Retry-After": "60"})
        return Response(status_code=204 if returned is not None else 422)

    return [Route("/bounces/{key}", post, methods=["POST"])] if key else []


def read_json(body: bytes) -> Returned | None:
    """`{"message_id": "<…>", "status": "5.1.1", "reason": "…"}`; None where it is nothing of the kind."""
    try:
        given: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict) or not isinstance(given.get("message_id"), str) or not str(given.get("status", "")).startswith("5."):
        return None
    return Bounce(given["message_id"], str(given["status"]), one_line(str(given.get("reason", "")))[:200])
