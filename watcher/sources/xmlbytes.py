"""A feed's bytes as UTF-8 XML, as feedparser would decode them, where that is beyond doubt. Pure.

feedparser tries encodings one after the other: what the Content-Type says, what the document says, and then guesses. This module
follows it as far as nothing is guessed.
"""

from __future__ import annotations

import re

DECLARATION = b"<?xml version='1.0' encoding='utf-8'?>"  # what feedparser puts in place of a document's own
_LONGEST = 500  # bytes of an XML declaration; what is longer is none that we would understand
_BOM = b"\xef\xbb\xbf"
# other byte-order marks, and "<?xm" in UTF-16, UTF-32 and EBCDIC
_OTHER_STARTS = (b"\xfe\xff", b"\xff\xfe", b"\x00\x00\xfe\xff", b"\x00\x3c\x00\x3f", b"\x3c\x00\x3f\x00", b"\x00\x00\x00\x3c",
                 b"\x3c\x00\x00\x00", b"\x4c\x6f\xa7\x94")  # fmt: skip
_DECLARED = re.compile(rb"^<\?.*encoding=['\"](.*?)['\"].*\?>")
_OPENING = re.compile(r"^<\?xml[^>]*?>")
_BELIEVED = re.compile(
    r"utf-?8|us-ascii|ascii|iso-?8859-\d+|latin-?1|(windows-|cp)125\d|koi8-[ru]|gb2312|gbk|gb18030|big5|euc-(jp|kr)|shift_jis"
)
_TYPES = ("application/xml", "application/xml-dtd", "application/xml-external-parsed-entity")
_UTF8 = ("utf-8", "utf8")


def as_utf8(body: bytes, content_type: str) -> bytes | None:
    """The document in UTF-8 under a declaration that says so, or None when it takes a guess to read it."""
    if body.startswith(_OTHER_STARTS):
        return None
    marked = body.startswith(_BOM)
    data = body[3:] if marked else body
    declared = _declared(data)
    if declared is None:
        return None
    for name in dict.fromkeys((_told(content_type, declared), declared, "utf-8" if marked else "")):
        if not name:
            continue
        if not _BELIEVED.fullmatch(name):
            return None
        try:
            return _opened(data, "gb18030" if name == "gb2312" else name)
        except UnicodeDecodeError:
            continue
        except LookupError:
            return None
    return None


def _declared(data: bytes) -> str | None:
    """The encoding that the XML declaration names, empty where it names none; None where feedparser might find another."""
    if not data.startswith(b"<?"):
        return ""
    end = data.find(b"?>", 0, _LONGEST)
    if end < 0:
        return None
    line = data.find(b"\n", end)
    if data.find(b"encoding=", end, line if line >= 0 else len(data)) >= 0:
        return None  # feedparser looks at the whole line
    found = _DECLARED.match(data[: end + 2])
    return found.group(1).decode("ascii", "replace").lower() if found else ""


def _told(content_type: str, declared: str) -> str:
    """The encoding that a document of this media type has in the first place (RFC 3023), in feedparser's reading of it."""
    kind, *parameters = content_type.split(";")
    kind, charset = kind.strip(), ""
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset":
            charset = value.strip().strip("\"'")
    if kind in _TYPES or (kind.startswith("application/") and kind.endswith("+xml")):
        return (charset or declared or "utf-8").lower()
    if kind.startswith("text/"):
        return (charset or "us-ascii").lower()
    return declared or "utf-8"


def _opened(data: bytes, encoding: str) -> bytes:
    """The document in UTF-8 with feedparser's declaration. Raises UnicodeDecodeError, LookupError."""
    text = data.decode(encoding)
    own = _OPENING.match(text[:_LONGEST])
    if own is None:
        return DECLARATION + b"\n" + (data if encoding in _UTF8 else text.encode())
    if encoding in _UTF8:  # the same bytes again, and what was matched is ASCII or the document is odd
        return DECLARATION + data[len(own.group().encode()) :]
    return DECLARATION + text[own.end() :].encode()
