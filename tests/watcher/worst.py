"""The worst feeds, each a function that makes one: a name, its bytes, and the media type it claims.

`OUTSIDE_FILE` and `OUTSIDE_HOST` stand in them for what must not be touched; `aimed` puts a real file and a real listener there.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass

RSS = "<rss version='2.0'><channel><title>T</title>{}</channel></rss>"
OUTSIDE_FILE, OUTSIDE_HOST = "/OUTSIDE-FILE", "OUTSIDE-HOST"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><entry><title>x</title>{}</entry></feed>"
ITEM = "<item><guid>{}</guid><title>{}</title><link>{}</link><description>{}</description></item>"


@dataclass(frozen=True, slots=True)
class Worst:
    """A feed nobody should send."""

    name: str
    make: Callable[[], bytes]
    media: str = "application/rss+xml"

    def aimed(self, file: str, host: str) -> bytes:
        """Its bytes, with a file's path and a host and port in the places where they name something outside."""
        return self.make().replace(OUTSIDE_FILE.encode(), file.encode()).replace(OUTSIDE_HOST.encode(), host.encode())


def rss(items: str, head: str = "") -> bytes:
    """An RSS document around `items`."""
    return (head + RSS.format(items)).encode()


def item(key: str = "1", title: str = "A title", link: str = "https://lab.example/1", text: str = "Words") -> str:
    """One item, nothing escaped."""
    return ITEM.format(key, title, link, text)


def laughs(levels: int = 12) -> bytes:
    """Entities that each name the one before ten times."""
    names = "".join(f"<!ENTITY l{i} '" + f"&l{i - 1};" * 10 + "'>" for i in range(1, levels))
    return rss(item(title=f"&l{levels - 1};"), f"<!DOCTYPE rss [<!ENTITY l0 'ha'>{names}]>")


def quadratic() -> bytes:
    """One long entity, named often."""
    return rss(item(text="&a;" * 20_000), f"<!DOCTYPE rss [<!ENTITY a '{'a' * 50_000}'>]>")


def external(target: str) -> bytes:
    """An entity that is another file."""
    return rss(item(title="&x;"), f"<!DOCTYPE rss [<!ENTITY x SYSTEM '{target}'>]>")


def nested(tag: str, depth: int) -> str:
    """Elements within elements."""
    return f"<{tag}>" * depth + "deep" + f"</{tag}>" * depth


def many(attribute: str, count: int) -> str:
    """An item with so many attributes."""
    return f"<item {' '.join(attribute.format(i) for i in range(count))}><title>x</title></item>"


def json_feed(**item_fields: object) -> bytes:
    """A JSON Feed with one item."""
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [item_fields]}).encode()


GOOD = rss(item())
BOLD = "&lt;b&gt;en\u202e&lt;/b&gt;"
SMALL = f"<guid>1</guid><title xml:lang='{BOLD}'>x</title><author>{BOLD}</author><category>{BOLD}</category>"
SMALL_JSON = {"id": "1", "language": "<b>\ud800\u202e", "tags": ["<b>x</b>", "\u202e"], "authors": [{"name": "<b>A</b>"}]}
JSON = "application/feed+json"

