"""Whether a delivery was signed with the secret that only its hub was given. Pure."""

from __future__ import annotations

import hmac

METHODS = frozenset({"sha1", "sha256", "sha384", "sha512"})


def signed(secret: str, header: str | None, body: bytes) -> bool:
    """Whether `header` (X-Hub-Signature: method=hex) is the HMAC of the raw body; compared in constant time. Never raises."""
    method, _, given = (header or "").strip().partition("=")
    if method.lower() not in METHODS:
        return False
    expected = hmac.new(secret.encode(), body, method.lower()).hexdigest()
    return hmac.compare_digest(expected.encode(), given.strip().lower().encode("utf-8", "replace"))
