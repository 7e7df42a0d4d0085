"""Web pages as trees: the right charset, no network, no depth or size that a page chooses. Pure.

libxml2 itself cuts what is nested deeper than 256 elements, so nothing that walks these trees can be led into deep recursion.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree
from lxml.html import HtmlElement, HTMLParser

from watcher.errors import FetchError, FetchReason
from watcher.text import clean, one_line
from watcher.urls import absolute

LARGEST = 4_000_000  # bytes of one page; its tree takes up to thirty times that
MOST_ELEMENTS = 60_000  # of one page; what walks a tree takes its time from this
ACCEPT = {"accept": "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"}
_JSON_MOST = 500_000  # characters of one block of JSON-LD
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
# what browsers read under a label (WHATWG Encoding), by Python's name of it; any other label is not believed
_READ_AS = {"ascii": "cp1252", "iso8859-1": "cp1252", "shift_jis": "cp932", "euc_kr": "cp949", "gb2312": "gb18030", "gbk": "gb18030",
            "iso8859-9": "cp1254", "tis-620": "cp874"}  # fmt: skip
_OTHER_NAMES = {"x-sjis": "cp932", "windows-31j": "cp932", "windows-874": "cp874", "x-gbk": "gb18030"}  # labels that Python does not know
_BELIEVED = re.compile(
    r"utf-8|ascii|iso8859-\d+|cp125\d|cp874|tis-620|koi8-[ru]|shift_jis|cp932|euc_jp|iso2022_jp|euc_kr|cp949|"
    r"gb2312|gbk|gb18030|big5|big5hkscs|mac-(roman|cyrillic)"
)
_NO_PAGE = (b"<?xml", b"<rss", b"<feed", b"<rdf", b"{", b"[", b"%pdf", b"\x1f\x8b", b"pk\x03\x04")  # whatever the header says of it
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def tree_of(body: bytes, headers: Mapping[str, str]) -> HtmlElement:
    """The page as a tree. Raises FetchError: TOO_LARGE, or UNREADABLE where there is nothing in it."""
    if len(body) > LARGEST:
        raise FetchError(FetchReason.TOO_LARGE, f"the page is larger than {LARGEST / 1_000_000:g} MB")
    parser = HTMLParser(encoding="utf-8", huge_tree=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        parser.feed(_text(body, headers.get("content-type", "")).encode("utf-8", "replace"))
        root = parser.close()
    except (etree.LxmlError, ValueError, AssertionError):
        root = None
    if root is None:
        raise FetchError(FetchReason.UNREADABLE, "the page is empty")
    if sum(1 for _ in root.iter()) > MOST_ELEMENTS:
        raise FetchError(FetchReason.TOO_LARGE, f"the page has more than {MOST_ELEMENTS} elements, which no list of news needs")
    return root


def looks_like_html(body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether a browser would show this as a page."""
    start = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<!doctype html" in start or b"<html" in start:
        return True
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    return kind in {"text/html", "application/xhtml+xml"} and bool(start) and not start.startswith(_NO_PAGE)


def base_of(tree: HtmlElement, url: str) -> str:
    """What the page's links are relative to."""
    base = tree.find(".//base[@href]")
    return (absolute(str(base.get("href")), url) if base is not None else "") or url


def language_of(tree: HtmlElement) -> str:
    """What `<html lang>` says, as `fr` or `pt-BR`; an empty string where it says nothing that is a language."""
    said = str(tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or "").strip().replace("_", "-")
    return said if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,2}", said) else ""


def title_of(tree: HtmlElement) -> str:
    """The text of `<title>`."""
    return one_line(str(tree.findtext(".//title") or ""), 300)


def metas(tree: HtmlElement) -> dict[str, str]:
    """The page's `<meta>` values by lower-case name or property, the first of each."""
    found: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = str(meta.get("property") or meta.get("name") or meta.get("itemprop") or "").strip().lower()
        if name and meta.get("content"):
            found.setdefault(name, clean(str(meta.get("content")), 2_000))
    return found


def linked_data(tree: HtmlElement) -> Iterator[Mapping[str, Any]]:
    """The objects of the page's JSON-LD, those of its `@graph` and lists one by one; what is no JSON is passed over."""
    for script in tree.iter("script"):
        if "ld+json" not in str(script.get("type", "")).lower() or not script.text or len(script.text) > _JSON_MOST:
            continue
        try:
            data = json.loads(script.text)
        except (ValueError, RecursionError):
            continue
        for thing in data if isinstance(data, list) else [data]:
            if isinstance(thing, dict):
                graph = thing.get("@graph")
                yield from (t for t in graph if isinstance(t, dict)) if isinstance(graph, list) else (thing,)


def is_a(thing: Mapping[str, Any], *types: str) -> bool:
    """Whether a JSON-LD object is of one of these types."""
    said = thing.get("@type")
    return any(t in types for t in (said if isinstance(said, list) else [said]))


def _text(body: bytes, content_type: str) -> str:
    for bom, codec in _BOMS:
        if body.startswith(bom):
            return body.decode(codec, "replace")
    header = re.search(r"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", content_type, re.IGNORECASE)
    meta = _META.search(body[:4096])
    for label in (header[1] if header else "", meta[1].decode("ascii", "replace") if meta else ""):
        codec = _codec(label)
        if codec:
            return body.decode(codec, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _codec(label: str) -> str:
    try:
        name = codecs.lookup(_OTHER_NAMES.get(label.lower(), label)).name
    except (LookupError, ValueError):
        return ""
    return _READ_AS.get(name, name) if _BELIEVED.fullmatch(name) else ""