WORST = (
    Worst("empty", lambda: b""),
    Worst("whitespace", lambda: b" \r\n\t" * 1_000),
    Worst("byte order mark alone", lambda: b"\xef\xbb\xbf"),
    Worst("billion laughs", laughs),
    Worst("quadratic entities", quadratic),
    Worst("external file", lambda: external(f"file://{OUTSIDE_FILE}")),
    Worst("external address", lambda: external(f"http://{OUTSIDE_HOST}/x")),
    Worst("external document type", lambda: rss(item(), f"<!DOCTYPE rss SYSTEM 'http://{OUTSIDE_HOST}/x.dtd'>")),
    Worst("parameter entity", lambda: rss(item(), f"<!DOCTYPE rss [<!ENTITY % p SYSTEM 'file://{OUTSIDE_FILE}'> %p;]>")),
    Worst("entity of itself", lambda: rss(item(title="&a;"), "<!DOCTYPE rss [<!ENTITY a '&a;'>]>")),
    Worst("deep elements", lambda: rss(item(text=nested("b", 100_000)))),
    Worst("deep items", lambda: rss(nested("item", 20_000))),
    Worst("deep escaped markup", lambda: rss(item(text=nested("div", 100_000).replace("<", "&lt;")))),
    Worst("never closed", lambda: b"<rss><channel>" + b"<item><title>x" * 5_000),
    Worst("many entries", lambda: rss("<item><title>x</title></item>" * 15_000)),
    Worst("many attributes", lambda: rss(many("a{}='1'", 20_000))),
    Worst("many namespaces", lambda: rss(many("xmlns:n{0}='u{0}'", 5_000))),
    Worst("many open brackets", lambda: rss(item(text="&lt;" * 500_000))),
    Worst("many open comments", lambda: rss("<!--" * 100_000)),
    Worst("many ampersands", lambda: rss(item(text="&" * 500_000))),
    Worst("NUL bytes", lambda: GOOD.replace(b"title", b"ti\x00tle")),
    Worst("only NUL bytes", lambda: b"\x00" * 100_000),
    Worst("UTF-16 without a mark", lambda: GOOD.decode().encode("utf-16-le")),
    Worst("UTF-32 without a mark", lambda: GOOD.decode().encode("utf-32-be")),
    Worst("UTF-7", lambda: b"<?xml version='1.0' encoding='utf-7'?>" + rss(item(title="+ADw-script+AD4-x"))),
    Worst("charset that is none", lambda: b"<?xml version='1.0' encoding='klingon'?>" + GOOD),
    Worst("charset that is a codec", lambda: b"<?xml version='1.0' encoding='zlib_codec'?>" + GOOD),
    Worst("charset that lies", lambda: b"<?xml version='1.0' encoding='utf-16'?>" + GOOD),
    Worst("mixed encodings", lambda: rss(item(title="é")).replace("é".encode(), b"\xe9\xc3\xa9\xff\x80")),
    Worst("gzip inside", lambda: gzip.compress(gzip.compress(GOOD))),
    Worst("page that says it is a feed", lambda: b"<!doctype html><html><body><p>Hello</p></body></html>"),
    Worst("feed in a page", lambda: b"<html><body>" + GOOD + b"</body></html>", "text/html"),
    Worst("picture", lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "image/png"),
    Worst("deep JSON", lambda: b'{"version":"https://jsonfeed.org/version/1.1","items":' + b"[" * 100_000, JSON),
    Worst("huge number", lambda: b'{"version":"https://jsonfeed.org/version/1.1","items":[{"id":' + b"9" * 100_000 + b"}]}", JSON),
    Worst("infinite number", lambda: json_feed(id=float("inf"), title="x", date_published="99999-01-01"), JSON),
    Worst("lone surrogates", lambda: json_feed(id="\ud800", title="\udfff x", url="https://lab.example/\ud800"), JSON),
    Worst("wrong types", lambda: json_feed(id=["1"], title={"a": 1}, content_html=7, tags=5, authors=[3], url=[]), JSON),
    Worst("JSON list", lambda: b"[]", "application/json"),
    Worst("year 0", lambda: rss("<item><title>x</title><pubDate>0000-00-00T00:00:00Z</pubDate></item>")),
    Worst("year 99999", lambda: rss("<item><title>x</title><pubDate>Fri, 31 Dec 99999 23:59:60 +9999</pubDate></item>")),
    Worst("date of digits", lambda: rss(f"<item><title>x</title><pubDate>{'9' * 100_000}</pubDate></item>")),
    Worst("id of a megabyte", lambda: rss(item(key="k" * 1_000_000))),
    Worst("title of a megabyte", lambda: rss(item(title="t " * 500_000))),
    Worst("link of a megabyte", lambda: rss(item(link="https://lab.example/" + "a" * 1_000_000))),
    Worst("javascript link", lambda: rss(item(link="javascript:alert(1)"))),
    Worst("data link", lambda: rss(item(link="data:text/html,&lt;script&gt;alert(1)&lt;/script&gt;"))),
    Worst("link with a broken host", lambda: rss(item(link="http://[::1/"))),
    Worst("base that is a script", lambda: rss(item(link="y")).replace(b"<rss ", b"<rss xml:base='javascript:x' ")),
    Worst("bidirectional overrides", lambda: rss(item(title="safe \u202etxe.exe\u2066 \u200b\u200e"))),
    Worst("tags in a title", lambda: rss(item(title="&lt;script&gt;alert(1)&lt;/script&gt;&lt;b onclick=x&gt;bold&lt;/b&gt;"))),
    Worst("tags escaped twice", lambda: rss(item(title="&amp;lt;img src=x onerror=alert(1)&amp;gt;", text="&amp;lt;script&amp;gt;"))),
    Worst("tags in CDATA", lambda: rss(item(title="<![CDATA[<scr]]><![CDATA[ipt>alert(1)</script>]]>"))),
    Worst("CDATA never closed", lambda: rss(item(text="<![CDATA[" + "x" * 100_000))),
    Worst("tags in every small field", lambda: RSS.format(f"<language>{BOLD}</language><item>{SMALL}</item>").encode()),
    Worst("tags in every small field of JSON", lambda: json_feed(title="x", **SMALL_JSON), JSON),
    Worst("tags in an id", lambda: rss(item(key="&lt;script&gt;alert(1)&lt;/script&gt;"))),
    Worst("tags in an id of JSON", lambda: json_feed(id="<img src=x onerror=y>", title="x"), JSON),
    Worst("tags escaped five times", lambda: rss(item(title=f"&{'amp;' * 5}lt;script&{'amp;' * 5}gt;alert(1)"))),
    Worst("tags in a link", lambda: rss(item(link="https://lab.example/&lt;script&gt;&quot;'"))),
    Worst("tags that never end", lambda: rss(item(text="&lt;a " * 200_000))),
    Worst("lines before the document type", lambda: b"\n" * 150_000 + b"<!DOCTYPE rss []>" + GOOD),
    Worst("lines before the document type in UTF-16", lambda: ("\n" * 150_000 + "<!DOCTYPE rss []>" + GOOD.decode()).encode("utf-16")),
    Worst("many bases", lambda: rss("<item>" + "<a xml:base='x/'>" * 20_000)),
    Worst("many links", lambda: ATOM.format("<link href='http://a.example/'/>" * 40_000).encode()),
    Worst("many authors", lambda: ATOM.format("<author><name>a</name></author>" * 20_000).encode()),
    Worst("many enclosures", lambda: rss("<item><title>x</title>" + "<enclosure url='x'/>" * 30_000 + "</item>")),
    Worst("many steps up", lambda: json_feed(id="1", title="x", url="../" * 300_000), JSON),
    Worst("many numbers in a date", lambda: rss(f"<item><title>x</title><pubDate>{'1:' * 200_000}</pubDate></item>")),
    Worst("an author of addresses", lambda: rss(f"<item><title>x</title><author>{'a@' * 200_000}</author></item>")),
    Worst("instructions", lambda: rss("<?php system('id') ?>" * 1_000 + item(title="<?x y?>z"))),
    Worst("cut in the middle", lambda: rss(item() * 100)[:5_000]),
    Worst("cut in a character", lambda: rss(item(title="é"))[: rss(item(title="é")).index("é".encode()) + 1]),
    Worst("a path", lambda: OUTSIDE_FILE.encode()),
    Worst("an address", lambda: f"http://{OUTSIDE_HOST}/feed.xml".encode()),
)
