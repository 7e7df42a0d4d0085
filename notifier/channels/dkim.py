"""DKIM: the domain's signature on each mail, through dkimpy. The key appears in no error."""

from __future__ import annotations

from collections.abc import Callable

import dkim

from watcher.errors import SettingsError

# what readers see and act on; RFC 8058 asks that the two of one-click unsubscribing are among it
SIGNED = (
    b"From", b"To", b"Subject", b"Date", b"Message-ID", b"MIME-Version", b"Content-Type", b"List-Id", b"List-Unsubscribe",
    b"List-Unsubscribe-Post",
)  # fmt: skip
_PROBE = b"From: probe@localhost\r\n\r\nprobe\r\n"


def signer(key: str, selector: str, domain: str) -> Callable[[bytes], bytes]:
    """Signs whole messages with an RSA key in PEM for `selector._domainkey.domain`. Raises SettingsError for a key that is none."""

    def sign(message: bytes) -> bytes:
        headers = [h for h in SIGNED if b"\r\n" + h.lower() + b":" in b"\r\n" + message.split(b"\r\n\r\n", 1)[0].lower()]
        header: bytes = dkim.sign(
            message, selector.encode(), domain.encode(), key.encode(), canonicalize=(b"relaxed", b"relaxed"), include_headers=headers
        )
        return header + message

    try:
        sign(_PROBE)
    except (dkim.DKIMException, ValueError, LookupError, TypeError):
        raise SettingsError("CONCORDAT_DKIM_KEY: this is no RSA key in PEM; see the page on operations for how to make one") from None
    return sign
