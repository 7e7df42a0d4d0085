"""What a Bluesky post says: its record's text with links in full, the posts it quotes, the page it shows. Pure.

Takes both forms that there are: views, as the AppView gives them, and bare records, as the firehose does.
"""

from __future__ import annotations

from datetime import datetime

from watcher.sources.jsondata import Data
from watcher.sources.post import Card, Post, Quote, link_in_full, named

WEB = "https://bsky.app"
FACETS_MOST = 200


def post_of(did: str, handle: str, name: str, rkey: str, record: Data, embed: Data, indexed: datetime | None) -> Post:
    """A post from its record and its embed; `embed` is the view of it where there is one, else the record's own.

    `createdAt` is the writer's claim and `indexed` when the network saw it: the earlier of the two counts, as it does for Bluesky.
    """
    who = handle if handle and handle != "handle.invalid" else did
    quotes, cards = _embedded(embed)
    return Post(
        id=f"at://{did}/app.bsky.feed.post/{rkey}",
        url=f"{WEB}/profile/{who}/post/{rkey}",
        text=record_text(record) or _descriptions(embed),
        author=named(name, who),
        published=min((m for m in (record.moment("createdAt"), indexed) if m is not None), default=None),
        lang=next(iter(record.words("langs")), ""),
        tags=tuple(dict.fromkeys((*_hashtags(record), *record.words("tags")))),
        quotes=quotes,
        cards=cards,
    )


def record_text(record: Data) -> str:
    """A record's text with the addresses of its links in full; facets count in bytes of UTF-8, and may be nonsense."""
    text = record.text("text")
    raw = text.encode()
    parts, at = [], 0
    for start, end, address in sorted(_links(record)):
        if at <= start < end <= len(raw):
            shown = raw[start:end].decode(errors="replace")
            parts += [raw[at:start].decode(errors="replace"), link_in_full(shown, address)]
            at = end
    return "".join((*parts, raw[at:].decode(errors="replace"))) if parts else text


def _links(record: Data) -> list[tuple[int, int, str]]:
    found = []
    for facet in record.each("facets")[:FACETS_MOST]:
        start, end = facet.number("index", "byteStart"), facet.number("index", "byteEnd")
        address = next((a for f in facet.each("features") if (a := f.text("uri"))), "")
        if start is not None and end is not None and address:
            found.append((int(start), int(end), address))
    return found


def _hashtags(record: Data) -> list[str]:
    return [tag for facet in record.each("facets")[:FACETS_MOST] for f in facet.each("features") if (tag := f.text("tag"))]


def _embedded(embed: Data) -> tuple[tuple[Quote, ...], tuple[Card, ...]]:
    external = embed.get("external") or embed.get("media", "external")
    cards = [Card(external.text("title"), external.text("uri"))] if external else []
    record = embed.get("record", "record") or embed.get("record")  # with media beside it, it stands one deeper
    value = record.get("value")
    quotes = []
    if value:
        quotes.append(Quote(named(record.text("author", "displayName"), record.text("author", "handle")), record_text(value)))
        inner = [e.get("external") or e.get("media", "external") for e in record.each("embeds")]
        cards += [Card(e.text("title"), e.text("uri")) for e in inner if e]
    return tuple(quotes), tuple(cards)


def _descriptions(embed: Data) -> str:
    """What the writer says the pictures show, for a post that has nothing else."""
    images = [*embed.each("images"), *embed.each("media", "images"), embed.get("media"), embed]
    return "\n".join(dict.fromkeys(alt for image in images if (alt := image.text("alt"))))
