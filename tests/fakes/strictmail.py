"""What a strict mail server finds wrong with a message, by RFC 5321, 5322 and 2045: read as bytes, with no parser of mail between.

`faults(content, eight_bit=…)` is empty for a message that every server on its way may pass on as it is.
"""

from __future__ import annotations

import re
from collections import Counter

LONGEST_LINE = 998  # RFC 5322, 2.1.1
ONCE = ("from", "to", "subject", "date", "message-id", "mime-version", "content-type")  # and each of them must be there
AT_MOST_ONCE = ("sender", "reply-to", "cc", "in-reply-to", "references", "list-id", "list-unsubscribe", "list-unsubscribe-post")
_FIELD = re.compile(rb"([!-9;-~]+):[ \t]")
_DATE = re.compile(rb"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")
_ID = re.compile(rb"<[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+>", re.ASCII)


def faults(content: bytes, *, eight_bit: bool = False) -> list[str]:
    """Everything that is wrong with it."""
    bare = re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    wrong = ["a line does not end in CRLF"] if bare else []
    wrong += ["a line is too long"] if any(len(line) > LONGEST_LINE for line in content.split(b"\r\n")) else []
    wrong += ["a NUL"] if b"\0" in content else []
    wrong += ["8-bit text that was not announced"] if not eight_bit and not content.isascii() else []
    head, _, body = content.partition(b"\r\n\r\n")
    return wrong + (_of_head(head) if body else ["no body"])


def _of_head(head: bytes) -> list[str]:
    fields = re.split(rb"\r\n(?![ \t])", head)
    named = [(found[1].decode().lower(), field[found.end() :]) for field in fields if (found := _FIELD.match(field))]
    wrong = ["a header line that is none"] if len(named) != len(fields) else []
    count = Counter(name for name, _ in named)
    wrong += [f"{name} stands {count[name]} times" for name in ONCE if count[name] != 1]
    wrong += [f"{name} stands {count[name]} times" for name in AT_MOST_ONCE if count[name] > 1]
    values = dict(named)
    wrong += ["an empty line within a header"] if any(not line.strip() for field in fields for line in field.split(b"\r\n")) else []
    wrong += ["a date that is none"] if not _DATE.fullmatch(values.get("date", b"").strip()) else []
    wrong += ["a Message-ID that is none"] if not _ID.fullmatch(values.get("message-id", b"").strip()) else []
    return wrong
